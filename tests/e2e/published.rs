//! What is published, held against what the hub answers.

#![allow(dead_code)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use onefold_log::{Log, LogRecord, StoredRecord};
use serde_json::Value;

/// Of each customer id its last record: version, and view or nothing.
pub(crate) type Customers = BTreeMap<String, (i64, Option<Value>)>;

/// How long a log may be out of reach: a broker that has just come back turns readers away for a while.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where each partition of a topic ends.
pub(crate) async fn heads(log: &dyn Log, topic: &str) -> Vec<u64> {
    let began = Instant::now();
    loop {
        match log.heads(topic).await {
            Ok(heads) => return heads,
            Err(error) => assert!(error.retryable() && began.elapsed() < PATIENCE, "{error}"),
        }
    }
}

/// The next records of a partition.
pub(crate) async fn read(log: &dyn Log, topic: &str, partition: u32, from: u64) -> Vec<StoredRecord> {
    let began = Instant::now();
    loop {
        match log.read(topic, partition, from, 1000).await {
            Ok(records) => return records,
            Err(error) => assert!(error.retryable() && began.elapsed() < PATIENCE, "{error}"),
        }
    }
}

/// All records of a topic, in the order of each partition.
pub(crate) async fn records(log: &dyn Log, topic: &str) -> Vec<LogRecord> {
    let mut all = Vec::new();
    let partitions = heads(log, topic).await.len();
    for partition in 0..u32::try_from(partitions).expect("a number") {
        let mut from = 0;
        loop {
            let records = read(log, topic, partition, from).await;
            let Some(last) = records.last() else { break };
            from = last.offset + 1;
            all.extend(records.into_iter().map(|stored| stored.record));
        }
    }
    all
}

/// What a reader of all of `customers` holds in the end.
pub(crate) fn last(records: &[LogRecord]) -> Customers {
    let mut last = Customers::new();
    for record in records {
        let version = header(record, "version").parse().expect("a version");
        let key = String::from_utf8(record.key.to_vec()).expect("an id");
        assert!(last.get(&key).is_none_or(|(before, _)| *before < version), "{key}: {version} comes late");
        let view = (!record.value.is_empty()).then(|| serde_json::from_slice(&record.value).expect("a view"));
        last.insert(key, (version, view));
    }
    last
}

/// Where it is not what the hub answers, of which there are so many customers.
pub(crate) fn differs(published: &Customers, count: &Value, ask: impl Fn(&str) -> Value) -> Option<String> {
    let live = published.values().filter(|(_, view)| view.is_some()).count();
    if *count != live {
        return Some(format!("{live} customers are published of {count}"));
    }
    published.iter().find_map(|(id, (_, view))| {
        let answer = ask(id);
        match view {
            Some(view) => {
                let (said, is) = (timeless(view.clone()), timeless(answer));
                (said != is).then(|| format!("{id} is published as\n{said}\nand is\n{is}"))
            }
            None => (answer["id"] == *id).then(|| format!("{id} is taken away and heads a customer")),
        }
    })
}

/// Parties by customer, as the views say.
pub(crate) fn parties(published: &Customers) -> BTreeMap<String, Vec<String>> {
    let parties = |view: &Value| serde_json::from_value(view["parties"].clone()).expect("parties");
    published.iter().filter_map(|(id, (_, view))| Some((id.clone(), parties(view.as_ref()?)))).collect()
}

/// The same as the feed of `identity` leaves them.
pub(crate) fn replayed(feed: &[LogRecord]) -> BTreeMap<String, Vec<String>> {
    let mut customer_of: BTreeMap<String, String> = BTreeMap::new();
    let mut give = |said: &Value| {
        let id = said["customer"].as_str().expect("an id").to_owned();
        for party in said["parties"].as_array().expect("parties") {
            customer_of.insert(party.as_str().expect("a party").to_owned(), id.clone());
        }
    };
    for record in feed {
        let change: Value = serde_json::from_slice(&record.value).expect("a change");
        match change["change"].as_str() {
            Some("split") => change["into"].as_array().expect("parts").iter().for_each(&mut give),
            Some("opened" | "merged" | "renamed") => give(&change),
            other => panic!("{other:?}"),
        }
    }
    let mut customers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (party, customer) in customer_of {
        customers.entry(customer).or_default().push(party);
    }
    customers
}

/// A header as text.
pub(crate) fn header(record: &LogRecord, name: &str) -> String {
    let value = record.header(name).unwrap_or_else(|| panic!("no header {name}"));
    String::from_utf8(value.to_vec()).expect("a text")
}

/// Without what depends on today, and on more than bundles hold.
fn timeless(mut view: Value) -> Value {
    match &mut view {
        Value::Object(fields) => {
            for name in ["overdue", "ageing", "late", "age_days", "products", "categories"] {
                fields.remove(name);
            }
            fields.values_mut().for_each(|value| *value = timeless(value.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = timeless(item.take())),
        _ => {}
    }
    view
}
