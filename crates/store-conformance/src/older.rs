//! Rows as older formats had them, and as they are now, for adapters that bring them here.

use onefold_event::{Body, EmptyKeyRing, Event, IdParts, Subject, v1};
use onefold_fold::{FactState, MOST_FACTS, SubjectState};
use prost::Message;

use onefold_store::{DocumentPlace, DocumentRow};

/// Copies of events about one subject, as many as a row no longer holds.
pub fn facts() -> Vec<FactState> {
    let fact =
        |n: usize| FactState { id: [n as u8; 16], fact: [n as u8; 16], offset: n as u64, ..FactState::default() };
    (0..=MOST_FACTS).map(fact).collect()
}

/// A document that was given to somebody.
pub fn given() -> SubjectState {
    state("order:erp:1", v1::DocumentReassigned { to: "party:erp:A".into(), ..Default::default() }.into())
}

/// A document, and where it stands: once it was known whose it was, not when.
pub fn placed() -> (SubjectState, DocumentRow) {
    let place = DocumentPlace { at: 1_700_000_000_000_000, subject: "order:erp:2".to_owned() };
    let state = state(&place.subject, v1::OrderPlaced { ..Default::default() }.into());
    (state, DocumentRow { place, owner: "party:erp:A".to_owned() })
}

fn state(subject: &str, body: Body) -> SubjectState {
    let subject: Subject = subject.parse().expect("a row");
    let parts = ["1".to_owned()];
    let ids = IdParts { source: "erp", part: "", parts: &parts, revision: "" };
    let event = Event::new(ids.event_id(), ids.fact_id(), "erp", subject.clone(), 1_700_000_000_000_000, body)
        .expect("a row")
        .into_decoded(&EmptyKeyRing)
        .expect("an event in clear");
    let mut state = SubjectState::default();
    state.admit(&event, &[7; 16], 1_750_000_000_000_000, 0, 0);
    assert!(state.fold_afresh(&subject, &[event]));
    state
}

/// A stock of one fact, from when it kept that this was about `order:erp:1`; and as it is now.
pub fn reserved() -> (SubjectState, SubjectState) {
    let order = b"\x22\x0f\x08\x0d\x12\x0border:erp:1";
    let row = |order: &[u8]| {
        let fragment = [b"\x08\x10\x10\x01", order].concat();
        SubjectState::decode(&[b"\x12", &[fragment.len() as u8][..], &fragment].concat()[..]).expect("a row")
    };
    (row(order), row(b""))
}
