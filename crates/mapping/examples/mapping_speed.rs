//! Maps a CSV of invoice lines and says how fast and what came out.
//!
//! `cargo run --release -p onefold-mapping --example mapping_speed -- CONNECTOR.toml FILE.csv`
#![allow(clippy::print_stdout)]

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use onefold_event::{Body, EmptyKeyRing, parse_decimal, render_record_problems};
use onefold_mapping::{Connector, MappingOutcome, NumberedRow, SourceRecord, SourceRow, TableRow};
use rust_decimal::Decimal;

/// A row as the CSV reader keeps it: lent, not copied.
#[derive(Debug)]
struct CsvRow(csv::StringRecord);

impl TableRow for CsvRow {
    fn cell(&self, column: usize) -> Option<&str> {
        self.0.get(column)
    }

    fn column_count(&self) -> usize {
        self.0.len()
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(file), Some(data)) = (arguments.next(), arguments.next()) else {
        return Err("expected CONNECTOR.toml FILE.csv".into());
    };
    let text = std::fs::read_to_string(&file)?;
    let connector = match Connector::parse(&file, &text, &|f| std::fs::read_to_string(f).map_err(|e| e.to_string())) {
        Ok(connector) => connector,
        Err(problems) => {
            problems.iter().for_each(|p| println!("{p}"));
            return Err(format!("{} problems in {file}", problems.len()).into());
        }
    };
    for outcome in connector.run_tests() {
        println!("test {}: {}", outcome.name, if outcome.problems.is_empty() { "passed" } else { "FAILED" });
        outcome.problems.iter().for_each(|p| println!("{p}"));
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(true).from_path(&data)?;
    let heading: Vec<String> = reader.headers()?.iter().map(str::to_owned).collect();
    let rows: Vec<CsvRow> = reader.records().map(|row| row.map(CsvRow)).collect::<Result<_, _>>()?;
    let plan = connector.plan_heading(&heading).map_err(|p| format!("{p:?}"))?;
    let (mut groups, mut at): (Vec<Vec<NumberedRow>>, HashMap<String, usize>) = Default::default();
    for (n, row) in rows.iter().enumerate() {
        let one = NumberedRow { row: SourceRow::Table(row), line: n as u64 + 2 };
        let key = plan.group_key(row).unwrap_or_default();
        let slot = *at.entry(key).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[slot].push(one);
    }
    let start = Instant::now();
    let mut sums: BTreeMap<&str, (u64, Decimal)> = BTreeMap::new();
    let (mut skipped, mut quarantined) = (0_u64, 0_u64);
    for rows in &groups {
        let record = SourceRecord { resource: &data, rows, last_line: 0, offset: 0, length: 0 };
        match plan.map(&record) {
            MappingOutcome::Mapped { events, .. } => {
                for event in events {
                    let total = match event.read(&EmptyKeyRing)?.body {
                        Body::InvoiceIssued(m) => m.total,
                        Body::CreditNoteIssued(m) => m.total,
                        Body::AdjustmentPosted(m) => m.amount,
                        _ => None,
                    };
                    let sum = sums.entry(event.ty().name).or_default();
                    sum.0 += 1;
                    sum.1 += parse_decimal(total.as_ref().map_or("0", |t| &t.amount))?;
                }
            }
            MappingOutcome::Skipped { .. } => skipped += 1,
            MappingOutcome::Quarantined(problems) => {
                quarantined += 1;
                if quarantined <= 5 {
                    let lines = (rows[0].line, rows[rows.len() - 1].line);
                    println!("{}", render_record_problems(&problems, &data, lines, "", &|_| None));
                }
            }
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    for (name, (count, sum)) in sums {
        println!("{name}: {count} events, {sum}");
    }
    let rate = rows.len() as f64 / seconds;
    println!("{} rows, {} records, {skipped} skipped, {quarantined} quarantined", rows.len(), groups.len());
    println!("{seconds:.2} s, {rate:.0} rows/s on one core");
    Ok(())
}
