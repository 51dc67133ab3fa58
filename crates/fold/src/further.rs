//! A long history: its facts stand in rows of their own, and the subject's row keeps what folding in order needs (rule I2).
//!
//! Which form a history has is a function of the facts alone: their number only grows.

use std::collections::BTreeSet;

use onefold_event::Micros;
use onefold_view::Fragment;
use prost::Message;

use crate::{FactState, SubjectState};

/// Facts that a subject's row holds at most. Nearly every order, invoice, parcel and party has fewer, and is one row of at most
/// some 3 KB, read and written at once. What has more (the stock of a product) would be read and written whole at each event.
pub const MOST_FACTS: usize = 32;
/// Bytes that a row with so many facts has at least: each has three ids and two times. Rows from before histories were parted
/// are looked for by it.
pub const LONG_ROW: usize = MOST_FACTS * (3 * 18 + 2 * 9);

/// What the row of a subject keeps of facts that stand in further rows.
#[derive(Clone, PartialEq, prost::Message)]
pub struct FurtherFacts {
    /// Distinct copies, one further row each.
    #[prost(uint64, tag = "1")]
    pub copies: u64,
    /// Those that contradict another one of the same id.
    #[prost(uint64, tag = "2")]
    pub conflicts: u64,
    /// The greatest place in the order of folding: when it happened,
    #[prost(sfixed64, tag = "3")]
    pub occurred_at: Micros,
    /// when the hub took it in,
    #[prost(sfixed64, tag = "4")]
    pub recorded_at: Micros,
    /// and its id.
    #[prost(bytes = "vec", tag = "5")]
    pub id: Vec<u8>,
}

impl FurtherFacts {
    fn from_facts(facts: &[FactState]) -> Self {
        let ids: BTreeSet<&[u8; 16]> = facts.iter().map(|fact| &fact.id).collect();
        let mut further =
            Self { copies: facts.len() as u64, conflicts: (facts.len() - ids.len()) as u64, ..Self::default() };
        facts
            .iter()
            .max_by(|a, b| a.fold_key().cmp(&b.fold_key()))
            .into_iter()
            .for_each(|last| further.extend_to(last));
        further
    }

    fn extend_to(&mut self, fact: &FactState) {
        if self.fold_key() <= fact.fold_key() {
            (self.occurred_at, self.recorded_at, self.id) = (fact.occurred_at, fact.recorded_at, fact.id.to_vec());
        }
    }

    fn fold_key(&self) -> (i64, i64, &[u8]) {
        (self.occurred_at, self.recorded_at, &self.id)
    }
}

/// The fields of a [`SubjectState`] that are counted.
#[derive(Clone, PartialEq, prost::Message)]
struct FactCounts {
    #[prost(message, repeated, tag = "1")]
    facts: Vec<CountedFact>,
    #[prost(message, optional, tag = "6")]
    further: Option<FurtherFacts>,
}

/// The id of a [`FactState`].
#[derive(Clone, PartialEq, prost::Message)]
struct CountedFact {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
}

impl SubjectState {
    /// A state that knows these copies of events and has folded none: of copies of one content the earliest counts.
    pub fn from_copies(mut copies: Vec<FactState>) -> Self {
        copies.sort_by_key(|fact| (fact.row_id(), fact.log_place()));
        copies.dedup_by_key(|fact| fact.row_id());
        let mut state = Self { facts: copies, ..Self::default() };
        FactState::sort_facts(&mut state.facts);
        state.recount();
        state
    }

    /// Whether its facts stand in further rows, so that `facts` holds only those that were read.
    pub fn is_long(&self) -> bool {
        self.further.is_some()
    }

    /// Number of distinct copies of events about it.
    pub fn copy_count(&self) -> u64 {
        self.further.as_ref().map_or(self.facts.len() as u64, |further| further.copies)
    }

    /// Copies of events, and those that contradict one of the same id, of a row's bytes, read without the rest.
    ///
    /// # Errors
    /// They are no row's.
    pub fn decode_counts(bytes: &[u8]) -> Result<(u64, u64), prost::DecodeError> {
        let FactCounts { facts, further } = FactCounts::decode(bytes)?;
        if let Some(further) = further {
            return Ok((further.copies, further.conflicts));
        }
        // Copies of one id stand side by side.
        let conflicts = facts.windows(2).filter(|two| two[0] == two[1]).count();
        Ok((facts.len() as u64, conflicts as u64))
    }

    /// Takes in facts that were read from further rows. Those that it holds already are newer.
    pub fn add_rows(&mut self, rows: Vec<FactState>) {
        let held: BTreeSet<[u8; 48]> = self.facts.iter().map(FactState::row_id).collect();
        self.facts.extend(rows.into_iter().filter(|fact| !held.contains(&fact.row_id())));
        FactState::sort_facts(&mut self.facts);
    }

    /// The row as it is stored, and the facts that it held and that belong into further rows.
    pub fn split_rows(mut self) -> (Self, Vec<FactState>) {
        let facts = if self.is_long() { std::mem::take(&mut self.facts) } else { Vec::new() };
        (self, facts)
    }

    /// A row from before histories were parted, as one of now: all its facts stand in it.
    #[must_use]
    pub fn lengthened(mut self) -> Self {
        if !self.is_long() {
            self.recount();
        }
        self
    }

    /// A row from when references of what has no owner were kept, as one of now; none where it is one already.
    pub fn without_unread(mut self) -> Option<Self> {
        let before = self.fragment.clone();
        self.fragment.iter_mut().for_each(Fragment::forget_unread);
        (self.fragment != before).then_some(self)
    }

    /// Counts the facts again, all of which it holds.
    pub(crate) fn recount(&mut self) {
        self.further = (self.facts.len() > MOST_FACTS).then(|| Box::new(FurtherFacts::from_facts(&self.facts)));
    }

    /// Counts one more copy, which stands at a place among those that it holds.
    pub(crate) fn count_fact(&mut self, place: usize, conflict: bool) {
        match (&mut self.further, self.facts.get(place)) {
            (Some(further), Some(fact)) => {
                further.copies += 1;
                further.conflicts += u64::from(conflict);
                further.extend_to(fact);
            }
            _ => self.recount(),
        }
    }

    /// The greatest place in the order of folding.
    pub(crate) fn last_key(&self) -> Option<(i64, i64, &[u8])> {
        match &self.further {
            Some(further) => Some(further.fold_key()),
            None => self.facts.iter().map(FactState::fold_key).max(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_counted_by_its_bytes_as_by_itself() {
        let fact = |id: u8, digest: u8| FactState {
            id: [id; 16],
            fact: [id; 16],
            digest: [digest; 16],
            ..FactState::default()
        };
        let few = vec![fact(1, 1), fact(2, 1), fact(2, 2), fact(2, 3), fact(9, 1)];
        let many: Vec<FactState> = (0..MOST_FACTS as u8).map(|n| fact(n, 0)).chain([fact(3, 1), fact(4, 1)]).collect();
        for facts in [Vec::new(), few, many] {
            let state = SubjectState::from_copies(facts).split_rows().0;
            let counted = SubjectState::decode_counts(&state.encode_to_vec()).unwrap();
            assert_eq!(counted, (state.copy_count(), state.conflict_count()));
        }
    }
}
