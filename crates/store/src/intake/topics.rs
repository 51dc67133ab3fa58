//! How far the topics of intake were read: positions of readers, beside the views.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::StoreError;

/// Contract: a position moves only from where it stands; where another has moved it, `move_intake` MUST fail with
/// [`StoreError::Fenced`] and move none. A position MAY go back in a crash, never on: what was read is read again then.
#[async_trait]
pub trait IntakeStore: Send + Sync {
    /// Next offset to read of a topic, per partition that this reader has begun.
    async fn intake(&self, reader: &str, topic: &str) -> Result<BTreeMap<u32, u64>, StoreError>;

    /// Moves positions of a reader in a topic, all or none: (partition, from, to). One that was never moved stands at 0.
    async fn move_intake(&self, reader: &str, topic: &str, moves: &[(u32, u64, u64)]) -> Result<(), StoreError>;
}
