//! What changed between two moments, and which events did it.

use std::collections::BTreeSet;

use onefold_event::{Micros, Subject, format_micros};
use serde::Serialize;
use serde_json::Value;

use super::history::{FoldedPast, PastHistory};
use super::value_change::ValueChange;
use super::{AnsweredClocks, ClockSpan, MovedClock, PastWorld, ReadClocks};
use crate::events::{EventLine, EventPlace};
use crate::{CustomerReference, ErrorCode, Service, ServiceError};

/// Moments of a difference at most: at each all that the reference touches is folded.
pub const MOST_STEPS: usize = 500;

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
    /// What is shown after it, where that is asked for; none where nothing is known yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<Value>,
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

/// The moment of an event.
fn moment_of(place: &EventPlace, clock: MovedClock) -> Micros {
    match clock {
        MovedClock::AsOf => place.occurred_at(),
        MovedClock::KnownAt => place.recorded_at(),
    }
}

/// What a difference is about.
struct DifferenceScope<'a> {
    reference: &'a CustomerReference,
    /// The party whose customer it means at the later moment; of a document, where anybody holds it.
    party: Option<Subject>,
    history: PastHistory,
    /// Any moment can be folded from the history.
    is_whole: bool,
}

impl Service {
    /// What changed of what a reference shows over a span of a clock; the other clocks are those of its later moment. It is the customer
    /// that the reference means then. What days alone changed is told apart from what events did. The log is looked through once, but
    /// where a value of the customer is a hub value by now: then once more for each moment of what was known.
    ///
    /// # Errors
    /// There are more moments with events than [`MOST_STEPS`], nothing was known of the reference at the later one, or the log or the
    /// read model cannot be read.
    pub async fn difference(
        &self,
        reference: &CustomerReference,
        span: &ClockSpan,
    ) -> Result<ViewDifference, ServiceError> {
        self.compare_moments(reference, span, false).await
    }

    /// The same, where on request each step bears what is shown after it.
    pub(crate) async fn compare_moments(
        &self,
        reference: &CustomerReference,
        span: &ClockSpan,
        with_states: bool,
    ) -> Result<ViewDifference, ServiceError> {
        let (clock, to, from, until) = (span.clock, &span.to, span.after(), span.until());
        let (FoldedPast { history, world: last }, party) = self.past_history(reference, &clock.set(to, until)).await?;
        let is_whole = clock == MovedClock::AsOf || history.is_whole_before();
        let scope = DifferenceScope { reference, party, history, is_whole };
        let mut before = match from {
            Some(from) => self.world_of(&scope, &clock.set(to, from)).await?,
            None => None,
        };
        let places = places_between(&scope, before.as_ref(), &last, |place| {
            let at = moment_of(place, clock);
            from.is_none_or(|from| at > from) && at <= until
        });
        let moments: BTreeSet<Micros> = places.iter().map(|place| moment_of(place, clock)).collect();
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
        let first = self.shown_in(&scope, before.as_ref(), from.and_then(day)).await?;
        let (mut shown, mut seen, mut steps) = (first.clone(), from, Vec::new());
        for at in moments.into_iter().chain([until]) {
            // The same as before, seen from the day of this moment.
            if seen.is_some_and(|seen| day(seen) != day(at)) {
                let aged = self.shown_in(&scope, before.as_ref(), day(at)).await?;
                let changes = ValueChange::between(shown.as_ref(), aged.as_ref());
                if !changes.is_empty() {
                    steps.push(DifferenceStep {
                        at: format_micros(at),
                        by: ChangeCause::Time,
                        events: Vec::new(),
                        changes,
                        state: aged.clone().filter(|_| with_states),
                    });
                }
                shown = aged;
            }
            let world = self.world_of(&scope, &clock.set(to, at)).await?;
            let now = self.shown_in(&scope, world.as_ref(), day(at)).await?;
            let of_moment: Vec<EventPlace> =
                places.iter().filter(|place| moment_of(place, clock) == at).cloned().collect();
            let changes = ValueChange::between(shown.as_ref(), now.as_ref());
            if !(changes.is_empty() && of_moment.is_empty()) {
                let events = self.event_lines(&of_moment).await?;
                let state = now.clone().filter(|_| with_states);
                steps.push(DifferenceStep { at: format_micros(at), by: ChangeCause::Events, events, changes, state });
            }
            (before, shown, seen) = (world, now, Some(at));
        }
        Ok(ViewDifference {
            clock,
            from: from.map(format_micros),
            to: last.clocks,
            changes: ValueChange::between(first.as_ref(), shown.as_ref()),
            steps,
        })
    }

    /// The world at these clocks; none where nothing was known.
    async fn world_of(
        &self,
        scope: &DifferenceScope<'_>,
        clocks: &ReadClocks,
    ) -> Result<Option<PastWorld>, ServiceError> {
        if scope.is_whole {
            return or_none(scope.history.world_at(clocks, &self.rules));
        }
        let reference = match (scope.reference.document(), &scope.party) {
            (None, Some(party)) => CustomerReference::Subject(party.clone()),
            _ => scope.reference.clone(),
        };
        Ok(or_none(self.past_world(&reference, clocks).await)?.map(|(world, _)| world))
    }

    /// What the reference shows in a world, seen from a day; none where nothing was known of it.
    async fn shown_in(
        &self,
        scope: &DifferenceScope<'_>,
        world: Option<&PastWorld>,
        day: Option<i64>,
    ) -> Result<Option<Value>, ServiceError> {
        let Some(world) = world else { return Ok(None) };
        let party = scope.party.as_ref();
        if scope.reference.document().is_none() && !party.is_some_and(|party| world.is_customer_heard_of(party)) {
            return Ok(None);
        }
        let shown = or_none(self.show_world(world, scope.reference, party, day).await)?;
        shown
            .map(serde_json::to_value)
            .transpose()
            .map_err(|error| ServiceError::new(ErrorCode::Internal, format!("a view does not become JSON: {error}")))
    }
}

/// Events between two worlds, of what is the reference's own in either: a document that was given to somebody else says itself who
/// did that.
fn places_between(
    scope: &DifferenceScope<'_>,
    first: Option<&PastWorld>,
    last: &PastWorld,
    between: impl Fn(&EventPlace) -> bool,
) -> BTreeSet<EventPlace> {
    let worlds = first.into_iter().chain([last]);
    let subjects = worlds.flat_map(|world| world.history_subjects(scope.reference, scope.party.as_ref()));
    let subjects: BTreeSet<Subject> = subjects.collect();
    last.places_of(subjects.iter().map(Subject::as_str)).into_iter().filter(between).collect()
}

/// Nothing was known yet: that is where a history begins.
fn or_none<T>(answer: Result<T, ServiceError>) -> Result<Option<T>, ServiceError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.code == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
