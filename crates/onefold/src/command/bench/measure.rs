//! Figures and how they are printed.

use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

/// What a benchmark found, in the order in which it is read.
#[derive(Debug, Default)]
pub(crate) struct BenchReport(Map<String, Value>);

impl BenchReport {
    pub(crate) fn put_figure(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Per second, without digits that mean nothing.
    pub(crate) fn put_rate(&mut self, name: &str, count: u64, took: Duration) -> &mut Self {
        self.put_figure(name, (count as f64 / took.as_secs_f64().max(1e-9)).round())
    }

    /// p50, p99 and the longest, in milliseconds.
    pub(crate) fn put_spread(&mut self, name: &str, mut took: Vec<Duration>) -> &mut Self {
        took.sort_unstable();
        let at = |share: f64| took.get(((took.len() as f64 - 1.0) * share) as usize).map_or(0.0, to_millis);
        self.put_figure(name, json!({"count": took.len(), "p50_ms": at(0.5), "p99_ms": at(0.99), "max_ms": at(1.0)}))
    }
}

pub(crate) fn to_millis(took: &Duration) -> f64 {
    (took.as_secs_f64() * 100_000.0).round() / 100.0
}

/// Times one piece of work.
pub(crate) async fn time_work<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<(T, Duration)> {
    let started = Instant::now();
    Ok((work.await?, started.elapsed()))
}

/// Largest resident memory of this process so far, in MiB (Linux).
pub(crate) fn peak_memory_mib() -> Option<u64> {
    status_mib("VmHWM:")
}

/// Resident memory of this process now, in MiB (Linux).
pub(crate) fn memory_mib() -> Option<u64> {
    status_mib("VmRSS:")
}

fn status_mib(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib / 1024)
}

/// Begins a new peak at what is held now (Linux; elsewhere the old peak stays).
pub(crate) fn forget_peak_memory() {
    let _unsupported = std::fs::write("/proc/self/clear_refs", "5");
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
pub(crate) fn print_report(report: &BenchReport, json: bool) {
    if json {
        println!("{}", Value::Object(report.0.clone()));
        return;
    }
    for (name, value) in &report.0 {
        println!("{name:<28} {value}");
    }
}
