//! Records of the log as the stages read them, and rows of the read model as they are stored.

use std::collections::BTreeMap;

use onefold_event::{Event, HubKey, Subject, decode, encode, to_cloudevent};
use onefold_store::SubjectState;
use onefold_view::{documents_named, parties_named};
use prost::Message;

use super::rows::{bundle, row, work};
use super::{Fate, chosen};

/// What a record is read as: one event, the history of a subject, the row of a subject, a bundle.
const WAYS: [fn(&[u8]) -> Fate; 4] = [event, history, row, bundle];
/// Events of a history that are folded in two orders.
const MOST: usize = 12;
/// When the first was taken in.
const BEGAN: i64 = 1_767_225_600_000_000;

/// A byte that chooses, and what is stored.
pub(super) fn record(bytes: &[u8]) -> Fate {
    chosen(&WAYS, bytes).map_or(Fate::Refused, |(way, rest)| way(rest))
}

/// The value of a record.
fn event(bytes: &[u8]) -> Fate {
    let Ok(event) = decode(bytes) else { return Fate::Refused };
    assert_eq!(decode(&encode(&event)).as_ref(), Ok(&event), "another event once it was in the log");
    assert!(to_cloudevent(&event).is_object());
    parties_named(&event, &mut |_, _| {});
    documents_named(&event, &mut |_| {});
    work(&event.subject, &folded(&event.subject, &[(0, &event)]));
    Fate::Taken
}

/// Values of records, each behind its length of two bytes: the row of the first one's subject does not depend on the order in which
/// they come.
fn history(bytes: &[u8]) -> Fate {
    let (mut rest, mut events) = (bytes, Vec::new());
    while let (Some((length, after)), true) = (rest.split_first_chunk::<2>(), events.len() < MOST) {
        let length = usize::from(u16::from_be_bytes(*length)).min(after.len());
        let (value, after) = after.split_at(length);
        events.extend(decode(value));
        rest = after;
    }
    let Some(subject) = events.first().map(|event: &Event| event.subject.clone()) else { return Fate::Refused };
    let own: Vec<(u64, &Event)> = (0..).zip(events.iter().filter(|event| event.subject == subject)).collect();
    let state = folded(&subject, &own);
    let back: Vec<(u64, &Event)> = own.iter().rev().copied().collect();
    assert_eq!(state, folded(&subject, &back), "the order of {} events decides", own.len());
    work(&subject, &state);
    Fate::Taken
}

/// Takes events in, in this order, and folds what stands of them. Each is at its own offset; two at a time were taken in at once.
fn folded(subject: &Subject, events: &[(u64, &Event)]) -> SubjectState {
    let key = HubKey::new(&[7; 32]);
    let mut state = SubjectState::default();
    let at: BTreeMap<u64, &Event> = events.iter().copied().collect();
    for (offset, event) in events {
        state.admit(event, &key.digest(event), BEGAN + *offset as i64 / 2, 0, *offset);
    }
    assert!(state.facts.len() <= events.len());
    let named = state.history();
    let standing: Vec<Event> =
        named.iter().filter_map(|(_, offset)| at.get(offset)).map(|event| (*event).clone()).collect();
    assert!(state.fold_afresh(subject, &standing), "a history that is all there");
    assert!(state.facts.is_sorted_by_key(|fact| (fact.id, fact.recorded_at)), "facts out of their order");
    let counts = SubjectState::counts(&state.encode_to_vec());
    assert_eq!(counts, Ok((state.copies(), state.conflicts())));
    state
}
