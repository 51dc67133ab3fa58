//! How far the read model is, at the price of a few rows: for whoever waits for what it wrote to be seen.

use async_trait::async_trait;
use onefold_log::Fingerprint;

use crate::StoreError;

/// How far the read model is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Followed {
    /// Next offset to project, per partition.
    pub positions: Vec<u64>,
    /// Something waits in the inbox or is marked.
    pub waiting: bool,
}

/// What waits to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backlog {
    /// Parties that the resolver must look at.
    pub inbox: u64,
    /// Parties whose customers must be materialised again.
    pub marks: u64,
}

/// Where something waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    /// The resolver's inbox.
    Inbox,
    /// What is marked for the assembler.
    Marks,
}

/// Contract: answers from one committed state; `followed` without reading more than positions and whether anything waits.
#[async_trait]
pub trait FollowStore: Send + Sync {
    /// How far it is.
    async fn followed(&self) -> Result<Followed, StoreError>;

    /// How much waits, counted.
    async fn backlog(&self) -> Result<Backlog, StoreError>;

    /// By which records the log is known that the rows were made of: the last one that was kept of each partition, by partition.
    /// None of rows that were just made again.
    async fn fingerprints(&self) -> Result<Vec<Fingerprint>, StoreError>;

    /// Keeps these, each in the place of an earlier one of its partition; one that is not later than what is kept SHALL change
    /// nothing.
    async fn keep_fingerprints(&self, fingerprints: &[Fingerprint]) -> Result<(), StoreError>;

    /// Calls `put` whenever another process may have put something into a queue, soon after its commit, until it fails. A
    /// call too many does no harm; nor does one too few while the store does not answer, since stages look themselves from
    /// time to time. A store of one process has nothing to tell and never returns.
    async fn hear(&self, put: &(dyn Fn(Queue) + Send + Sync)) -> Result<(), StoreError>;
}
