//! What must hold of whatever is read as events, or is not.

use onefold_event::{Event, EventLimits, Problem, decode, encode};
use onefold_mapping::MappingOutcome;

use super::Fate;

/// An event that came in: within its bounds, and the same once it was in the log.
pub(super) fn check_event(event: &Event) {
    let beyond = EventLimits::default().check_event(event);
    assert!(beyond.is_empty(), "taken in, and beyond its bounds: {beyond:?}");
    assert_eq!(decode(&encode(event)).as_ref(), Ok(event), "another event once it was in the log");
}

/// Problems: at least one, each with a code of this family, and printable.
pub(super) fn check_problems<'p>(problems: impl IntoIterator<Item = &'p Problem>, family: char) {
    let mut count = 0;
    for problem in problems {
        count += 1;
        assert!(problem.code.starts_with(family), "{problem}");
        assert!(problem.to_string().contains(problem.code.as_ref()), "{problem}");
    }
    assert!(count > 0, "refused without a word");
}

/// What became of records: events that a file can hold, or a reason.
pub(super) fn check_outcome(outcome: &MappingOutcome, bytes: usize) -> Fate {
    match outcome {
        MappingOutcome::Mapped { events, .. } => {
            assert!(!events.is_empty(), "mapped to nothing");
            assert!(events.len() <= 8 * bytes, "{} events of {bytes} bytes", events.len());
            events.iter().for_each(check_coded);
            Fate::Taken
        }
        MappingOutcome::Skipped { reason } => {
            assert!(!reason.is_empty(), "skipped without a word");
            Fate::Refused
        }
        MappingOutcome::Quarantined(problems) => {
            check_problems(problems, 'R');
            Fate::Refused
        }
    }
}

/// An event that was mapped: the same once it was in the log. Its bounds are asked for where it is taken in.
fn check_coded(event: &Event) {
    assert_eq!(decode(&encode(event)).as_ref(), Ok(event), "another event once it was in the log");
}
