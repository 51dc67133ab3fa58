//! Which events are replayed.

use std::collections::BTreeSet;

use onefold_event::{Event, Micros, Subject, catalogue};

use crate::{ClockSpan, MovedClock, ServiceError};

/// Events that are replayed: those for which all that is given here is so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplayFilter {
    /// About one of these subjects; none: about any.
    pub subjects: Option<BTreeSet<String>>,
    /// Told by one of these sources; empty: by any.
    pub sources: BTreeSet<String>,
    /// Of one of these types of the catalogue; empty: of any.
    pub types: BTreeSet<String>,
    /// Of one of these departments, the first words of types, such as `finance`; empty: of any.
    pub departments: BTreeSet<String>,
    /// Within a span of time.
    pub span: ReplaySpan,
}

/// A span of one of the clocks: after its beginning, up to its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReplaySpan {
    /// Which clock.
    pub clock: MovedClock,
    /// Its beginning, itself left out; none: from the first event on.
    pub after: Option<Micros>,
    /// Its end, itself among them; none: up to the last event.
    pub until: Option<Micros>,
}

impl From<&ClockSpan> for ReplaySpan {
    fn from(span: &ClockSpan) -> Self {
        // What comes in meanwhile, and what is said to happen later, is replayed where no end is named.
        Self { clock: span.clock, after: span.after(), until: span.named_end() }
    }
}

impl ReplaySpan {
    fn holds(&self, at: Micros) -> bool {
        self.after.is_none_or(|after| at > after) && self.until.is_none_or(|until| at <= until)
    }
}

impl ReplayFilter {
    /// Refuses names that are unknown: they would let nothing through without a word.
    ///
    /// # Errors
    /// A type that the catalogue does not have, a department of none of its types, or a text that is not a subject.
    pub fn check_names(&self) -> Result<(), ServiceError> {
        let all: BTreeSet<&str> = catalogue().types().map(|ty| ty.name).collect();
        let first = |ty: &&'static str| ty.split('.').next().unwrap_or(ty);
        let departments: BTreeSet<&str> = all.iter().map(first).collect();
        let known = [("type", &self.types, &all), ("department", &self.departments, &departments)];
        for (what, names, known) in known {
            if let Some(name) = names.iter().find(|name| !known.contains(name.as_str())) {
                let known: Vec<&str> = known.iter().copied().collect();
                return Err(ServiceError::invalid(format!(
                    "`{name}` is not a known {what}: expected one of {}",
                    known.join(", ")
                )));
            }
        }
        for subject in self.subjects.iter().flatten() {
            subject.parse::<Subject>().map_err(|error| ServiceError::invalid(error.to_string()))?;
        }
        Ok(())
    }

    /// Whether a record may hold an event that is replayed, by its key, which is the subject, and its time: without reading it.
    pub(super) fn may_hold(&self, key: &[u8], recorded_at: Micros) -> bool {
        let is_of_span = self.span.clock != MovedClock::KnownAt || self.span.holds(recorded_at);
        let is_subject =
            |subjects: &BTreeSet<String>| std::str::from_utf8(key).is_ok_and(|subject| subjects.contains(subject));
        is_of_span && self.subjects.as_ref().is_none_or(is_subject)
    }

    /// Whether an event that may be is replayed.
    pub(super) fn holds(&self, event: &Event) -> bool {
        let (ty, header) = (event.ty().name, &event.header);
        let department = ty.split('.').next().unwrap_or(ty);
        let among = |names: &BTreeSet<String>, name: &str| names.is_empty() || names.contains(name);
        among(&self.types, ty)
            && among(&self.departments, department)
            && among(&self.sources, &header.source)
            && (self.span.clock != MovedClock::AsOf || self.span.holds(header.occurred_at))
    }
}
