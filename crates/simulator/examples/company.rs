//! Writes a company: `cargo run --example company -- DIR [CUSTOMERS [SEED]]`.

use std::io::Write;
use std::path::Path;

use onefold_simulator::{CompanySettings, simulate};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let dir = words.next().ok_or("which directory?")?;
    let mut settings = CompanySettings::default();
    if let Some(customers) = words.next() {
        settings.customers = customers.parse()?;
    }
    if let Some(seed) = words.next() {
        settings.seed = seed.parse()?;
    }
    let summary = simulate(Path::new(&dir), &settings)?;
    let mut out = std::io::stdout().lock();
    for feed in &summary.feeds {
        writeln!(out, "{:18} {}", feed.connector, feed.path.display())?;
    }
    writeln!(
        out,
        "{} customers, {} records in {} lines, {} doubled, {} corrupted, {} drafts",
        summary.customers, summary.records, summary.lines, summary.doubled, summary.corrupted, summary.drafts
    )?;
    Ok(())
}
