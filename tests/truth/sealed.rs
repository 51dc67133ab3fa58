//! A simulated company whose personal parts are sealed under keys that are thrown away: what is left of its views.

#[path = "../e2e/harness.rs"]
mod harness;

use std::collections::BTreeSet;

use chacha20poly1305::aead::Aead;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, Nonce};
use harness::{Home, connector};
use onefold_customer::StatusRows;
use onefold_event::{EmptyKeyRing, Event, Subject, SubjectKind, decode};
use onefold_fold::SubjectState;
use onefold_log::{EVENTS_TOPIC, Log};
use onefold_log_embedded::EmbeddedLog;
use onefold_simulator::{CompanySettings, simulate};
use onefold_testkit::{Shape, TestHub};
use onefold_view::MoneyMeasure;
use rand::Rng;

/// Every event of a small company, as the program took it in.
async fn company() -> Vec<(Event, i64)> {
    let home = Home::new();
    let directory = home.path("company");
    let summary =
        simulate(&directory, &CompanySettings { customers: 40, ..CompanySettings::default() }).expect("a company");
    for feed in &summary.feeds {
        home.run(&["ingest", "--connector", &connector(feed.connector), &feed.path.display().to_string()]);
    }
    let log = EmbeddedLog::open_read(&home.data().join("log.db")).expect("the log");
    let mut events = Vec::new();
    for partition in (0..).take(log.heads(EVENTS_TOPIC).await.expect("heads").len()) {
        let records = log.read(EVENTS_TOPIC, partition, 0, usize::MAX >> 1).await.expect("a read");
        let event = |value: &[u8]| decode(value).expect("an event of ours");
        events.extend(records.iter().map(|stored| (event(&stored.record.value), stored.record.time)));
    }
    events
}

/// The same event with its personal part encrypted (RFC 8439) under a key that nobody keeps.
fn shredded((event, at): &(Event, i64)) -> (Event, i64) {
    let mut key = [0; 32];
    rand::rng().fill(&mut key);
    let cipher = ChaCha20Poly1305::new(&key.into());
    // A key that seals one message may do so under any nonce.
    let seal = |clear: &[u8]| cipher.encrypt(&Nonce::default(), clear).expect("a message of some kilobytes");
    (event.clone().seal_with(b"thrown away", seal), *at)
}

async fn hub(events: &[(Event, i64)]) -> TestHub {
    let mut hub = TestHub::new(Shape::default()).await;
    hub.append_at(events).await;
    hub.settle().await;
    let verified = hub.verify().await;
    assert!(verified.is_equal(), "{verified:#?}");
    hub
}

async fn states(hub: &TestHub, subjects: &[String]) -> Vec<SubjectState> {
    let rows = hub.store.subjects(subjects).await.expect("subjects");
    subjects.iter().zip(rows).map(|(key, row)| row.unwrap_or_else(|| panic!("{key} fell out of the views"))).collect()
}

fn total(status: &StatusRows) -> (i64, Vec<(String, String)>) {
    let all = &status.counts.totals;
    let measures =
        [MoneyMeasure::Ordered, MoneyMeasure::Invoiced, MoneyMeasure::Credited, MoneyMeasure::Paid, MoneyMeasure::Open];
    let amounts = all.money.currencies().into_iter().flat_map(|currency| {
        measures.map(|measure| (format!("{measure:?} {currency}"), all.money.amount(measure, &currency)))
    });
    (all.documents, amounts.collect())
}

/// Whether an owner key is a party's that a source recorded: no identifier, and no guest that an identifier made.
fn is_recorded(key: &str) -> bool {
    key.parse::<Subject>().is_ok_and(|subject| subject.kind() == SubjectKind::Party && !key.contains(":guest:"))
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_and_ownership_by_party_outlive_the_keys_and_names_do_not() {
    let events = company().await;
    let sealed: Vec<_> = events.iter().map(shredded).collect();
    let changed = events.iter().zip(&sealed).filter(|(clear, sealed)| clear != sealed).count();
    assert!(changed * 10 > events.len(), "{changed} of {} events had a personal part", events.len());
    assert!(sealed.iter().all(|(event, _)| event.read(&EmptyKeyRing).is_ok()), "a sealed event is no error");
    let (before, after) = (hub(&events).await, hub(&sealed).await);

    let (told, left) = (before.status().await, after.status().await);
    assert_eq!((told.counts.subjects, told.counts.conflicts), (left.counts.subjects, left.counts.conflicts));
    assert_eq!(total(&told), total(&left));
    assert_eq!(before.store.open().await, Ok(0));
    assert_eq!(after.store.open().await, Ok(0), "what is sealed is not refused");

    let subjects: BTreeSet<String> = events.iter().map(|(event, _)| event.header.subject.to_string()).collect();
    let subjects: Vec<String> = subjects.into_iter().collect();
    let mut owned = 0;
    for ((key, clear), sealed) in
        subjects.iter().zip(states(&before, &subjects).await).zip(states(&after, &subjects).await)
    {
        assert!(!sealed.failed && sealed.facts.len() == clear.facts.len(), "{key}");
        let (was, is) = (clear.owner_keys(), sealed.owner_keys());
        for (was, is) in [(&was.trade, &is.trade), (&was.receivable, &is.receivable)] {
            if is_recorded(was) {
                assert_eq!(was, is, "whose {key} is");
                owned += 1;
            }
        }
    }
    assert!(owned > 100, "{owned} owners compared");

    let mut named = 0;
    for party in subjects.iter().filter(|key| key.starts_with("party:")) {
        let clear = before.customer(party).await.view(&Shape::default().rules(), None, None);
        let sealed = after.customer(party).await.view(&Shape::default().rules(), None, None);
        named += usize::from(clear.profile.contains_key("name"));
        assert!(!sealed.profile.contains_key("name"), "{party} still has a name: {:?}", sealed.profile);
        let kept: Vec<_> =
            sealed.identifiers.iter().filter(|held| held.kind != "number").map(|held| &held.key).collect();
        assert!(kept.is_empty(), "{party} still holds {kept:?}");
    }
    assert!(named > 40, "{named} parties had a name");
}
