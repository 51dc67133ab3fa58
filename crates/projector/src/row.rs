//! The row of a subject, as it was and as it is.

use std::sync::Arc;

use onefold_event::Subject;
use onefold_store::{Admitted, SubjectState};
use onefold_view::Guest;

use crate::read::Taken;

/// The row of a subject. What it was is kept only once it changes.
pub(crate) struct Row {
    pub(crate) subject: Subject,
    pub(crate) state: Arc<SubjectState>,
    was: Was,
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
        Self { subject, state: Arc::new(state.unwrap_or_default()), was }
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

    /// The state to be saved, after which the row counts as unchanged; none where it is.
    pub(crate) fn save(&mut self) -> Option<Arc<SubjectState>> {
        let changed = self.has_changed();
        changed.then(|| {
            self.was = Was::Same;
            Arc::clone(&self.state)
        })
    }

    /// Takes in what events say of a party as a guest; what is known already leaves the row as it is.
    pub(crate) fn greet(&mut self, guest: &Guest) {
        let mut greeted = SubjectState::clone(&self.state);
        greeted.greet(&self.subject, guest);
        if greeted != *self.state {
            *self.change() = greeted;
        }
    }

    /// Takes in one copy of an event; a duplicate leaves the row as it is.
    pub(crate) fn admit(&mut self, taken: &Taken) -> Admitted {
        let Taken { event, digest, recorded_at, partition, offset } = taken;
        if self.state.knows(event, digest, *recorded_at) {
            return Admitted::Duplicate;
        }
        self.change().admit(event, digest, *recorded_at, *partition, *offset)
    }
}
