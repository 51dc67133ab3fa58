//! One JSON value per line.

mod rows;

use std::io;
use std::sync::Arc;

use onefold_event::Problem;
use onefold_mapping::ReadSettings;

use crate::context::KeptRecord;
use crate::format::{Format, FormatInput, ReopenedRows, RowReader};
use crate::lines::LineEnd;
use crate::ndjson::rows::NdjsonRows;
use crate::row::{RawRow, RowContent, RowPlace};

pub(crate) use rows::parse;

/// Lines of JSON.
pub(crate) struct NdjsonFormat;

impl Format for NdjsonFormat {
    fn open(&self, input: FormatInput<'_>, settings: &ReadSettings) -> io::Result<Result<Box<dyn RowReader>, Problem>> {
        let FormatInput { reader, charset, mark_length, start, .. } = input;
        let limit = usize::try_from(settings.record_bytes).unwrap_or(usize::MAX);
        let end = LineEnd::of(start, charset, None);
        Ok(Ok(Box::new(NdjsonRows::open(reader, charset, end, limit, mark_length))))
    }

    fn reopen(&self, record: &KeptRecord<'_>, _: &ReadSettings) -> io::Result<Result<ReopenedRows, Problem>> {
        Ok(Ok(reopen_value(record)))
    }
}

/// A record that is one value, or stood within one.
pub(crate) fn reopen_value(record: &KeptRecord<'_>) -> ReopenedRows {
    let content = match parse(record.raw, record.charset, record.first_line) {
        RowContent::Json(value) if record.context.record => {
            RowContent::Record(value, record.context.around.clone().map(Arc::new))
        }
        content => content,
    };
    let place = RowPlace { first_line: 1, last_line: 1, offset: 0, length: record.raw.len() as u64 };
    let row = RawRow { place, raw: record.raw.to_vec(), sha256: None, content, filled: Vec::new() };
    ReopenedRows { heading: Vec::new(), rows: vec![row] }
}
