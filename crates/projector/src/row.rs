//! The row of a subject, as it was and as it is.

use std::collections::BTreeSet;

use onefold_event::Subject;
use onefold_store::{Admitted, FactState, SubjectState};
use onefold_view::Guest;

use crate::read::Taken;

/// The row of a subject. What it was is kept only once it changes.
pub(crate) struct Row {
    pub(crate) subject: Subject,
    pub(crate) state: SubjectState,
    was: Was,
    /// Facts of a long history that came or changed, by their row id.
    touched: BTreeSet<[u8; 48]>,
}

enum Was {
    /// In the store as it is now.
    Same,
    /// In no store; a placeholder until something is said about it.
    Absent,
    /// In no store, and it is to be.
    New,
    /// In the store in this form.
    Other(Box<SubjectState>),
}

impl Row {
    /// A row that is yet to be loaded.
    pub(crate) fn new(subject: Subject) -> Self {
        Self { subject, state: SubjectState::default(), was: Was::Absent, touched: BTreeSet::new() }
    }

    /// Takes what the store has.
    pub(crate) fn loaded(&mut self, state: Option<SubjectState>) {
        if let Some(state) = state {
            (self.state, self.was) = (state, Was::Same);
        }
    }

    pub(crate) fn has_changed(&self) -> bool {
        matches!(self.was, Was::New | Was::Other(_))
    }

    /// What the store has, where that is another state or none; nothing of an unchanged row.
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
            Was::Same => Was::Other(Box::new(self.state.clone())),
            Was::Other(old) => Was::Other(old),
        };
        &mut self.state
    }

    /// Takes in what events say of a party as a guest; what is known already leaves the row as it is.
    pub(crate) fn greet(&mut self, guest: &Guest) {
        let mut greeted = self.state.clone();
        greeted.greet(&self.subject, guest);
        if greeted != self.state {
            *self.change() = greeted;
        }
    }

    /// Takes in one copy of an event; a duplicate leaves the row as it is.
    pub(crate) fn admit(&mut self, taken: &Taken) -> Admitted {
        let Taken { event, digest, recorded_at, partition, offset } = taken;
        if self.state.knows(event, digest, *recorded_at) {
            return Admitted::Duplicate;
        }
        if self.state.is_long() {
            self.touched.insert(FactState::new(event, digest, *recorded_at, *partition, *offset).row_id());
        }
        self.change().admit(event, digest, *recorded_at, *partition, *offset)
    }

    /// The row to be stored, and further rows: of a history that has become long all facts, else those that changed.
    pub(crate) fn parted(self) -> (SubjectState, Vec<FactState>) {
        let was_long = self.old().is_some_and(SubjectState::is_long);
        let touched = self.touched;
        let (state, mut facts) = self.state.part();
        facts.retain(|fact| !was_long || touched.contains(&fact.row_id()));
        (state, facts)
    }
}
