//! How far behind the hub is, for whoever watches it.

use onefold_log::EVENTS_TOPIC;
use onefold_store::Unpublished;

use crate::{Service, ServiceError};

/// What is measured by asking, and not as it happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubGauges {
    /// Events in the log, per partition: the log's own heads.
    pub heads: Vec<u64>,
    /// Events that the views do not show yet, per partition.
    pub lag: Vec<u64>,
    /// Parties that the resolver must look at.
    pub inbox: u64,
    /// Parties whose customers must be materialised again.
    pub marks: u64,
    /// What waits to be published; nothing where publishing is off.
    pub unpublished: Unpublished,
    /// Open entries in quarantine.
    pub quarantined: u64,
}

impl Service {
    /// How far behind the hub is.
    ///
    /// # Errors
    /// The read model or the log cannot be read.
    pub async fn gauges(&self) -> Result<HubGauges, ServiceError> {
        // Positions first: a head that moves meanwhile makes the lag too large by that, never too small.
        let positions = self.store.followed().await?.positions;
        let heads = self.log.heads(EVENTS_TOPIC).await?;
        let lag = heads.iter().enumerate().map(|(n, head)| head.saturating_sub(positions.get(n).copied().unwrap_or(0)));
        let (lag, backlog) = (lag.collect(), self.store.backlog().await?);
        let unpublished = self.store.unpublished().await?;
        let quarantined = self.store.open().await?;
        Ok(HubGauges { heads, lag, inbox: backlog.inbox, marks: backlog.marks, unpublished, quarantined })
    }
}
