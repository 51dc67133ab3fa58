//! Files as systems leave them: roughly in order of time, with what is late, doubled and
//! interleaved, and with the corrupted records listed where they came to stand.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

use crate::dice::SeededDice;
use crate::error::SimulateError;
use crate::moment::LocalTime;
use crate::settings::{ExportFeed, SimulationSummary};

struct ExportEntry {
    at: LocalTime,
    rows: Vec<Vec<u8>>,
    /// Why it must be refused, where it must.
    broken: Option<&'static str>,
}

/// One file to be.
pub(crate) struct ExportSheet {
    connector: &'static str,
    name: String,
    heading: Option<Vec<u8>>,
    /// Records of one line, which may stand twice in one file.
    single: bool,
    entries: Vec<ExportEntry>,
    drafts: u64,
}

impl ExportSheet {
    /// A file of which each line is a record.
    pub(crate) fn of_lines(connector: &'static str, name: String, heading: Option<Vec<u8>>) -> Self {
        Self { connector, name, heading, single: true, entries: Vec::new(), drafts: 0 }
    }

    pub(crate) fn push(&mut self, at: LocalTime, rows: Vec<Vec<u8>>) {
        self.entries.push(ExportEntry { at, rows, broken: None });
    }

    pub(crate) fn push_broken(&mut self, at: LocalTime, rows: Vec<Vec<u8>>, reason: &'static str) {
        self.entries.push(ExportEntry { at, rows, broken: Some(reason) });
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}

/// An export and the one that follows it, with what came late, again, or changed. A document of
/// several rows never stands twice in one file: its rows would be taken for one document's.
pub(crate) struct BranchExports {
    pub(crate) main: ExportSheet,
    later: ExportSheet,
    doubled: u64,
}

impl BranchExports {
    pub(crate) fn new(connector: &'static str, stem: &str, branch: u32, heading: Vec<u8>) -> Self {
        let sheet = |suffix: &str| ExportSheet {
            connector,
            name: format!("{stem}-{branch:03}{suffix}.csv"),
            heading: Some(heading.clone()),
            single: false,
            entries: Vec::new(),
            drafts: 0,
        };
        Self { main: sheet(""), later: sheet("-later"), doubled: 0 }
    }

    pub(crate) fn push(&mut self, at: LocalTime, rows: Vec<Vec<u8>>, dice: &mut SeededDice) {
        match dice.between(0, 999) {
            0..=19 => self.later.push(at, rows),
            20..=34 => {
                self.doubled += 1;
                self.later.push(at, rows.clone());
                self.main.push(at, rows);
            }
            _ => self.main.push(at, rows),
        }
    }

    /// Two versions of one document; sometimes the old one arrives last.
    pub(crate) fn push_revised(
        &mut self,
        old: (LocalTime, Vec<Vec<u8>>),
        new: (LocalTime, Vec<Vec<u8>>),
        dice: &mut SeededDice,
    ) {
        let (first, second) = if dice.chance(300) { (new, old) } else { (old, new) };
        self.main.push(first.0, first.1);
        self.later.push(second.0, second.1);
    }

    pub(crate) fn push_draft(&mut self, at: LocalTime, rows: Vec<Vec<u8>>) {
        self.main.drafts += 1;
        self.main.push(at, rows);
    }
}

#[derive(Serialize)]
struct CorruptedLine<'a> {
    file: &'a str,
    /// In the unpacked text, the heading counted.
    line: usize,
    connector: &'a str,
    reason: &'a str,
    /// The record's lines without their ends, joined by a line feed; base64.
    bytes: String,
}

/// The directory that everything goes to.
pub(crate) struct ExportShelf {
    dir: PathBuf,
    corrupted: (PathBuf, BufWriter<File>),
    pub(crate) summary: SimulationSummary,
}

impl ExportShelf {
    pub(crate) fn open(dir: &Path) -> Result<Self, SimulateError> {
        for part in ["erp", "bank", "wms", "carrier", "desk", "truth"] {
            let path = dir.join(part);
            fs::create_dir_all(&path).map_err(SimulateError::write_error(&path))?;
        }
        let path = dir.join("truth/corrupted.ndjson");
        let corrupted = File::create(&path).map_err(SimulateError::write_error(&path))?;
        Ok(Self {
            dir: dir.to_owned(),
            corrupted: (path, BufWriter::new(corrupted)),
            summary: SimulationSummary::default(),
        })
    }

    pub(crate) fn add_exports(&mut self, exports: BranchExports, dice: &mut SeededDice) -> Result<(), SimulateError> {
        self.summary.doubled += exports.doubled;
        self.put_sheet(exports.main, dice)?;
        self.put_sheet(exports.later, dice)
    }

    pub(crate) fn put_sheet(&mut self, mut sheet: ExportSheet, dice: &mut SeededDice) -> Result<(), SimulateError> {
        if sheet.entries.is_empty() {
            return Ok(());
        }
        if sheet.single {
            for index in 0..sheet.entries.len() {
                let entry = &sheet.entries[index];
                if entry.broken.is_none() && dice.chance(15) {
                    self.summary.doubled += 1;
                    let again = ExportEntry {
                        at: entry.at.plus_minutes(dice.between(0, 9_000)),
                        rows: entry.rows.clone(),
                        broken: None,
                    };
                    sheet.entries.push(again);
                }
            }
        }
        let order = arrange_rows(&sheet.entries, dice);
        let path = self.dir.join(&sheet.name);
        let file = File::create(&path).map_err(SimulateError::write_error(&path))?;
        let plain = BufWriter::new(file);
        let written = if sheet.name.ends_with(".gz") {
            let mut packed = GzEncoder::new(plain, Compression::fast());
            self.write_sheet(&sheet, &order, &mut packed)
                .and_then(|()| packed.finish())
                .and_then(|mut plain| plain.flush())
        } else {
            let mut plain = plain;
            self.write_sheet(&sheet, &order, &mut plain).and_then(|()| plain.flush())
        };
        written.map_err(SimulateError::write_error(&path))?;
        self.list_broken(&sheet, &order)?;
        self.summary.records += sheet.entries.len() as u64;
        self.summary.drafts += sheet.drafts;
        self.summary.lines += order.len() as u64;
        self.summary.feeds.push(ExportFeed { connector: sheet.connector, path });
        Ok(())
    }

    fn write_sheet(&self, sheet: &ExportSheet, order: &[(usize, usize)], to: &mut impl Write) -> std::io::Result<()> {
        if let Some(heading) = &sheet.heading {
            to.write_all(heading)?;
            to.write_all(b"\n")?;
        }
        for (entry, row) in order {
            to.write_all(&sheet.entries[*entry].rows[*row])?;
            to.write_all(b"\n")?;
        }
        Ok(())
    }

    fn list_broken(&mut self, sheet: &ExportSheet, order: &[(usize, usize)]) -> Result<(), SimulateError> {
        let first_line = 1 + usize::from(sheet.heading.is_some());
        let mut found: std::collections::BTreeMap<usize, (usize, Vec<&[u8]>)> = std::collections::BTreeMap::new();
        for (place, (entry, row)) in order.iter().enumerate() {
            if sheet.entries[*entry].broken.is_some() {
                let record = found.entry(*entry).or_insert((place + first_line, Vec::new()));
                record.1.push(&sheet.entries[*entry].rows[*row]);
            }
        }
        let mut found: Vec<_> = found.into_iter().map(|(entry, (line, rows))| (line, entry, rows)).collect();
        found.sort_unstable();
        for (line, entry, rows) in found {
            self.summary.corrupted += 1;
            let listed = CorruptedLine {
                file: &sheet.name,
                line,
                connector: sheet.connector,
                reason: sheet.entries[entry].broken.unwrap_or_default(),
                bytes: STANDARD.encode(rows.join(&b'\n')),
            };
            let (path, to) = &mut self.corrupted;
            serde_json::to_writer(&mut *to, &listed)
                .map_err(std::io::Error::from)
                .and_then(|()| to.write_all(b"\n"))
                .map_err(SimulateError::write_error(&*path))?;
        }
        Ok(())
    }

    pub(crate) fn close(mut self) -> Result<SimulationSummary, SimulateError> {
        let (path, to) = &mut self.corrupted;
        to.flush().map_err(SimulateError::write_error(&*path))?;
        Ok(self.summary)
    }
}

/// The order in which rows stand: by time, but for what is late; the rows of some documents
/// between those of others, never more than a few hundred lines apart.
fn arrange_rows(entries: &[ExportEntry], dice: &mut SeededDice) -> Vec<(usize, usize)> {
    let mut by_time: Vec<(LocalTime, usize)> = entries
        .iter()
        .enumerate()
        .map(|(index, entry)| {
            let late = dice.chance(20);
            (if late { entry.at.plus_minutes(dice.between(60, 30_000)) } else { entry.at }, index)
        })
        .collect();
    by_time.sort_unstable();
    let mut rows: Vec<(usize, usize, usize)> = Vec::with_capacity(entries.len() * 2);
    let mut place = 0;
    for (_, index) in by_time {
        let count = entries[index].rows.len();
        let apart = if count > 1 && dice.chance(25) { dice.between(2, 40) as usize } else { 1 };
        for row in 0..count {
            rows.push((place + row * apart, index, row));
        }
        place += count;
    }
    // Stable, so that what falls on one place keeps its order.
    rows.sort_by_key(|(place, _, _)| *place);
    rows.into_iter().map(|(_, index, row)| (index, row)).collect()
}
