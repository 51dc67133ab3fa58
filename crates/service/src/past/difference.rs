//! What changed between two moments, and which events did it.

use std::collections::BTreeSet;

use onefold_event::{Micros, Subject, SubjectKind, format_micros};
use serde::Serialize;
use serde_json::Value;

use super::value_change::ValueChange;
use super::{AnsweredClocks, ReadClocks};
use crate::events::{EventLine, EventPlace};
use crate::{CustomerReference, ErrorCode, Service, ServiceError};

/// Moments of a difference at most: each is a read of the past.
pub const MOST_STEPS: usize = 500;

/// Which clock runs from the one moment to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MovedClock {
    /// Business time: by all that is known, what was so then.
    #[default]
    AsOf,
    /// What the hub had taken in, assertions and decisions among it.
    KnownAt,
}

/// What made something another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeCause {
    /// Events.
    Events,
    /// Days passed, such as one on which an invoice falls due.
    Time,
}

/// What one moment changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DifferenceStep {
    /// The moment, RFC 3339.
    pub at: String,
    /// What did it.
    pub by: ChangeCause,
    /// The events of this moment.
    pub events: Vec<EventLine>,
    /// What they changed, by path.
    pub changes: Vec<ValueChange>,
}

/// What changed of a customer or a document between two moments.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ViewDifference {
    /// The clock that runs.
    pub clock: MovedClock,
    /// From when; none: from before its first event.
    pub from: Option<String>,
    /// Clocks of the later moment.
    pub to: AnsweredClocks,
    /// What is another at the later moment, by path.
    pub changes: Vec<ValueChange>,
    /// How it became so, moment by moment.
    pub steps: Vec<DifferenceStep>,
}

impl MovedClock {
    /// The clocks at a moment of this one.
    fn set(self, clocks: &ReadClocks, at: Micros) -> ReadClocks {
        let mut clocks = clocks.clone();
        match self {
            Self::AsOf => clocks.as_of = Some(at),
            Self::KnownAt => (clocks.known_at, clocks.identity_at) = (Some(at), Some(at)),
        }
        clocks
    }

    /// The moment of clocks; now where they name none.
    fn moment(self, clocks: &ReadClocks) -> Micros {
        let at = match self {
            Self::AsOf => clocks.as_of,
            Self::KnownAt => clocks.known_at,
        };
        at.unwrap_or(clocks.asked_at())
    }

    fn of_event(self, place: &EventPlace) -> Micros {
        match self {
            Self::AsOf => place.occurred_at(),
            Self::KnownAt => place.recorded_at(),
        }
    }
}

impl Service {
    /// What changed of what a reference shows, from one moment of a clock to another, which the other clocks of `to` hold for.
    /// What days alone changed is told apart from what events did. Without `from` it begins before the first event.
    ///
    /// # Errors
    /// The moments are not in their order, there are more events between them than [`MOST_STEPS`], nothing was known of the
    /// reference at the later one, or the log or the read model cannot be read.
    pub async fn difference(
        &self,
        reference: &CustomerReference,
        clock: MovedClock,
        from: Option<&ReadClocks>,
        to: &ReadClocks,
    ) -> Result<ViewDifference, ServiceError> {
        let (from, until) = (from.map(|from| clock.moment(from)), clock.moment(to));
        if from.is_some_and(|from| from > until) {
            return Err(ServiceError::invalid("`from` comes after `to`: expected the earlier moment first"));
        }
        let end = clock.set(to, until);
        let places = self.places_between(reference, clock, (from, &end)).await?;
        let moments: BTreeSet<Micros> = places.iter().map(|place| clock.of_event(place)).collect();
        if moments.len() > MOST_STEPS {
            return Err(ServiceError::new(
                ErrorCode::TooLarge,
                format!(
                    "events of {} moments lie between: at most {MOST_STEPS} are told; choose `from` and `to` closer to each other",
                    moments.len()
                ),
            ));
        }
        // A day of its own for each moment of business time; what was known is always seen from the same one.
        let day = |at: Micros| match clock {
            MovedClock::AsOf => to.day_of(at),
            MovedClock::KnownAt => to.business_day().or_else(|| to.day_of(to.asked_at())),
        };
        let mut steps = Vec::new();
        let first = match from {
            Some(from) => self.shown_at(reference, &clock.set(to, from), day(from)).await?,
            None => None,
        };
        let (mut before, mut last) = (first.clone(), from);
        for at in moments.into_iter().chain([until]) {
            // The same as before, seen from the day of this moment.
            if let Some(last) = last.filter(|last| day(*last) != day(at)) {
                let aged = self.shown_at(reference, &clock.set(to, last), day(at)).await?;
                let changes = ValueChange::between(before.as_ref(), aged.as_ref());
                if !changes.is_empty() {
                    steps.push(DifferenceStep {
                        at: format_micros(at),
                        by: ChangeCause::Time,
                        events: Vec::new(),
                        changes,
                    });
                }
                before = aged;
            }
            let after = self.shown_at(reference, &clock.set(to, at), day(at)).await?;
            let of_moment: Vec<EventPlace> =
                places.iter().filter(|place| clock.of_event(place) == at).cloned().collect();
            let changes = ValueChange::between(before.as_ref(), after.as_ref());
            if !(changes.is_empty() && of_moment.is_empty()) {
                let events = self.event_lines(&of_moment).await?;
                steps.push(DifferenceStep { at: format_micros(at), by: ChangeCause::Events, events, changes });
            }
            (before, last) = (after, Some(at));
        }
        let answered = self.past_show(reference, &end, day(until)).await?;
        Ok(ViewDifference {
            clock,
            from: from.map(format_micros),
            to: answered.clocks,
            changes: ValueChange::between(first.as_ref(), before.as_ref()),
            steps,
        })
    }

    /// Events after the one moment and up to the other, about what is its own at the other and what was at the one: a document that
    /// was given to somebody else says itself who did that.
    async fn places_between(
        &self,
        reference: &CustomerReference,
        clock: MovedClock,
        (from, end): (Option<Micros>, &ReadClocks),
    ) -> Result<Vec<EventPlace>, ServiceError> {
        let mut places: BTreeSet<EventPlace> = self.past_events(reference, end).await?.answer.into_iter().collect();
        if let (Some(from), None) = (from, reference.document()) {
            let left = self.subjects_at(reference, &clock.set(end, from)).await?;
            let stayed = self.subjects_at(reference, end).await?;
            for subject in left.difference(&stayed).filter(|subject| subject.kind() != SubjectKind::Party) {
                let document = CustomerReference::Subject(subject.clone());
                places.extend(
                    or_none(self.past_events(&document, end).await)?.map(|past| past.answer).unwrap_or_default(),
                );
            }
        }
        let until = clock.moment(end);
        let between = |place: &EventPlace| {
            let at = clock.of_event(place);
            from.is_none_or(|from| at > from) && at <= until
        };
        Ok(places.into_iter().filter(between).collect())
    }

    /// A customer's parties and documents at these clocks; none where nothing was known of it.
    async fn subjects_at(
        &self,
        reference: &CustomerReference,
        clocks: &ReadClocks,
    ) -> Result<BTreeSet<Subject>, ServiceError> {
        let found = or_none(self.past_customer(reference, clocks).await)?;
        Ok(found.map(|(world, party)| world.subjects_of(&party)).unwrap_or_default().into_iter().collect())
    }

    /// What a reference showed at these clocks, seen from a day; none where nothing was known of it.
    async fn shown_at(
        &self,
        reference: &CustomerReference,
        clocks: &ReadClocks,
        day: Option<i64>,
    ) -> Result<Option<Value>, ServiceError> {
        let shown = or_none(self.past_show(reference, clocks, day).await)?;
        let value = shown.map(|past| serde_json::to_value(past.answer)).transpose();
        value.map_err(|error| ServiceError::new(ErrorCode::Internal, format!("a view does not become JSON: {error}")))
    }
}

/// Nothing was known yet: that is where a history begins.
fn or_none<T>(answer: Result<T, ServiceError>) -> Result<Option<T>, ServiceError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.code == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
