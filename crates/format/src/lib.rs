#![doc = include_str!("../README.md")]

mod charset;
mod context;
mod csv;
mod evidence;
mod fault;
mod format;
mod json;
mod lines;
mod ndjson;
mod registry;
mod row;

pub use charset::{Charset, CharsetContradiction, hex_start};
pub use context::{KeptRecord, RecordContext};
pub use evidence::{Utf8Evidence, Utf8Sample};
pub use fault::json_problem;
pub use format::{Format, FormatInput, ReadAgain, ReadUnit, ReopenedRows, ResumePoint, RowReader, START_BYTES};
pub use lines::{EndlessError, is_damage};
pub use registry::format_of;
pub use row::{RawRow, RowContent, RowPlace, TableFields, TableLayout};
