//! The row of a subject, as it was and as it is.

use std::collections::BTreeSet;
use std::sync::Arc;

use onefold_event::Subject;
use onefold_fold::{AdmitOutcome, FactState, SubjectState};
use onefold_view::GuestParty;

use crate::read::DecodedRecord;

/// The row of a subject. What it was is kept only once it changes.
pub(crate) struct SubjectEntry {
    pub(crate) subject: Subject,
    pub(crate) state: Arc<SubjectState>,
    was: StateBefore,
    /// Facts of a long history that came or changed, by their row id.
    touched: BTreeSet<[u8; 48]>,
}

enum StateBefore {
    /// Saved as it is now.
    Same,
    /// In no store; a placeholder until something is said about it.
    Absent,
    /// In no store, and it is to be.
    New,
    /// Saved in this form.
    Other(Arc<SubjectState>),
}

impl SubjectEntry {
    /// A row as the store has it.
    pub(crate) fn new(subject: Subject, state: Option<SubjectState>) -> Self {
        let was = if state.is_some() { StateBefore::Same } else { StateBefore::Absent };
        Self { subject, state: Arc::new(state.unwrap_or_default()), was, touched: BTreeSet::new() }
    }

    pub(crate) fn has_changed(&self) -> bool {
        matches!(self.was, StateBefore::New | StateBefore::Other(_))
    }

    /// What was saved last, where that is another state or none; nothing of an unchanged row.
    pub(crate) fn stored_state(&self) -> Option<&SubjectState> {
        match &self.was {
            StateBefore::Other(old) => Some(old),
            StateBefore::Same | StateBefore::Absent | StateBefore::New => None,
        }
    }

    /// The state, to be changed.
    pub(crate) fn change_state(&mut self) -> &mut SubjectState {
        let was = std::mem::replace(&mut self.was, StateBefore::New);
        self.was = match was {
            StateBefore::Absent | StateBefore::New => StateBefore::New,
            StateBefore::Same => StateBefore::Other(Arc::clone(&self.state)),
            StateBefore::Other(old) => StateBefore::Other(old),
        };
        Arc::make_mut(&mut self.state)
    }

    /// The row to be saved, after which it counts as unchanged, and further rows: of a history that has become long all facts,
    /// else those that changed. None where nothing changed.
    pub(crate) fn take_changes(&mut self) -> Option<(Arc<SubjectState>, Vec<FactState>)> {
        if !self.has_changed() {
            return None;
        }
        let (was_long, touched) =
            (self.stored_state().is_some_and(SubjectState::is_long), std::mem::take(&mut self.touched));
        self.was = StateBefore::Same;
        if !self.state.is_long() {
            return Some((Arc::clone(&self.state), Vec::new()));
        }
        // The facts of a long history go: whoever needs them again in this batch reads them.
        let (state, mut facts) = SubjectState::clone(&self.state).split_rows();
        facts.retain(|fact| !was_long || touched.contains(&fact.row_id()));
        self.state = Arc::new(state);
        Some((Arc::clone(&self.state), facts))
    }

    /// Takes in what events say of a party as a guest; what is known already leaves the row as it is.
    pub(crate) fn merge_guest(&mut self, guest: &GuestParty) {
        let mut greeted = SubjectState::clone(&self.state);
        greeted.merge_guest(&self.subject, guest);
        if greeted != *self.state {
            *self.change_state() = greeted;
        }
    }

    /// Takes in one copy of an event; a duplicate leaves the row as it is.
    pub(crate) fn admit_copy(&mut self, taken: &DecodedRecord) -> AdmitOutcome {
        let DecodedRecord { event, digest, recorded_at, partition, offset } = taken;
        if self.state.knows_copy(&event.header, digest, *recorded_at, *partition, *offset) {
            return AdmitOutcome::Duplicate;
        }
        if self.state.is_long() {
            self.touched.insert(FactState::new(&event.header, digest, *recorded_at, *partition, *offset).row_id());
        }
        self.change_state().admit(event, digest, *recorded_at, *partition, *offset)
    }

    /// Takes in what was read of a long history: it says nothing new.
    pub(crate) fn add_facts(&mut self, facts: Vec<FactState>) {
        Arc::make_mut(&mut self.state).add_rows(facts);
    }
}
