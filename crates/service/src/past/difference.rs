//! What changed between two moments, and which events did it.

use std::collections::BTreeSet;

use onefold_event::{Micros, Subject, format_micros};
use serde::Serialize;
use serde_json::Value;

use super::value_change::ValueChange;
use super::world::{PastHistory, PastWorld};
use super::{AnsweredClocks, ReadClocks};
use crate::events::{EventLine, EventPlace, places};
use crate::{CustomerReference, ErrorCode, Service, ServiceError};

/// Moments of a difference at most: at each all that the reference touches is folded.
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
    pub(crate) fn moment(self, clocks: &ReadClocks) -> Micros {
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
    /// What changed of what a reference shows, from one moment of a clock to another, which the other clocks of `to` hold for. It is
    /// the customer that the reference means at the later moment. What days alone changed is told apart from what events did.
    /// Without `from` it begins before the first event. The log is looked through once, but where a value of the customer is a hub
    /// value by now: then once more for each moment of what was known.
    ///
    /// # Errors
    /// The moments are not in their order, there are more of them with events than [`MOST_STEPS`], nothing was known of the
    /// reference at the later one, or the log or the read model cannot be read.
    pub async fn difference(
        &self,
        reference: &CustomerReference,
        clock: MovedClock,
        from: Option<&ReadClocks>,
        to: &ReadClocks,
    ) -> Result<ViewDifference, ServiceError> {
        self.compare_moments(reference, clock, (from, to), false).await
    }

    /// The same, where on request each step bears what is shown after it.
    pub(crate) async fn compare_moments(
        &self,
        reference: &CustomerReference,
        clock: MovedClock,
        (from, to): (Option<&ReadClocks>, &ReadClocks),
        with_states: bool,
    ) -> Result<ViewDifference, ServiceError> {
        let (from, until) = (from.map(|from| clock.moment(from)), clock.moment(to));
        if from.is_some_and(|from| from > until) {
            return Err(ServiceError::invalid("`from` comes after `to`: expected the earlier moment first"));
        }
        let ((history, last), party) = self.past_history(reference, &clock.set(to, until)).await?;
        let is_whole = clock == MovedClock::AsOf || history.is_whole_before();
        let scope = DifferenceScope { reference, party, history, is_whole };
        let mut before = match from {
            Some(from) => self.world_of(&scope, &clock.set(to, from)).await?,
            None => None,
        };
        let places = places_between(&scope, before.as_ref(), &last, |place| {
            let at = clock.of_event(place);
            from.is_none_or(|from| at > from) && at <= until
        });
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
                places.iter().filter(|place| clock.of_event(place) == at).cloned().collect();
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
    let all = subjects.iter().filter_map(|subject| last.facts.get(subject)).flat_map(|facts| places(facts));
    all.filter(between).collect()
}

/// Nothing was known yet: that is where a history begins.
fn or_none<T>(answer: Result<T, ServiceError>) -> Result<Option<T>, ServiceError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.code == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
