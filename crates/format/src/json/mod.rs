//! One JSON value, over as many lines as it likes.

mod rows;

use std::io;

use onefold_event::Problem;
use onefold_mapping::ReadSettings;

use crate::context::KeptRecord;
use crate::fault;
use crate::format::{Format, FormatInput, ReadUnit, ReopenedRows, RowReader};
use crate::json::rows::JsonRow;
use crate::ndjson::reopen_value;

/// A message that is one value.
pub(crate) struct JsonFormat;

impl Format for JsonFormat {
    fn open(&self, input: FormatInput<'_>, settings: &ReadSettings) -> io::Result<Result<Box<dyn RowReader>, Problem>> {
        let FormatInput { reader, charset, mark_length, unit, .. } = input;
        if unit == ReadUnit::File {
            return Ok(Err(fault::json_file()));
        }
        let limit = usize::try_from(settings.record_bytes).unwrap_or(usize::MAX);
        Ok(Ok(Box::new(JsonRow::open(reader, charset, limit, mark_length)?)))
    }

    fn reopen(&self, record: &KeptRecord<'_>, _: &ReadSettings) -> io::Result<Result<ReopenedRows, Problem>> {
        Ok(Ok(reopen_value(record)))
    }
}
