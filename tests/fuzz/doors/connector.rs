//! A connector file: parsed, compiled, and used on a few records.

use onefold_event::render_problem;
use onefold_mapping::{Connector, NumberedRow, RecordFormat, SourceRecord, SourceRow};
use serde_json::{Value, json};

use super::Fate;
use super::records::{check_outcome, check_problems};

/// Columns and fields that the corpus reads.
const HEADING: [&str; 8] = ["A", "B", "C", "D", "T", "W", "N", "Z"];
const ROWS: [[&str; 8]; 3] = [
    ["1,200.50", "999", "EUR", "2026/3/9", "2026-03-09 10:00", "xAb", "1.5", "Asia/Shanghai"],
    [
        "-79228162514264337593543950335",
        "0.0000000001",
        "USD",
        "31.12.2099",
        "2010-10-31 01:30",
        "",
        "-0",
        "America/Sao_Paulo",
    ],
    ["K-1", "", "JPY", "45000", "1767225600", "straße 一", "18446744073709551615", "Z"],
];

/// A text as a connector file.
pub(super) fn compile(bytes: &[u8]) -> Fate {
    let Ok(text) = std::str::from_utf8(bytes) else { return Fate::Refused };
    let load = |file: &str| match file {
        "units.csv" => Ok("erp,unece\nStk,C62\nkg,KGM\n".to_owned()),
        other => Err(format!("no file {other}")),
    };
    let connector = match Connector::parse("fuzz.toml", text, &load) {
        Ok(connector) => connector,
        Err(problems) => {
            check_problems(&problems, 'M');
            problems.iter().for_each(|problem| assert!(!render_problem(problem, "", &|_| None).is_empty()));
            return Fate::Refused;
        }
    };
    for test in connector.run_tests() {
        test.problems.iter().for_each(|problem| assert!(!problem.to_string().is_empty()));
    }
    let again = Connector::parse("fuzz.toml", text, &load).unwrap_or_else(|problems| panic!("{}", problems[0]));
    assert_eq!(again.digest(), connector.digest());
    use_it(&connector, &again);
    Fate::Taken
}

/// Maps all records one by one and together, by two readings of the same file.
fn use_it(connector: &Connector, again: &Connector) {
    let heading = HEADING.map(str::to_owned);
    let (Ok(plan), Ok(other)) = (connector.plan_heading(&heading), again.plan_heading(&heading)) else { return };
    let tree: Vec<Value> = ROWS.iter().map(object).collect();
    let is_table = connector.read_settings().format == RecordFormat::Csv;
    let rows: Vec<NumberedRow<'_>> = match is_table {
        true => ROWS.iter().zip(2..).map(|(row, line)| NumberedRow { row: SourceRow::Table(row), line }).collect(),
        false => {
            tree.iter().zip(1..).map(|(value, line)| NumberedRow { row: SourceRow::Json(value, value), line }).collect()
        }
    };
    for rows in rows.chunks(1).chain([rows.as_slice()]).filter(|rows| is_table || rows.len() == 1) {
        let record = SourceRecord { resource: "r", rows, last_line: 0, offset: 0, length: 0 };
        let outcome = plan.map(&record);
        check_outcome(&outcome, 1 << 10);
        assert_eq!(outcome, other.map(&record), "the same file says something else");
    }
}

fn object(row: &[&str; 8]) -> Value {
    let mut value: Value = HEADING.iter().zip(row).map(|(name, text)| ((*name).to_owned(), json!(text))).collect();
    value["L"] = json!([{ "A": 1.25, "W": null }, { "A": "x", "W": [1, [2]] }, 7]);
    value["O"] = json!({ "A": -1e300, "W": true });
    value
}
