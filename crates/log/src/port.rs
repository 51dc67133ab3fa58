//! The port.

use std::time::Duration;

use async_trait::async_trait;

use crate::{GroupMembership, LogError, LogRecord, StoredRecord};

/// Named topics of records, each split into partitions that are only ever appended to.
///
/// A position is (partition, offset). An implementer MUST number the records of a partition
/// 0, 1, 2 and so on, without a gap, in the order in which they were appended. It MUST keep key,
/// headers (their order, and names that occur twice), value and time of a record byte for byte,
/// for as long as the topic lives. It SHALL NOT promise any order between partitions, and a
/// caller SHALL NOT assume one: Kafka has none. Topics whose records are not kept for ever (the
/// intake, the last view of each customer) are made elsewhere; from these records go, and what
/// follows one of them is at a higher offset, not always the next.
///
/// What a read has returned stays: a record SHALL NOT be readable before it is durable.
///
/// Every method MAY be called from any number of tasks at once. A future that is dropped leaves
/// the log sound; an append whose future is dropped may or may not take effect.
#[async_trait]
pub trait Log: Send + Sync + 'static {
    /// Makes the topic with that many partitions if it is absent, durably, and answers with the
    /// number of partitions it was made with. An existing topic MUST keep its number, whatever
    /// is asked. A topic has at least one partition: asked to make one of none, the
    /// implementer MUST answer [`LogError::Refused`].
    async fn topic(&self, name: &str, partitions: u32) -> Result<u32, LogError>;

    /// Appends the records, each to its partition, in the order given, and answers with their
    /// offsets in the same order. When it returns, they MUST be durable: no crash of the process
    /// or of the machine loses them. The caller computes the partition, with
    /// [`partition_of`](crate::partition_of).
    ///
    /// A wrong request (unknown topic, no such partition, a record too large) MUST append
    /// nothing. After any other error the caller SHALL assume that some of the records may be
    /// there: an implementer MAY have stored a prefix per partition. An empty batch succeeds.
    async fn append(&self, topic: &str, batch: Vec<(u32, LogRecord)>) -> Result<Vec<u64>, LogError>;

    /// Records of one partition in order, beginning with the one at `from` (where records go: with
    /// the first that is left), at most `max` of them. At or beyond the head, and for a `max` of 0, the answer is empty. An implementer
    /// MAY answer with fewer than there are, to bound memory, but MUST answer with at least one
    /// when there is one and `max` is not 0.
    async fn read(&self, topic: &str, partition: u32, from: u64, max: usize) -> Result<Vec<StoredRecord>, LogError>;

    /// The records at exactly these positions, in the order asked; the same position asked twice
    /// is answered twice. A position that holds nothing makes the whole call fail with
    /// [`LogError::UnknownPosition`].
    async fn fetch(&self, topic: &str, positions: &[(u32, u64)]) -> Result<Vec<StoredRecord>, LogError>;

    /// The next offset to be written, per partition. What an append has acknowledged MUST be
    /// counted, and heads SHALL NOT go back: an implementer whose topic has less than before, or gives an append offsets that
    /// were given before, MUST answer [`LogError::Replaced`], and then what the topic holds now.
    async fn heads(&self, topic: &str) -> Result<Vec<u64>, LogError>;

    /// Waits until the head of any partition is beyond `seen` (a partition that `seen` does not
    /// reach counts as seen up to 0; one that the caller does not follow is said to be seen up to
    /// `u64::MAX`), and answers true; or until the time is up, and answers
    /// false. It MUST look before it sleeps, so that no append between the caller's read and
    /// this call is missed.
    async fn wait(&self, topic: &str, seen: &[u64], timeout: Duration) -> Result<bool, LogError>;

    /// Joins the group of that name in sharing out the partitions of the topic.
    async fn join(&self, topic: &str, group: &str) -> Result<Box<dyn GroupMembership>, LogError>;
}
