//! All formats. A new one is a folder and a line here, for the word that connector files have for it.

use onefold_mapping::RecordFormat;

use crate::csv::CsvFormat;
use crate::format::Format;
use crate::json::JsonFormat;
use crate::ndjson::NdjsonFormat;

/// The format of this word.
pub fn format_of(word: RecordFormat) -> &'static dyn Format {
    match word {
        RecordFormat::Csv => &CsvFormat,
        RecordFormat::Ndjson => &NdjsonFormat,
        RecordFormat::Json => &JsonFormat,
    }
}
