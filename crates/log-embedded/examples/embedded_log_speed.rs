//! How fast the embedded log is on this machine.
//!
//! `cargo run --release -p onefold-log-embedded --example embedded_log_speed -- [records] [page size]
//! [checkpoint pages] [directory]`

#![allow(clippy::print_stdout, reason = "figures are what it is for")]

use std::path::PathBuf;
use std::sync::Arc;

use onefold_log::{LogError, speed};
use onefold_log_embedded::{EmbeddedLog, EmbeddedOptions};

#[tokio::main]
async fn main() -> Result<(), LogError> {
    let argument = |at: usize| std::env::args().nth(at);
    let number = |at: usize| argument(at).and_then(|text| text.parse::<u64>().ok());
    let plan = speed::Plan { records: number(1).unwrap_or(2_000_000), fetches: 100_000 };
    let mut options = EmbeddedOptions::default();
    options.page_size = number(2).map_or(options.page_size, |n| n as u32);
    options.checkpoint_pages = number(3).map_or(options.checkpoint_pages, |n| n as u32);
    let dir = tempfile::tempdir_in(argument(4).map_or_else(std::env::temp_dir, PathBuf::from));
    let dir = dir.map_err(|error| LogError::Unavailable(error.to_string()))?;
    println!("{options:?}, {plan:?}, batches of {}, {} partitions", speed::BATCH, speed::PARTITIONS);

    let open = async |name: &str| EmbeddedLog::open(&dir.path().join(name), options.clone()).map(Arc::new);
    speed::all(open, plan, |line| println!("{line}")).await?;
    for name in ["one", "four"] {
        let size = |end: &str| std::fs::metadata(dir.path().join(format!("{name}{end}"))).map_or(0, |m| m.len());
        println!("on disk: {} MB, write-ahead {} MB", size("") / 1_000_000, size("-wal") / 1_000_000);
    }
    Ok(())
}
