//! Claims about quarantine.

use crate::answer::{done, some};
use onefold_store::{ProjectStore, Quarantine, QuarantineEntry, QuarantineFilter, RowChanges, Store};

fn entry(key: &str, connector: &str, codes: &str) -> QuarantineEntry {
    QuarantineEntry {
        number: 0,
        key: key.to_owned(),
        connector: connector.to_owned(),
        resource: "orders.csv".to_owned(),
        first_line: 3,
        last_line: 3,
        raw: b"\xff\x00 no text".to_vec(),
        length: 10,
        sha256: "00".to_owned(),
        codes: codes.to_owned(),
        problems: serde_json::json!([{ "code": codes, "text": "a \u{0} in it" }]),
        context: serde_json::Value::Null,
        first_seen: 1,
        last_seen: 1,
        tries: 1,
        decision: String::new(),
        why: String::new(),
    }
}

pub(crate) async fn the_same_key_again_keeps_one_entry(store: &dyn Store) {
    let first = entry("orders.csv:3", "shop", "bad_amount");
    assert_eq!(done(store.put(vec![first.clone(), entry("orders.csv:4", "shop", "bad_date")]).await), [1, 2]);
    let again = QuarantineEntry { last_seen: 9, ..entry("orders.csv:3", "shop", "bad_date") };
    assert_eq!(done(store.put(vec![again]).await), [1]);
    assert_eq!(done(store.put(vec![entry("orders.csv:5", "shop", "bad_date")]).await), [3], "numbers have no gaps");
    let kept = some(done(store.get(1).await));
    assert_eq!((kept.number, kept.first_seen, kept.last_seen, kept.tries), (1, 1, 9, 2));
    assert_eq!((kept.codes.as_str(), &kept.raw), ("bad_date", &first.raw));
    assert_eq!(kept.problems[0]["text"], "a \u{0} in it");
    assert_eq!(done(Quarantine::open(store).await), 3);
}

pub(crate) async fn entries_are_listed_by_what_is_asked(store: &dyn Store) {
    let all = [("a", "shop", "bad_amount"), ("b", "erp", "bad_amount,bad_date"), ("c", "shop", "bad_date")];
    done(store.put(all.iter().map(|(key, connector, codes)| entry(key, connector, codes)).collect()).await);
    done(store.decide(1, "discarded", "a test").await);
    let numbers = async |filter: QuarantineFilter, after, limit| -> Vec<u64> {
        done(store.list(&filter, after, limit).await).into_iter().map(|entry| entry.number).collect()
    };
    assert_eq!(numbers(QuarantineFilter::default(), 0, 10).await, [2, 3]);
    let everything = QuarantineFilter { all: true, ..Default::default() };
    assert_eq!(numbers(everything.clone(), 0, 2).await, [1, 2]);
    assert_eq!(numbers(everything, 2, 2).await, [3]);
    assert_eq!(numbers(QuarantineFilter { connector: Some("shop".into()), ..Default::default() }, 0, 10).await, [3]);
    assert_eq!(numbers(QuarantineFilter { code: Some("bad_amount".into()), ..Default::default() }, 0, 10).await, [2]);
}

pub(crate) async fn an_entry_is_decided_once(store: &dyn Store) {
    done(store.put(vec![entry("a", "shop", "bad_date")]).await);
    assert!(!done(store.decide(7, "retried", "no such").await));
    assert!(done(store.decide(1, "retried", "mapped anew").await));
    assert!(!done(store.decide(1, "discarded", "too late").await));
    let kept = some(done(store.get(1).await));
    assert_eq!((kept.decision.as_str(), kept.why.as_str()), ("retried", "mapped anew"));
    assert_eq!(done(Quarantine::open(store).await), 0);
    assert_eq!(done(store.get(7).await), None);
}

pub(crate) async fn what_the_projector_refuses_is_there_with_its_position_and_once(store: &dyn Store) {
    let refused = async |from, to, keys: &[&str], commits| {
        let mut tx = done(ProjectStore::begin(store, &[(0, from, to)]).await);
        let refused = keys.iter().map(|key| entry(key, "log", "R0501")).collect();
        done(tx.save(RowChanges { refused, ..RowChanges::default() }).await);
        if commits {
            done(tx.commit().await);
        }
    };
    refused(0, 1, &["events/0/0"], false).await;
    assert_eq!(done(Quarantine::open(store).await), 0);
    refused(0, 1, &["events/0/0"], true).await;
    let number = done(store.list(&QuarantineFilter::default(), 0, 10).await)[0].number;
    let first = some(done(store.get(number).await));
    assert_eq!((&first.raw, first.tries), (&entry("", "", "").raw, 1));
    assert!(done(store.decide(number, "discarded", "nobody's").await));
    // Met again, beside one that is new.
    refused(1, 2, &["events/0/0", "events/0/1"], true).await;
    let all = done(store.list(&QuarantineFilter { all: true, ..Default::default() }, 0, 10).await);
    let told: Vec<_> = all.iter().map(|entry| (entry.number, entry.key.as_str(), entry.tries)).collect();
    assert_eq!(told, [(number, "events/0/0", 1), (number + 1, "events/0/1", 1)]);
    assert_eq!((all[0].decision.as_str(), all[0].why.as_str()), ("discarded", "nobody's"));
    assert_eq!(done(Quarantine::open(store).await), 1);
}
