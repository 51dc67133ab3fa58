//! What the program tells of itself: to standard error, as much as `ONEFOLD_LOG` asks for.

use std::io::{IsTerminal, stderr};

use anyhow::{Context, Result};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use onefold_api::MetricsRender;
use tracing_subscriber::EnvFilter;

/// Sets up telemetry: warnings, and for a process that serves what it does.
pub(crate) fn set_up(serves: bool) {
    let default = if serves { "info" } else { "warn" };
    let filter = std::env::var("ONEFOLD_LOG").unwrap_or_else(|_| default.to_owned());
    let filter = EnvFilter::try_new(&filter).unwrap_or_else(|_| EnvFilter::new(default));
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal())
        .with_target(false);
    // A second set-up in one process leaves the first as it is.
    let _ = subscriber.try_init();
}

/// Upper bounds of what is measured in seconds: from a read by id to a checkpoint that went wrong.
const SECONDS: [f64; 13] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0, 30.0];
const SIZES: [f64; 6] = [1.0, 10.0, 100.0, 1_000.0, 5_000.0, 10_000.0];

/// Begins to measure, and answers what renders it for Prometheus.
pub(crate) fn install_metrics() -> Result<MetricsRender> {
    let handle: PrometheusHandle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_size".to_owned()), &SIZES)?
        .install_recorder()
        .context("metrics cannot be set up")?;
    let upkeep = handle.clone();
    // What is measured is gathered even while nobody asks, so that it takes no room.
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(std::time::Duration::from_secs(5)).await;
            upkeep.run_upkeep();
        }
    });
    Ok(std::sync::Arc::new(move || handle.render()))
}
