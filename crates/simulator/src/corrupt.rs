//! Records that no honest mapping may accept. Each is a copy of a sound one under a number
//! that nothing else bears, so that nothing in the books depends on it.

use encoding_rs::Encoding;
use serde_json::Value;

use crate::dice::SeededDice;
use crate::settings::CompanySettings;

/// What is done to a record of a table.
#[derive(Clone, Copy)]
pub(crate) enum RecordDamage {
    /// One cell in one row says this instead.
    Text(&'static str, &'static str),
    /// The same, in every row of the document: the system repeats what concerns it as a whole.
    Everywhere(&'static str, &'static str),
    /// One row says something else than its document's other rows.
    Disagree(&'static str, &'static str),
    /// One cell holds bytes that the charset does not know.
    Bytes(&'static str, &'static [u8]),
    /// One row ends too early.
    Cut,
}

/// A kind of damage and why it must be noticed.
pub(crate) struct DamageKind<D> {
    pub(crate) damage: D,
    pub(crate) reason: &'static str,
}

/// How many records to corrupt beside so many sound ones.
pub(crate) fn how_many(settings: &CompanySettings, sound: usize) -> usize {
    match settings.corrupt_one_in as usize {
        0 => 0,
        one_in if sound > 0 => 1 + sound / one_in,
        _ => 0,
    }
}

/// The shape of a CSV file.
pub(crate) struct TableShape {
    pub(crate) headings: &'static [&'static str],
    pub(crate) delimiter: char,
    pub(crate) charset: &'static Encoding,
    pub(crate) number: &'static str,
}

impl TableShape {
    pub(crate) fn heading_row(&self) -> Vec<u8> {
        let cells: Vec<String> = self.headings.iter().map(|cell| (*cell).to_owned()).collect();
        self.encode_row(&cells)
    }

    pub(crate) fn encode_row(&self, cells: &[String]) -> Vec<u8> {
        debug_assert_eq!(cells.len(), self.headings.len());
        let cells: Vec<Vec<u8>> = cells.iter().map(|cell| self.encode_cell(cell)).collect();
        self.join_cells(&cells)
    }

    pub(crate) fn encode_rows(&self, rows: &[Vec<String>]) -> Vec<Vec<u8>> {
        rows.iter().map(|row| self.encode_row(row)).collect()
    }

    fn encode_cell(&self, text: &str) -> Vec<u8> {
        let quoted = text.contains([self.delimiter, '"', '\n']);
        let text = if quoted { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() };
        self.charset.encode(&text).0.into_owned()
    }

    fn join_cells(&self, cells: &[Vec<u8>]) -> Vec<u8> {
        cells.join(&(self.delimiter as u8))
    }

    fn column_index(&self, heading: &str) -> usize {
        self.headings.iter().position(|column| *column == heading).unwrap_or(0)
    }

    /// The rows of a sound document, renumbered and damaged.
    pub(crate) fn damage_rows(
        &self,
        mut rows: Vec<Vec<String>>,
        number: &str,
        damage: RecordDamage,
        dice: &mut SeededDice,
    ) -> Vec<Vec<u8>> {
        let numbered = self.column_index(self.number);
        for row in &mut rows {
            row[numbered] = number.to_owned();
            if let RecordDamage::Everywhere(heading, text) = damage {
                row[self.column_index(heading)] = text.to_owned();
            }
        }
        // The first row of two would make the second the odd one: damage the last.
        let hit = match damage {
            RecordDamage::Disagree(..) => rows.len() - 1,
            _ => dice.below(rows.len()),
        };
        if let RecordDamage::Text(heading, text) | RecordDamage::Disagree(heading, text) = damage {
            rows[hit][self.column_index(heading)] = text.to_owned();
        }
        rows.iter()
            .enumerate()
            .map(|(index, row)| {
                let mut cells: Vec<Vec<u8>> = row.iter().map(|cell| self.encode_cell(cell)).collect();
                match damage {
                    RecordDamage::Bytes(heading, bytes) if index == hit => {
                        cells[self.column_index(heading)] = bytes.to_vec()
                    }
                    RecordDamage::Cut if index == hit => cells.truncate(self.headings.len() - 3),
                    _ => {}
                }
                self.join_cells(&cells)
            })
            .collect()
    }
}

/// What is done to a JSON record.
#[derive(Clone, Copy)]
pub(crate) enum JsonDamage {
    /// Another value at a top-level key; `null` takes the key away.
    Set(&'static str, &'static str),
    /// The line ends too early.
    Cut,
    /// The line holds bytes that are not UTF-8.
    Bytes,
}

/// A sound JSON record, renumbered and damaged.
pub(crate) fn broken_json(mut record: Value, number_key: &str, number: &str, damage: JsonDamage) -> Vec<u8> {
    if let Some(record) = record.as_object_mut() {
        record.insert(number_key.to_owned(), number.into());
        match damage {
            JsonDamage::Set(key, "null") => {
                record.remove(key);
            }
            JsonDamage::Set(key, text) => {
                record.insert(key.to_owned(), text.into());
            }
            _ => {}
        }
    }
    let mut line = record.to_string().into_bytes();
    match damage {
        JsonDamage::Cut => line.truncate(line.len() * 2 / 3),
        JsonDamage::Bytes => {
            // Within the first value that is text, right after its opening quote.
            let quote = line.windows(2).position(|pair| pair == b":\"").map_or(1, |at| at + 2);
            line.splice(quote..quote, [0xC3, 0x28, 0xFF]);
        }
        JsonDamage::Set(..) => {}
    }
    line
}
