//! What the program tells of itself: to standard error, as much as `ONEFOLD_LOG` asks for.

use std::io::{IsTerminal, stderr};

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
