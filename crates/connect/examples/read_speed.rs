//! How fast files are read and mapped: `cargo run --release -p onefold-connect --example read_speed -- CONNECTOR FILE...`.
#![allow(clippy::print_stdout)]

use onefold_connect::{Input, rehearse};
use onefold_mapping::Connector;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().ok_or("CONNECTOR FILE...")?;
    let directory = std::path::Path::new(&file).parent().unwrap_or(std::path::Path::new(".")).to_owned();
    let load = |name: &str| std::fs::read_to_string(directory.join(name)).map_err(|e| e.to_string());
    let connector = Connector::parse(&file, &std::fs::read_to_string(&file)?, &load)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect::<String>())?;
    let inputs = Input::expand(&arguments.collect::<Vec<_>>())?;
    let report = tokio::runtime::Builder::new_multi_thread().build()?.block_on(rehearse(
        &connector,
        &inputs,
        Default::default(),
        &|_| {},
    ))?;
    println!(
        "{} lines, {} records, {} events, {} skipped, {} quarantined in {:.2} s: {:.0} lines/s",
        report.lines,
        report.records,
        report.events,
        report.skipped,
        report.quarantined,
        report.seconds,
        report.lines as f64 / report.seconds
    );
    for (code, seen) in &report.problems {
        println!(
            "{code}: {} records, such as {}",
            seen.records,
            seen.examples.first().map_or(String::new(), |e| e.problem.to_string())
        );
    }
    Ok(())
}
