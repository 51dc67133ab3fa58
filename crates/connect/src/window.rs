//! The grouping window: rows of one key are one document, wherever they stand within it.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use onefold_event::Problem;
use onefold_format::RawRow;

use crate::fault;

/// Rows that belong together, in the order of the file.
#[derive(Debug, Default)]
pub(crate) struct SourceDocument {
    pub(crate) rows: Vec<RawRow>,
    /// Why it cannot be taken in, whatever its rows say.
    pub(crate) spoiled: Vec<Problem>,
}

#[derive(Debug)]
struct OpenDocument {
    rows: Vec<RawRow>,
    spoiled: Vec<Problem>,
    /// Number of the last row that touched it.
    last: u64,
}

/// Holds documents back until they are whole.
#[derive(Debug)]
pub(crate) struct Window {
    /// None: until the end of the file.
    within: Option<u64>,
    row: u64,
    /// Bytes of memory of the rows that are held back, about.
    held: u64,
    open: HashMap<Arc<str>, OpenDocument>,
    /// (number of the row, document it touched), in order; only the last touch of each counts.
    touched: VecDeque<(u64, Arc<str>)>,
    /// Documents that have left, by a hash of 128 bits: the last line of each.
    gone: HashMap<(u64, u64), u64>,
}

impl Window {
    pub(crate) fn new(within: Option<u64>) -> Self {
        Self { within, row: 0, held: 0, open: HashMap::new(), touched: VecDeque::new(), gone: HashMap::new() }
    }

    /// Documents that are still open.
    pub(crate) fn open(&self) -> usize {
        self.open.values().filter(|d| !d.rows.is_empty()).count()
    }

    /// Bytes of memory that they take, about.
    pub(crate) fn held(&self) -> u64 {
        self.held
    }

    /// Counts a row that belongs to no document.
    pub(crate) fn pass(&mut self) {
        self.row += 1;
    }

    /// Adds a row to its document; `fault` is why the row itself cannot be read.
    pub(crate) fn add(&mut self, key: &str, row: RawRow, fault: Option<Problem>) {
        self.row += 1;
        let late = self.late(key, row.place.first_line);
        self.held += size(&row);
        let document = self.touch(key);
        document.spoiled.extend(late);
        document.spoiled.extend(fault);
        document.rows.push(row);
    }

    /// Spoils a document that a row which cannot be read may belong to; it may yet begin.
    pub(crate) fn spoil(&mut self, key: &str, problem: Problem) {
        if !self.gone.contains_key(&hash(key)) {
            self.touch(key).spoiled.push(problem);
        }
    }

    /// The next document that is whole: no row of it within the window.
    pub(crate) fn due(&mut self) -> Option<SourceDocument> {
        let within = self.within?;
        while let Some((at, _)) = self.touched.front() {
            if at.saturating_add(within) >= self.row {
                return None;
            }
            let (at, key) = self.touched.pop_front()?;
            if let Some(document) = self.leave(at, &key) {
                return Some(document);
            }
        }
        None
    }

    /// At the end of the file every document is whole: takes the next one.
    pub(crate) fn rest(&mut self) -> Option<SourceDocument> {
        while let Some((at, key)) = self.touched.pop_front() {
            if let Some(document) = self.leave(at, &key) {
                return Some(document);
            }
        }
        None
    }

    fn touch(&mut self, key: &str) -> &mut OpenDocument {
        let key: Arc<str> = match self.open.get_key_value(key) {
            Some((known, _)) => Arc::clone(known),
            None => key.into(),
        };
        let row = self.row;
        self.touched.push_back((row, Arc::clone(&key)));
        let document =
            self.open.entry(key).or_insert_with(|| OpenDocument { rows: Vec::new(), spoiled: Vec::new(), last: row });
        document.last = row;
        document
    }

    /// None for a touch that was not the last, and for a document that was only feared for.
    fn leave(&mut self, at: u64, key: &Arc<str>) -> Option<SourceDocument> {
        if self.open.get(key).is_none_or(|document| document.last != at) {
            return None;
        }
        let document = self.open.remove(key)?;
        let last = document.rows.last()?.place.last_line;
        self.held -= document.rows.iter().map(size).sum::<u64>();
        self.gone.insert(hash(key), last);
        Some(SourceDocument { rows: document.rows, spoiled: document.spoiled })
    }

    /// The first row of a document that has left already.
    fn late(&self, key: &str, line: u64) -> Option<Problem> {
        if self.open.get(key).is_some_and(|d| !d.rows.is_empty()) {
            return None;
        }
        let after = self.gone.get(&hash(key))?;
        Some(fault::late(key, line, self.within.unwrap_or_default(), *after))
    }
}

/// A row's bytes, its fields, which are as many again, and what they are kept in.
fn size(row: &RawRow) -> u64 {
    const FRAME: usize = 256;
    (2 * row.raw.len() + FRAME) as u64
}

fn hash(key: &str) -> (u64, u64) {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, key).hash(&mut hasher);
        hasher.finish()
    };
    (half(0), half(1))
}

#[cfg(test)]
mod tests {
    use onefold_format::{RowContent, RowPlace};
    use onefold_mapping::TableRow;
    use proptest::prelude::*;

    use super::*;

    fn row(line: u64, key: &str) -> RawRow {
        let place = RowPlace { first_line: line, last_line: line, offset: line * 10, length: 9 };
        RawRow {
            place,
            raw: Vec::new(),
            sha256: None,
            content: RowContent::Fields([key].into_iter().collect()),
            filled: Vec::new(),
        }
    }

    fn key(document: &SourceDocument) -> String {
        match document.rows.first().map(|r| &r.content) {
            Some(RowContent::Fields(fields)) => fields.cell(0).unwrap().to_owned(),
            _ => String::new(),
        }
    }

    /// Documents with their lines, in the order in which they leave; whether anything was wrong.
    fn run(keys: &[u8], within: Option<u64>) -> Vec<(String, Vec<u64>, bool)> {
        let mut window = Window::new(within);
        let mut out = Vec::new();
        let mut take = |d: SourceDocument| {
            out.push((key(&d), d.rows.iter().map(|r| r.place.first_line).collect(), !d.spoiled.is_empty()))
        };
        for (line, key) in (1..).zip(keys) {
            window.add(&key.to_string(), row(line, &key.to_string()), None);
            while let Some(document) = window.due() {
                take(document);
            }
        }
        while let Some(document) = window.rest() {
            take(document);
        }
        assert_eq!((window.open(), window.held()), (0, 0));
        out
    }

    fn expected(keys: &[u8]) -> Vec<(String, Vec<u64>)> {
        let mut all: Vec<(String, Vec<u64>)> = Vec::new();
        for (line, key) in (1..).zip(keys) {
            match all.iter_mut().find(|(k, _)| *k == key.to_string()) {
                Some((_, lines)) => lines.push(line),
                None => all.push((key.to_string(), vec![line])),
            }
        }
        all.sort();
        all
    }

    proptest! {
        #[test]
        fn any_interleaving_within_the_window_gives_the_same_documents(keys in prop::collection::vec(0u8..12, 0..120)) {
            let widest = (0..keys.len()).flat_map(|a| (a + 1..keys.len()).find(|b| keys[*b] == keys[a]).map(|b| b - a)).max().unwrap_or(0) as u64;
            for within in [Some(widest), Some(widest + 5), Some(1_000), None] {
                let mut documents = run(&keys, within);
                prop_assert!(documents.iter().all(|(.., wrong)| !wrong));
                documents.sort();
                let documents: Vec<_> = documents.into_iter().map(|(key, lines, _)| (key, lines)).collect();
                prop_assert_eq!(documents, expected(&keys));
            }
        }

        #[test]
        fn every_row_leaves_once_and_only_what_comes_late_is_wrong(keys in prop::collection::vec(0u8..6, 0..120), within in 1u64..8) {
            let documents = run(&keys, Some(within));
            let mut lines: Vec<u64> = documents.iter().flat_map(|(_, lines, _)| lines.clone()).collect();
            lines.sort_unstable();
            prop_assert_eq!(lines, (1..=keys.len() as u64).collect::<Vec<_>>());
            let mut met = std::collections::BTreeSet::new();
            let mut in_order = documents;
            in_order.sort_by_key(|(_, lines, _)| lines[0]);
            for (key, _, wrong) in in_order {
                prop_assert_eq!(wrong, !met.insert(key));
            }
        }
    }

    #[test]
    fn a_document_that_goes_on_beyond_the_window_says_where() {
        let mut window = Window::new(Some(2));
        for (line, key) in [(1, "X"), (2, "a"), (3, "b"), (4, "c")] {
            window.add(key, row(line, key), None);
        }
        assert_eq!(window.due().map(|d| key(&d)).as_deref(), Some("X"));
        window.add("X", row(5, "X"), None);
        let late = std::iter::from_fn(|| window.rest()).find(|d| key(d) == "X").unwrap();
        assert_eq!(late.spoiled[0].code, "R0307");
        assert_eq!(late.spoiled[0].found, "document X continues at line 5, more than 2 rows after line 1");
    }

    #[test]
    fn a_document_that_a_bad_row_may_belong_to_is_spoiled_before_it_begins_and_after() {
        let mut window = Window::new(Some(5));
        window.add("A", row(1, "A"), None);
        window.pass();
        let cause = Problem::new("R0305", "a quote is opened and never closed");
        for key in ["A", "B", "C"] {
            window.spoil(key, fault::neighbour(2, &cause));
        }
        window.add("B", row(3, "B"), None);
        let documents: Vec<_> = std::iter::from_fn(|| window.rest()).collect();
        let spoiled: Vec<_> = documents.iter().map(|d| (key(d), d.spoiled.len(), d.rows.len())).collect();
        assert_eq!(spoiled, [("A".to_owned(), 1, 1), ("B".to_owned(), 1, 1)]);
    }
}
