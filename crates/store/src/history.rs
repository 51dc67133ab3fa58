//! What was said of subjects, beside what became of it.

use async_trait::async_trait;
use onefold_fold::FactState;

use crate::StoreError;

/// Which facts: all of a subject, or the versions and copies of one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FactsOf {
    /// Key of the subject.
    pub subject: String,
    /// Id of the one fact.
    pub fact: Option<[u8; 16]>,
}

impl FactsOf {
    /// All facts of a subject.
    pub fn all(subject: &str) -> Self {
        Self { subject: subject.to_owned(), fact: None }
    }

    /// One fact of a subject.
    pub fn one(subject: &str, fact: [u8; 16]) -> Self {
        Self { subject: subject.to_owned(), fact: Some(fact) }
    }

    /// The first and the last place among the subject's further rows where one could stand; see [`FactState::row_id`].
    pub fn range(&self) -> ([u8; 48], [u8; 48]) {
        let (mut first, mut last) = ([0; 48], [0xFF; 48]);
        if let Some(fact) = &self.fact {
            first[..16].copy_from_slice(fact);
            last[..16].copy_from_slice(fact);
        }
        (first, last)
    }

    /// Whether a fact is one of these.
    pub fn names(&self, fact: &FactState) -> bool {
        self.fact.is_none_or(|one| one == fact.fact)
    }
}

/// Contract: as for [`ReadStore`](crate::ReadStore), whose part it is.
#[async_trait]
pub trait HistoryStore: Send + Sync {
    /// Copies of facts, in the order asked, each list ordered as in a subject's row; wherever they stand.
    async fn facts(&self, asked: &[FactsOf]) -> Result<Vec<Vec<FactState>>, StoreError>;

    /// Subjects about which a decision of a person stands (decisions, documents, parties), in an order of the store's own,
    /// from after the last one seen.
    async fn decided(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, StoreError>;

    /// Decisions that ever named a party, taken back or not, each once, in an order of the store's own, from after the last one seen.
    async fn party_decisions(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, StoreError>;
}
