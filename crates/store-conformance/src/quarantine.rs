//! Claims about quarantine.

use crate::answer::{done, some};
use onefold_store::{
    ProjectStore, Quarantine, QuarantineDecision, QuarantineEntry, QuarantineFilter, RowChanges, Store,
};

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

async fn decide(store: &dyn Store, decisions: &[(u64, &'static str, &str)]) -> u64 {
    let decision = |(number, decision, why): &(u64, &'static str, &str)| QuarantineDecision {
        number: *number,
        decision,
        why: (*why).to_owned(),
    };
    done(store.decide(decisions.iter().map(decision).collect()).await)
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
    assert_eq!(decide(store, &[(1, "discarded", "a test")]).await, 1);
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
    assert_eq!(decide(store, &[]).await, 0);
    assert_eq!(decide(store, &[(7, "retried", "no such")]).await, 0);
    assert_eq!(decide(store, &[(1, "retried", "mapped anew")]).await, 1);
    assert_eq!(decide(store, &[(1, "discarded", "too late")]).await, 0);
    let kept = some(done(store.get(1).await));
    assert_eq!((kept.decision.as_str(), kept.why.as_str()), ("retried", "mapped anew"));
    assert_eq!(done(Quarantine::open(store).await), 0);
    assert_eq!(done(store.get(7).await), None);
}

pub(crate) async fn entries_are_decided_together_each_with_its_reason(store: &dyn Store) {
    done(store.put(["a", "b", "c", "d"].map(|key| entry(key, "shop", "bad_date")).into()).await);
    assert_eq!(decide(store, &[(2, "discarded", "a test")]).await, 1);
    // Only those that were open count, and one that is named twice is closed once.
    let all = [
        (3, "retried", "no \u{0} more"),
        (9, "retried", "no such"),
        (2, "retried", "too late"),
        (1, "retried", "anew"),
        (1, "retried", "anew"),
    ];
    assert_eq!(decide(store, &all).await, 2);
    let list = done(store.list(&QuarantineFilter { all: true, ..Default::default() }, 0, 10).await);
    let told: Vec<_> = list.iter().map(|entry| (entry.decision.as_str(), entry.raw.len())).collect();
    assert_eq!(told, [("retried", 10), ("discarded", 10), ("retried", 10), ("", 10)]);
    assert_eq!((list[0].why.as_str(), list[1].why.as_str(), list[2].why.len() > 8), ("anew", "a test", true));
    assert_eq!(done(Quarantine::open(store).await), 1);
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
    assert_eq!(decide(store, &[(number, "discarded", "nobody's")]).await, 1);
    // Met again, beside one that is new.
    refused(1, 2, &["events/0/0", "events/0/1"], true).await;
    let all = done(store.list(&QuarantineFilter { all: true, ..Default::default() }, 0, 10).await);
    let told: Vec<_> = all.iter().map(|entry| (entry.number, entry.key.as_str(), entry.tries)).collect();
    assert_eq!(told, [(number, "events/0/0", 1), (number + 1, "events/0/1", 1)]);
    assert_eq!((all[0].decision.as_str(), all[0].why.as_str()), ("discarded", "nobody's"));
    assert_eq!(done(Quarantine::open(store).await), 1);
}
