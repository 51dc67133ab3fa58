//! What the resolver needs: its inbox, parties with what they assert, who holds what, and the present clusters.

use std::collections::BTreeSet;

use async_trait::async_trait;
use onefold_fold::SubjectState;
use onefold_identity::IdentifierKey;
use onefold_view::DigestSum;

use crate::{Note, StoreError};

/// A party as the resolver sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct PartyRow {
    /// Its subject.
    pub key: String,
    /// Least effective `recorded_at` of any event about or naming it.
    pub first_seen: i64,
    /// Its row, if any event was about it.
    pub state: Option<SubjectState>,
    /// Decisions that ever named it.
    pub decisions: Vec<String>,
    /// It waited in the inbox, and was claimed when it was read.
    pub waited: bool,
}

/// Who holds an identifier value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IdentifierHolders {
    /// Parties that ever asserted it.
    pub ever: u64,
    /// Those of them that wait in the inbox, so that no cluster has been made with them yet.
    pub waiting: u64,
    /// Those who hold it now; cut off where there are more of them than the limit that was asked for and those that wait.
    pub present: Vec<String>,
}

/// A customer of two or more parties.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClusterRow {
    /// Its earliest party, whose id it bears.
    pub head: String,
    /// Its parties, sorted.
    pub parties: BTreeSet<String>,
}

/// What the resolver writes.
#[derive(Debug, Default)]
pub struct ClusterChange {
    /// Parties that shared a customer and are alone now.
    pub dissolved: BTreeSet<String>,
    /// Clusters of several parties that are new or have others, each with those of its parties that are new in it or have another
    /// head.
    pub formed: Vec<ClusterRow>,
    /// Parties whose customer must be materialised again: one of a customer is enough, but for those that came to it or left it.
    pub marks: BTreeSet<String>,
    /// What it means for the publisher, in order.
    pub notes: Vec<Note>,
    /// New clusters less the old ones.
    pub clusters_digest: DigestSum,
    /// Ids of the same.
    pub ids_digest: DigestSum,
}

/// Contract: one resolver is active at a time; `begin` claims inbox rows by deleting them within the transaction.
#[async_trait]
pub trait ResolveStore: Send + Sync {
    /// Begins a transaction over at most `max` inbox rows; none where the inbox is empty.
    async fn begin(&self, max: usize) -> Result<Option<Box<dyn ResolveTx>>, StoreError>;
}

/// One transaction of the resolver.
#[async_trait]
pub trait ResolveTx: Send {
    /// Parties claimed from the inbox.
    fn claimed(&self) -> &[String];

    /// Rows of parties, in the order asked. Those of them that wait in the inbox are claimed too: whoever looks at a whole
    /// component looks at all that waits in it, once.
    async fn parties(&mut self, keys: &[String]) -> Result<Vec<PartyRow>, StoreError>;

    /// Holders of values, in the order asked, each list cut off at `limit`.
    async fn holders(&mut self, values: &[IdentifierKey], limit: usize) -> Result<Vec<IdentifierHolders>, StoreError>;

    /// The present clusters of these parties; a party alone has none.
    async fn clusters(&mut self, parties: &[String]) -> Result<Vec<ClusterRow>, StoreError>;

    /// Rows of decisions, in the order asked.
    async fn decisions(&mut self, keys: &[String]) -> Result<Vec<Option<SubjectState>>, StoreError>;

    /// Writes what changed.
    async fn save(&mut self, change: ClusterChange) -> Result<(), StoreError>;

    /// Commits; the claimed rows are gone.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}
