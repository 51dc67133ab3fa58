//! Reads a company's files as an outsider would, without a line of the simulator's own code.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use encoding_rs::{Encoding, GBK, UTF_8, WINDOWS_1252};
use onefold_simulator::{CompanySettings, SimulationSummary, simulate};
use serde_json::Value;
use tempfile::TempDir;

/// A row of a table by heading, or the top level of a JSON record.
pub(crate) type Row = BTreeMap<String, String>;

pub(crate) struct Company {
    pub(crate) dir: TempDir,
    pub(crate) summary: SimulationSummary,
}

pub(crate) fn company(customers: u32, seed: u64, branch: u32) -> Company {
    let dir = TempDir::new().expect("a temporary directory");
    let settings = CompanySettings { customers, seed, branch, ..CompanySettings::default() };
    let summary = simulate(dir.path(), &settings).expect("a company");
    Company { dir, summary }
}

pub(crate) fn bytes(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).expect("an export");
    if path.extension().is_some_and(|extension| extension == "gz") {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut plain).expect("gzip");
        return plain;
    }
    bytes
}

pub(crate) fn lines(path: &Path) -> Vec<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = bytes(path).split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    assert_eq!(lines.pop(), Some(Vec::new()), "the last line ends");
    lines
}

impl Company {
    pub(crate) fn feeds(&self, connector: &str) -> Vec<PathBuf> {
        self.summary.feeds.iter().filter(|feed| feed.connector == connector).map(|feed| feed.path.clone()).collect()
    }

    pub(crate) fn truth(&self, name: &str) -> String {
        fs::read_to_string(self.dir.path().join("truth").join(name)).expect("the truth")
    }

    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.truth(name)).expect("JSON")
    }

    pub(crate) fn ndjson(&self, name: &str) -> Vec<Value> {
        self.truth(name).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// All sound rows of a connector's files, in the order in which they stand.
    pub(crate) fn rows(&self, connector: &str) -> Vec<Row> {
        let (charset, delimiter): (&'static Encoding, u8) = match connector.split('-').next() {
            Some("erp") => (GBK, b','),
            Some("bank") => (WINDOWS_1252, b';'),
            _ => (UTF_8, b','),
        };
        let mut rows = Vec::new();
        for path in self.feeds(connector) {
            let mut lines = lines(&path).into_iter();
            let headings = cells(&lines.next().expect("a heading"), charset, delimiter).expect("a sound heading");
            for line in lines {
                if line.starts_with(b"X0") {
                    continue; // made to be refused
                }
                let cells = cells(&line, charset, delimiter).expect("a sound row");
                assert_eq!(cells.len(), headings.len(), "{cells:?}");
                rows.push(headings.iter().cloned().zip(cells).collect());
            }
        }
        rows
    }

    /// All sound records of a connector's NDJSON files.
    pub(crate) fn records(&self, connector: &str) -> Vec<Value> {
        let mut records = Vec::new();
        for path in self.feeds(connector) {
            for line in lines(&path) {
                let Ok(record) = serde_json::from_slice::<Value>(&line) else { continue };
                if ["id", "entry", "case"].iter().any(|key| record[key].as_str().is_some_and(|n| n.starts_with("X0"))) {
                    continue; // made to be refused
                }
                records.push(record);
            }
        }
        records
    }
}

fn cells(line: &[u8], charset: &'static Encoding, delimiter: u8) -> Option<Vec<String>> {
    let text = charset.decode_without_bom_handling_and_without_replacement(line)?;
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).from_reader(text.as_bytes());
    let record = reader.records().next()?.ok()?;
    Some(record.iter().map(str::to_owned).collect())
}

/// Cents of an amount whose groups are parted by this sign.
pub(crate) fn cents(text: &str, group: char, point: char) -> i128 {
    let bare: String = text.chars().filter(|c| *c != group && *c != point).collect();
    assert!(text.chars().rev().nth(2) == Some(point), "two places: {text}");
    bare.parse().expect("an amount")
}

pub(crate) fn erp_cents(text: &str) -> i128 {
    cents(text, ',', '.')
}

pub(crate) fn bank_cents(text: &str) -> i128 {
    cents(text, '.', ',')
}

pub(crate) fn plain_cents(value: &Value) -> i128 {
    cents(value.as_str().expect("an amount"), '_', '.')
}
