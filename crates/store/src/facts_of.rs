//! Which facts are asked for.

use onefold_fold::FactState;

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
