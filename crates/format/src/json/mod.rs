//! JSON documents: one value, over as many lines as it likes.

mod document;
mod rows;
mod scan;
mod surroundings;

use std::io;

use onefold_event::Problem;
use onefold_mapping::ReadSettings;

use crate::charset::Charset;
use crate::context::KeptRecord;
use crate::fault;
use crate::format::{Format, FormatInput, ReadUnit, ReopenedRows, RowReader};
use crate::json::document::JsonDocument;
use crate::json::rows::JsonRow;
use crate::json::scan::ScanStop;
use crate::json::surroundings::RecordSurroundings;
use crate::ndjson::reopen_value;

/// A message that is one value, or a file of one, whose records come one after the other.
pub(crate) struct JsonFormat;

impl Format for JsonFormat {
    fn open(&self, input: FormatInput<'_>, settings: &ReadSettings) -> io::Result<Result<Box<dyn RowReader>, Problem>> {
        let FormatInput { reader, charset, mark_length, start, unit, again } = input;
        let limit = usize::try_from(settings.record_bytes).unwrap_or(usize::MAX);
        let steps = settings.records.as_ref().filter(|_| settings.reads_body);
        if unit == ReadUnit::Message || steps.is_some() && again.is_none() {
            return Ok(Ok(Box::new(JsonRow::open(reader, charset, limit, mark_length)?)));
        }
        if charset != Charset::UTF_8 {
            return Ok(Err(fault::json_charset(charset)));
        }
        let around = match steps.zip(again) {
            Some((steps, again)) => {
                let mut reader = again()?;
                reader.consume(mark_length);
                match RecordSurroundings::read(reader, steps) {
                    Ok(around) => around,
                    Err(ScanStop::Io(error)) => return Err(error),
                    Err(ScanStop::Bad(problem)) => return Ok(Err(*problem)),
                }
            }
            None => None,
        };
        Ok(Ok(Box::new(JsonDocument::open(reader, settings, around, start, mark_length))))
    }

    fn reopen(&self, record: &KeptRecord<'_>, settings: &ReadSettings) -> io::Result<Result<ReopenedRows, Problem>> {
        let KeptRecord { context, .. } = record;
        if context.record && context.around.is_none() && settings.reads_body {
            return Ok(Err(fault::not_around()));
        }
        Ok(Ok(reopen_value(record)))
    }
}
