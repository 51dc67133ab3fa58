//! Tables: a row per line, or per several where quotes hold line breaks.

mod fields;
mod rows;

use std::io::{self, Cursor};

use onefold_event::Problem;
use onefold_mapping::{ReadSettings, TableHeading};

use crate::context::KeptRecord;
use crate::csv::rows::{CsvRows, TableStart};
use crate::format::{Format, FormatInput, ReopenedRows, RowReader};
use crate::lines::LineEnd;

/// Comma separated values, or with another delimiter.
pub(crate) struct CsvFormat;

impl Format for CsvFormat {
    fn open(&self, input: FormatInput<'_>, settings: &ReadSettings) -> io::Result<Result<Box<dyn RowReader>, Problem>> {
        let FormatInput { reader, charset, mark_length, start, .. } = input;
        let limit = usize::try_from(settings.record_bytes).unwrap_or(usize::MAX);
        let table_start = TableStart { charset, limit, mark_length, start, end: None, closed: None };
        let rows = CsvRows::open(reader, settings, &table_start)?;
        Ok(rows.map(|rows| Box::new(rows) as Box<dyn RowReader>))
    }

    fn reopen(&self, record: &KeptRecord<'_>, settings: &ReadSettings) -> io::Result<Result<ReopenedRows, Problem>> {
        let KeptRecord { raw, charset, context, .. } = *record;
        let mut settings = settings.clone();
        if let TableHeading::Row(_) = settings.header {
            settings.header = TableHeading::Given(context.heading.clone());
        }
        settings.delimiter = context.delimiter.bytes().next().unwrap_or(settings.delimiter);
        settings.blanks = context.blanks;
        let end = if context.returns { LineEnd::Return } else { LineEnd::Feed };
        // What was kept whole was within the limit of its day.
        let limit = usize::MAX / 2;
        let table_start =
            TableStart { charset, limit, mark_length: 0, start: &[], end: Some(end), closed: Some(context.closed) };
        let mut table = match CsvRows::open(Cursor::new(raw), &settings, &table_start)? {
            Ok(table) => table,
            Err(problem) => return Ok(Err(problem)),
        };
        let mut rows = Vec::new();
        while let Some(row) = table.next()? {
            rows.push(row);
        }
        Ok(Ok(ReopenedRows { heading: table.heading().to_vec(), rows }))
    }
}
