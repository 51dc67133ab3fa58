//! Where documents stand: under which owner keys, in the order of time.

use std::cmp::Ordering;

use onefold_event::{Micros, Subject};
use onefold_fold::SubjectState;

/// A document under one of its owner keys. The order is that of time; of documents of one time, that of their subjects.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DocumentRow {
    /// Where it stands.
    pub place: DocumentPlace,
    /// Under whom.
    pub owner: String,
}

/// The place of a document among others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DocumentPlace {
    /// When its first fact happened; 0 where none could be folded.
    pub at: Micros,
    /// The document.
    pub subject: String,
}

/// A document under the number that stands on it, where its subject's number does not lead to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NumberRow {
    /// Where the number stands among numbers: [`place`](onefold_view::DocumentNumber::place).
    pub place: i64,
    /// What stands before its last digits: [`prefix`](onefold_view::DocumentNumber::prefix).
    pub prefix: String,
    /// The document.
    pub subject: String,
}

impl NumberRow {
    /// The row of a subject in this state; nearly always none.
    pub fn of(subject: &Subject, state: &SubjectState) -> Option<Self> {
        let number = state.written_number(subject)?;
        Some(Self { place: number.place(), prefix: number.prefix().to_owned(), subject: subject.to_string() })
    }
}

/// From which end documents are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ListingOrder {
    OldestFirst,
    NewestFirst,
}

impl ListingOrder {
    /// Which of two documents is listed first.
    pub fn compare(self, one: &DocumentPlace, other: &DocumentPlace) -> Ordering {
        match self {
            Self::OldestFirst => one.cmp(other),
            Self::NewestFirst => other.cmp(one),
        }
    }
}

impl DocumentRow {
    /// Rows of a subject that end, and those that begin, where its state becomes another.
    pub fn changes(subject: &Subject, old: Option<&SubjectState>, new: &SubjectState) -> (Vec<Self>, Vec<Self>) {
        let before = old.map(|old| old.index_keys(subject)).unwrap_or_default();
        let after = new.index_keys(subject);
        let stays = old.is_some_and(|old| old.at() == new.at());
        let row = |owner: &String, state: &SubjectState| {
            let place = DocumentPlace { at: state.at(), subject: subject.to_string() };
            Self { place, owner: owner.clone() }
        };
        let end = before.iter().filter(|owner| !stays || !after.contains(*owner));
        let begin = after.iter().filter(|owner| !stays || !before.contains(*owner));
        (end.filter_map(|owner| Some(row(owner, old?))).collect(), begin.map(|owner| row(owner, new)).collect())
    }
}
