//! The row of a subject, as it was and as it is.

use std::collections::BTreeSet;
use std::sync::Arc;

use onefold_event::Subject;
use onefold_fold::{AdmitOutcome, FactState, SubjectState};
use onefold_view::GuestParty;

use crate::read::Taken;

/// The row of a subject. What it was is kept only once it changes.
pub(crate) struct Row {
    pub(crate) subject: Subject,
    pub(crate) state: Arc<SubjectState>,
    was: Was,
    /// Facts of a long history that came or changed, by their row id.
    touched: BTreeSet<[u8; 48]>,
}

enum Was {
    /// Saved as it is now.
    Same,
    /// In no store; a placeholder until something is said about it.
    Absent,
    /// In no store, and it is to be.
    New,
    /// Saved in this form.
    Other(Arc<SubjectState>),
}

impl Row {
    /// A row as the store has it.
    pub(crate) fn new(subject: Subject, state: Option<SubjectState>) -> Self {
        let was = if state.is_some() { Was::Same } else { Was::Absent };
        Self { subject, state: Arc::new(state.unwrap_or_default()), was, touched: BTreeSet::new() }
    }

    pub(crate) fn has_changed(&self) -> bool {
        matches!(self.was, Was::New | Was::Other(_))
    }

    /// What was saved last, where that is another state or none; nothing of an unchanged row.
    pub(crate) fn old(&self) -> Option<&SubjectState> {
        match &self.was {
            Was::Other(old) => Some(old),
            Was::Same | Was::Absent | Was::New => None,
        }
    }

    /// The state, to be changed.
    pub(crate) fn change(&mut self) -> &mut SubjectState {
        let was = std::mem::replace(&mut self.was, Was::New);
        self.was = match was {
            Was::Absent | Was::New => Was::New,
            Was::Same => Was::Other(Arc::clone(&self.state)),
            Was::Other(old) => Was::Other(old),
        };
        Arc::make_mut(&mut self.state)
    }

    /// The row to be saved, after which it counts as unchanged, and further rows: of a history that has become long all facts,
    /// else those that changed. None where nothing changed.
    pub(crate) fn save(&mut self) -> Option<(Arc<SubjectState>, Vec<FactState>)> {
        if !self.has_changed() {
            return None;
        }
        let (was_long, touched) = (self.old().is_some_and(SubjectState::is_long), std::mem::take(&mut self.touched));
        self.was = Was::Same;
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
    pub(crate) fn greet(&mut self, guest: &GuestParty) {
        let mut greeted = SubjectState::clone(&self.state);
        greeted.merge_guest(&self.subject, guest);
        if greeted != *self.state {
            *self.change() = greeted;
        }
    }

    /// Takes in one copy of an event; a duplicate leaves the row as it is.
    pub(crate) fn admit(&mut self, taken: &Taken) -> AdmitOutcome {
        let Taken { event, digest, recorded_at, partition, offset } = taken;
        if self.state.knows_copy(&event.header, digest, *recorded_at, *partition, *offset) {
            return AdmitOutcome::Duplicate;
        }
        if self.state.is_long() {
            self.touched.insert(FactState::new(&event.header, digest, *recorded_at, *partition, *offset).row_id());
        }
        self.change().admit(event, digest, *recorded_at, *partition, *offset)
    }

    /// Takes in what was read of a long history: it says nothing new.
    pub(crate) fn read(&mut self, facts: Vec<FactState>) {
        Arc::make_mut(&mut self.state).add_rows(facts);
    }
}
