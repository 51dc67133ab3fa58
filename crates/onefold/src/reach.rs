//! Whether the servers answer, for a process that serves and works at nothing: `/health` names the one that does not.

use std::sync::Arc;

use async_trait::async_trait;
use onefold_log::Log;
use onefold_stage::{Progress, Stage, StageError};
use onefold_store::FollowStore;

use crate::engine::EVENTS;

/// Looks at both as often as an idle stage looks for work.
pub(crate) struct Reach {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) store: Arc<dyn FollowStore>,
}

#[async_trait]
impl Stage for Reach {
    fn name(&self) -> &'static str {
        "door"
    }

    async fn step(&mut self) -> Result<Progress, StageError> {
        self.store.followed().await?;
        self.log.heads(EVENTS).await?;
        Ok(Progress::Idle)
    }
}
