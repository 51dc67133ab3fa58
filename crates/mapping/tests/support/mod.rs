//! Small connectors and records for tests.
#![allow(dead_code)]

use onefold_event::{EmptyKeyRing, Event, Problem};
use onefold_mapping::{Connector, MappingOutcome, NumberedRow, SourceRecord, SourceRow};

/// An order connector whose sections a test adds to.
pub(crate) const ORDERS: &str = r#"
[connector]
name = "t"
source = "erp"
[from]
kind = "file"
[read]
format = "csv"
group_by = ["No"]
[assume]
zone = "Europe/Berlin"
dst = "earlier"
date = ["dd.MM.yyyy", "yyyy-MM-dd"]
time = "dd.MM.yyyy HH:mm"
number = "1.234,56"
currency = "EUR"
blank = ["", "-"]
[event.order]
type = "sales.order_placed.v1"
subject = "No"
id = ["No"]
occurred_at = "At"
[event.order.set]
total = "Total"
"#;

/// The same with a text in place of another.
pub(crate) fn orders(from: &str, to: &str) -> String {
    assert!(ORDERS.contains(from), "{from}");
    ORDERS.replacen(from, to, 1)
}

pub(crate) fn with(more: &str) -> String {
    format!("{ORDERS}{more}")
}

pub(crate) fn parse(text: &str) -> Result<Connector, Vec<Problem>> {
    let load = |file: &str| match file {
        "units.csv" => Ok("erp,unece\nStk,C62\nkg,KGM\n".to_owned()),
        other => Err(format!("no file {other}")),
    };
    Connector::parse("t.toml", text, &load)
}

pub(crate) fn good(text: &str) -> Connector {
    parse(text).unwrap_or_else(|p| panic!("{}", p.iter().map(ToString::to_string).collect::<String>()))
}

/// Codes of what is wrong with a connector, with their lines.
pub(crate) fn codes(text: &str) -> Vec<(String, u32)> {
    let problems = parse(text).err().unwrap_or_default();
    problems.iter().map(|p| (p.code.to_string(), p.mapping.as_ref().map_or(0, |m| m.line))).collect()
}

/// Maps one record: a heading and its rows, comma separated.
pub(crate) fn outcome(connector: &Connector, csv: &str) -> MappingOutcome {
    let mut reader = csv::ReaderBuilder::new().has_headers(true).from_reader(csv.as_bytes());
    let heading: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let plan = connector.plan_heading(&heading).unwrap();
    let rows: Vec<Vec<String>> = reader.deserialize().map(Result::unwrap).collect();
    let rows: Vec<NumberedRow> =
        (rows.iter().enumerate()).map(|(n, r)| NumberedRow { row: SourceRow::Table(r), line: n as u64 + 2 }).collect();
    plan.map(&SourceRecord { resource: "f.csv", rows: &rows, last_line: 0, offset: 7, length: 9 })
}

pub(crate) fn events(connector: &Connector, csv: &str) -> Vec<Event> {
    match outcome(connector, csv) {
        MappingOutcome::Mapped { events, .. } => events,
        MappingOutcome::Skipped { reason } => panic!("skipped: {reason}"),
        MappingOutcome::Quarantined(problems) => {
            panic!("{}", problems.iter().map(ToString::to_string).collect::<String>())
        }
    }
}

/// How many events come of it.
pub(crate) fn error_free(connector: &Connector, csv: &str) -> usize {
    events(connector, csv).len()
}

pub(crate) fn event(connector: &Connector, csv: &str) -> Event {
    let mut events = events(connector, csv);
    assert_eq!(events.len(), 1);
    events.remove(0)
}

pub(crate) fn errors(connector: &Connector, csv: &str) -> Vec<Problem> {
    match outcome(connector, csv) {
        MappingOutcome::Quarantined(problems) => problems,
        other => panic!("{other:?}"),
    }
}

/// Codes of a record's errors, in order.
pub(crate) fn faults(connector: &Connector, csv: &str) -> Vec<String> {
    errors(connector, csv).into_iter().map(|p| p.code.into_owned()).collect()
}

pub(crate) fn order(event: &Event) -> onefold_event::v1::OrderPlaced {
    match event.read(&EmptyKeyRing).unwrap().body {
        onefold_event::Body::OrderPlaced(order) => order,
        other => panic!("{}", other.name()),
    }
}

pub(crate) struct Mapped {
    pub(crate) events: Vec<Event>,
    pub(crate) findings: Vec<Problem>,
}

pub(crate) fn mapped(connector: &Connector, csv: &str) -> Mapped {
    match outcome(connector, csv) {
        MappingOutcome::Mapped { events, findings } => Mapped { events, findings },
        other => panic!("{other:?}"),
    }
}
