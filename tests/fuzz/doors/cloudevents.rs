//! The body and the headers of `POST /v1/events`.

use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};
use onefold_api::read_events;
use onefold_event::{EmptyKeyRing, Event, EventLimits, from_cloudevent, to_cloudevent};
use onefold_service::MOST_EVENTS;

use super::Fate;
use super::records::{check_event, check_problems};

/// Bytes of a body, unpacked, at most.
const MOST_BYTES: usize = 1 << 20;

/// Lines of headers, an empty line, a body.
pub(super) fn post(bytes: &[u8]) -> Fate {
    let head = bytes.windows(2).position(|two| two == b"\n\n").unwrap_or(bytes.len());
    let body = bytes.get(head + 2..).unwrap_or_default();
    let items = match read_events(&headers(&bytes[..head]), body, MOST_BYTES) {
        Ok(items) => items,
        Err(problem) => {
            assert!((400..500).contains(&problem.status()), "{problem:?}");
            return Fate::Refused;
        }
    };
    assert!(items.len() <= MOST_EVENTS, "{} events at once", items.len());
    let mut fate = Fate::Refused;
    for item in &items {
        match item.event(&EventLimits::default()) {
            Err(no) => check_problems(&no.problems, 'R'),
            Ok(event) => {
                check_event(&event);
                check_shown(&event);
                fate = Fate::Taken;
            }
        }
    }
    fate
}

/// An event as it is shown: whoever posts that says the same.
fn check_shown(event: &Event) {
    let mut shown = to_cloudevent(event, &EmptyKeyRing);
    if event.header.revision_order.is_empty() {
        // Made of the sender's id, which is no order.
        shown["revision"].take();
    }
    let shown = from_cloudevent(&shown).unwrap_or_else(|error| panic!("{event:?}: {error}"));
    assert_eq!(
        (
            &shown.header.source,
            &shown.header.subject,
            shown.header.occurred(),
            &shown.header.revision_order,
            &shown.header.references
        ),
        (
            &event.header.source,
            &event.header.subject,
            event.header.occurred(),
            &event.header.revision_order,
            &event.header.references
        )
    );
    assert_eq!(shown.payload(), event.payload(), "{event:?}");
}

/// Header lines as HTTP takes them; what is none is passed over.
fn headers(lines: &[u8]) -> HeaderMap {
    let line = |line: &[u8]| {
        let at = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..at]).ok()?;
        Some((name, HeaderValue::from_bytes(line[at + 1..].trim_ascii()).ok()?))
    };
    lines.split(|byte| *byte == b'\n').filter_map(line).collect()
}
