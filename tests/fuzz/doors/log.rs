//! Records of the log as the stages read them, and rows of the read model as they are stored.

use std::collections::BTreeMap;

use onefold_event::{ContentDigest, DecodedEvent, EmptyKeyRing, HubKey, Subject, decode, encode, to_cloudevent};
use onefold_fold::SubjectState;
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

/// An event with the digest of what stands in the log.
type Digested = (ContentDigest, DecodedEvent);

/// A byte that chooses, and what is stored.
pub(super) fn record(bytes: &[u8]) -> Fate {
    chosen(&WAYS, bytes).map_or(Fate::Refused, |(way, rest)| way(rest))
}

/// The value of a record.
fn event(bytes: &[u8]) -> Fate {
    let Ok(event) = decode(bytes) else { return Fate::Refused };
    assert_eq!(decode(&encode(&event)).as_ref(), Ok(&event), "another event once it was in the log");
    assert!(to_cloudevent(&event, &EmptyKeyRing).is_object());
    let digest = HubKey::new(&[7; 32]).digest_event(&event);
    let Ok(event) = event.into_decoded(&EmptyKeyRing) else { return Fate::Refused };
    parties_named(&event, &mut |_, _| {});
    documents_named(&event, &mut |_| {});
    work(&event.header.subject, &folded(&event.header.subject, &[(0, &(digest, event.clone()))]));
    Fate::Taken
}

/// Values of records, each behind its length of two bytes: the row of the first one's subject does not depend on the order in which
/// they come.
fn history(bytes: &[u8]) -> Fate {
    let (key, mut rest, mut events) = (HubKey::new(&[7; 32]), bytes, Vec::<Digested>::new());
    while let (Some((length, after)), true) = (rest.split_first_chunk::<2>(), events.len() < MOST) {
        let length = usize::from(u16::from_be_bytes(*length)).min(after.len());
        let (value, after) = after.split_at(length);
        let digested = decode(value).ok().map(|event| (key.digest_event(&event), event));
        events.extend(digested.and_then(|(digest, event)| Some((digest, event.into_decoded(&EmptyKeyRing).ok()?))));
        rest = after;
    }
    let Some(subject) = events.first().map(|(_, event)| event.header.subject.clone()) else { return Fate::Refused };
    let own = events.iter().filter(|(_, event)| event.header.subject == subject);
    let own: Vec<(u64, &Digested)> = (0..).zip(own).collect();
    let state = folded(&subject, &own);
    let back: Vec<(u64, &Digested)> = own.iter().rev().copied().collect();
    assert_eq!(state, folded(&subject, &back), "the order of {} events decides", own.len());
    work(&subject, &state);
    Fate::Taken
}

/// Takes events in, in this order, and folds what stands of them. Each is at its own offset; two at a time were taken in at once.
fn folded(subject: &Subject, events: &[(u64, &Digested)]) -> SubjectState {
    let mut state = SubjectState::default();
    let at: BTreeMap<u64, &Digested> = events.iter().copied().collect();
    for (offset, (digest, event)) in events {
        state.admit(event, digest, BEGAN + *offset as i64 / 2, 0, *offset);
    }
    assert!(state.facts.len() <= events.len());
    let named = state.history();
    let standing: Vec<DecodedEvent> =
        named.iter().filter_map(|(_, offset)| at.get(offset)).map(|(_, event)| event.clone()).collect();
    assert!(state.fold_afresh(subject, &standing), "a history that is all there");
    assert!(state.facts.is_sorted_by_key(|fact| (fact.id, fact.recorded_at)), "facts out of their order");
    let counts = SubjectState::decode_counts(&state.encode_to_vec());
    assert_eq!(counts, Ok((state.copy_count(), state.conflict_count())));
    state
}
