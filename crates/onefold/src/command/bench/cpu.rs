//! Processor time by thread (Linux): what stays comparable on a machine that others use too.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// Hundredths of a second by thread name, as `/proc` counts them.
#[derive(Debug, Default)]
pub(crate) struct Cpu(BTreeMap<String, u64>);

impl Cpu {
    /// As of now; nothing where the system does not say.
    pub(crate) fn now() -> Self {
        let mut all = BTreeMap::new();
        for task in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
            let read = |name: &str| std::fs::read_to_string(task.path().join(name)).unwrap_or_default();
            let stat = read("stat");
            // The name in it may hold anything; numbers begin after its bracket.
            let numbers = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
            let spent: u64 = numbers.skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum();
            *all.entry(read("comm").trim().to_owned()).or_default() += spent;
        }
        Self(all)
    }

    /// Microseconds per event since an earlier moment, by thread; threads that did next to nothing are left out.
    pub(crate) fn per_event(&self, earlier: &Self, events: u64) -> Value {
        let since =
            self.0.iter().map(|(name, spent)| (name, spent.saturating_sub(earlier.0.get(name).copied().unwrap_or(0))));
        let micros = |spent: u64| (spent as f64 * 100_000.0 / events.max(1) as f64).round() / 10.0;
        let all: Map<String, Value> =
            since.filter(|(_, n)| *n > 1).map(|(name, n)| (name.clone(), json!(micros(n)))).collect();
        Value::Object(all)
    }
}
