//! Which partitions are mine.

use std::time::Duration;

use async_trait::async_trait;

use crate::LogError;

/// A place in a group of processes that share the partitions of a topic out among them. Dropping it leaves the group.
///
/// Whose a partition is says who should work on it now, so that two do not do the same twice; it is speed, never correctness. A
/// process that was frozen, or cut off, MAY believe for a while that a partition is its own when it is another's already, and a
/// caller SHALL NOT rely on being alone: what it writes is fenced by the position that it moves.
///
/// Where partitions move between members that live and answer, an implementer SHOULD give one to the next member only when its
/// holder has been told by [`mine`](GroupMembership::mine) that it is no longer its own: a caller asks between two steps, so what it
/// had begun has ended by then, and two do not do the same.
///
/// While a group has a member that lives, an implementer MUST see to it that every partition is soon some member's, also when
/// others die without a word.
#[async_trait]
pub trait GroupMembership: Send + Sync + 'static {
    /// The partitions that are this member's now, ascending. None, until the group has agreed.
    fn mine(&self) -> Vec<u32>;

    /// Waits until [`mine`](Self::mine) is not `known`, and answers true; or until the time is up, and answers false. It MUST
    /// look before it sleeps.
    async fn changed(&self, known: &[u32], timeout: Duration) -> Result<bool, LogError>;
}
