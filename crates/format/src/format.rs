//! What a format is: bytes in, rows out, and the rows of one record once more.

use std::io::{self, BufRead};

use onefold_event::Problem;
use onefold_mapping::ReadSettings;

use crate::charset::Charset;
use crate::context::KeptRecord;
use crate::row::{RawRow, TableLayout};

/// Bytes that are looked at before anything is read: marks, `sep=;`, how lines and rows end, and what a refusal shows.
pub const START_BYTES: usize = 64 * 1024;

/// What the bytes are, all together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadUnit {
    /// A file, whose records are many.
    File,
    /// A message, which may be one value.
    Message,
}

/// Opens bytes a second time.
pub type ReadAgain<'s> = &'s dyn Fn() -> io::Result<Box<dyn BufRead + Send>>;

/// Bytes before their first row is read.
pub struct FormatInput<'s> {
    /// Stands behind the byte order mark.
    pub reader: Box<dyn BufRead + Send>,
    /// How they are text.
    pub charset: Charset,
    /// Bytes of a byte order mark, which the reader has passed already.
    pub mark_length: usize,
    /// The first bytes behind the mark, at most [`START_BYTES`].
    pub start: &'s [u8],
    /// What they are.
    pub unit: ReadUnit,
    /// The same bytes once more, with the mark; none where they come once, as of a pipe.
    pub again: Option<ReadAgain<'s>>,
}

/// How records are written. It knows nothing of where bytes come from, of mappings or of events: it gives rows, in the order of
/// the bytes, each with all its bytes and its place.
pub trait Format: Send + Sync {
    /// Reads up to the first row, a heading included.
    ///
    /// # Errors
    /// The bytes cannot be read. Within: nothing of them can be taken in, and why.
    fn open(&self, input: FormatInput<'_>, settings: &ReadSettings) -> io::Result<Result<Box<dyn RowReader>, Problem>>;

    /// The rows of a record that was kept, by what was kept beside it, as they were read the first time. Their places are to be
    /// told by [`RecordContext::place`](crate::RecordContext::place).
    ///
    /// # Errors
    /// What was kept cannot be read. Within: it has no rows, and why.
    fn reopen(&self, record: &KeptRecord<'_>, settings: &ReadSettings) -> io::Result<Result<ReopenedRows, Problem>>;
}

/// A place in the bytes where a row begins.
pub struct ResumePoint {
    /// Stands there.
    pub reader: Box<dyn BufRead + Send>,
    /// Bytes before it, as [`RowReader::position`] counts them.
    pub offset: u64,
    /// Lines before it.
    pub line: u64,
}

/// The rows of one input, one after the other.
pub trait RowReader: Send {
    /// The next row, or why it cannot be read; none at the end. Blank lines are none.
    ///
    /// # Errors
    /// The bytes cannot be read further.
    fn next_row(&mut self) -> io::Result<Option<RawRow>>;

    /// Lines read so far.
    fn line(&self) -> u64;

    /// Bytes read so far, those of a byte order mark too: where the next row begins. 0 where a row cannot be gone on from.
    fn position(&self) -> u64 {
        0
    }

    /// Goes on from where a row begins, with a reader of the same bytes that stands there, in place of the one that it was opened
    /// with. False where rows are not known but from the beginning: nothing has changed then.
    fn resume(&mut self, at: ResumePoint) -> bool {
        let _ = at;
        false
    }

    /// How a table is laid out, as far as it is known by now; none of what is no table.
    fn layout(&self) -> Option<&TableLayout> {
        None
    }

    /// The bytes before the first row that each part needs which is to be read by itself, without a mark: the heading, with what
    /// ends it.
    fn prelude(&self) -> &[u8] {
        &[]
    }

    /// What ends the last row of a part that is to be read by itself.
    fn closing(&self) -> &[u8] {
        &[]
    }

    /// Why rows ended before the end of the input, if they did; asked once.
    fn take_unclosed(&mut self) -> Option<Problem> {
        None
    }

    /// What was passed over and may be worth a look, once all rows were read.
    fn warnings(&self) -> Vec<Problem> {
        Vec::new()
    }
}

/// The rows of a record that was kept.
#[derive(Debug, Clone, PartialEq)]
pub struct ReopenedRows {
    /// The columns of a table; empty of what is none.
    pub heading: Vec<String>,
    /// The rows, their places counted from the record's own beginning.
    pub rows: Vec<RawRow>,
}
