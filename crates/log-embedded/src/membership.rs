//! One process has every partition.

use std::time::Duration;

use async_trait::async_trait;
use onefold_log::{GroupMembership, LogError};

/// The place of the one process that there is: all partitions, always.
#[derive(Debug)]
pub(crate) struct SoleMember(pub(crate) u32);

#[async_trait]
impl GroupMembership for SoleMember {
    fn mine(&self) -> Vec<u32> {
        (0..self.0).collect()
    }

    async fn changed(&self, known: &[u32], timeout: Duration) -> Result<bool, LogError> {
        if !known.iter().copied().eq(0..self.0) {
            return Ok(true);
        }
        tokio::time::sleep(timeout).await;
        Ok(false)
    }
}
