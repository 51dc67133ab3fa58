//! Where values begin and end in a document that is read once, from beginning to end, in constant memory.
//!
//! Only brackets, quotes and commas are looked at: what a value says is serde_json's to judge. It is by hand since no kept reader
//! of streams gives a value's own bytes with its place, which quarantine keeps, or reads through one that is beyond a limit.

use std::io::{self, BufRead};

use onefold_event::Problem;
use sha2::{Digest, Sha256};

use crate::fault;
use crate::lines::EndlessError;

/// Brackets within brackets, at most: ten times what a record may have.
const MOST_DEPTH: usize = 1_280;
/// A value, or blanks between two, of more bytes are those of a stream which never ends.
const LONGEST: u64 = 4 << 30;

/// Why scanning ends before the document does.
#[derive(Debug)]
pub(crate) enum ScanStop {
    /// The bytes cannot be read, or end within a value.
    Io(io::Error),
    /// From here on it is no JSON.
    Bad(Box<Problem>),
}

impl From<io::Error> for ScanStop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Bytes that were scanned: kept up to a limit, and their digest beyond it.
#[derive(Debug, Default)]
pub(crate) struct ScannedBytes {
    limit: usize,
    pub(crate) raw: Vec<u8>,
    pub(crate) length: u64,
    sha: Option<Sha256>,
}

impl ScannedBytes {
    pub(crate) fn within(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// For what is only passed over.
    pub(crate) fn nowhere() -> Self {
        Self::default()
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        if self.limit == 0 {
            return;
        }
        let room = self.limit.saturating_sub(self.raw.len());
        let (kept, over) = bytes.split_at(room.min(bytes.len()));
        self.raw.extend_from_slice(kept);
        if !over.is_empty() {
            self.sha.get_or_insert_with(|| Sha256::new_with_prefix(&self.raw)).update(over);
        }
    }

    /// SHA-256 of all, where some are not kept.
    pub(crate) fn cut(&mut self) -> Option<[u8; 32]> {
        self.sha.take().map(|sha| sha.finalize().into())
    }

    pub(crate) fn is_cut(&self) -> bool {
        self.sha.is_some()
    }
}

/// Reads tokens and values of one stream of UTF-8.
pub(crate) struct JsonScanner<R> {
    reader: R,
    /// The line that is read, from 1.
    pub(crate) line: u64,
    /// Bytes read.
    pub(crate) offset: u64,
    blanks: u64,
}

impl<R: BufRead> JsonScanner<R> {
    pub(crate) fn new(reader: R, offset: u64) -> Self {
        Self { reader, line: 1, offset, blanks: 0 }
    }

    /// The next byte that is not blank, which stays where it is; none at the end.
    pub(crate) fn peek(&mut self, into: &mut ScannedBytes) -> Result<Option<u8>, ScanStop> {
        loop {
            let chunk = self.reader.fill_buf()?;
            let blanks = chunk.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
            let next = chunk.get(blanks).copied();
            let ended = chunk.is_empty();
            self.take(blanks, into)?;
            if next.is_some() || ended {
                self.blanks = 0;
                return Ok(next);
            }
            self.blanks += blanks as u64;
            if self.blanks > LONGEST {
                return Err(io::Error::from(EndlessError::Blank).into());
            }
        }
    }

    /// The same where the document must go on.
    pub(crate) fn peek_within(&mut self, into: &mut ScannedBytes) -> Result<u8, ScanStop> {
        self.peek(into)?.ok_or_else(|| cut_off().into())
    }

    /// Takes the byte that was peeked at.
    pub(crate) fn bump(&mut self, into: &mut ScannedBytes) -> Result<(), ScanStop> {
        self.reader.fill_buf()?;
        self.take(1, into)
    }

    /// Takes this byte, which must come next.
    pub(crate) fn expect(&mut self, wanted: u8, into: &mut ScannedBytes) -> Result<(), ScanStop> {
        match self.peek_within(into)? {
            found if found == wanted => self.bump(into),
            found => Err(self.bad(found, &format!("`{}`", char::from(wanted)))),
        }
    }

    /// Takes one value, from its first byte to its last.
    pub(crate) fn value(&mut self, into: &mut ScannedBytes) -> Result<(), ScanStop> {
        let begins = self.peek_within(into)?;
        if !matches!(begins, b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') {
            return Err(self.bad(begins, "a value"));
        }
        let (mut inside, before) = (ValueInside::default(), into.length);
        loop {
            let chunk = self.reader.fill_buf()?;
            if chunk.is_empty() {
                // A number may stand at the very end; anything else has an end of its own.
                return if inside.is_scalar() { Ok(()) } else { Err(cut_off().into()) };
            }
            let (taken, end) = inside.advance(chunk);
            self.take(taken, into)?;
            match end {
                ValueEnd::Here => return Ok(()),
                ValueEnd::Further if into.length - before > LONGEST => {
                    return Err(io::Error::from(EndlessError::Value).into());
                }
                ValueEnd::Further => {}
                ValueEnd::Mismatch(found, wanted) => return Err(self.bad(found, &format!("`{}`", char::from(wanted)))),
                ValueEnd::Deep => return Err(ScanStop::Bad(Box::new(fault::deep(MOST_DEPTH, self.line)))),
            }
        }
    }

    /// The document ends here as JSON.
    pub(crate) fn bad(&self, found: u8, wanted: &str) -> ScanStop {
        ScanStop::Bad(Box::new(fault::no_document(found, wanted, self.line)))
    }

    fn take(&mut self, count: usize, into: &mut ScannedBytes) -> Result<(), ScanStop> {
        // The same buffer as before: it is only consumed here.
        let taken = self.reader.fill_buf()?.get(..count).unwrap_or_default();
        self.line += taken.iter().filter(|byte| **byte == b'\n').count() as u64;
        into.push(taken);
        self.reader.consume(count);
        self.offset += count as u64;
        Ok(())
    }
}

fn cut_off() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "it ends within a JSON value")
}

/// Where within a value the scanner is.
#[derive(Debug, Default)]
struct ValueInside {
    /// What closes the brackets that are open.
    open: Vec<u8>,
    quoted: bool,
    escaped: bool,
    begun: bool,
}

enum ValueEnd {
    Here,
    Further,
    /// One bracket is closed by another's end.
    Mismatch(u8, u8),
    Deep,
}

impl ValueInside {
    fn is_scalar(&self) -> bool {
        self.begun && self.open.is_empty() && !self.quoted
    }

    /// How many bytes of a chunk belong to the value, and whether it ends behind them.
    fn advance(&mut self, chunk: &[u8]) -> (usize, ValueEnd) {
        for (n, byte) in chunk.iter().enumerate() {
            if self.quoted {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => {
                        self.quoted = false;
                        if self.open.is_empty() {
                            return (n + 1, ValueEnd::Here);
                        }
                    }
                    _ => {}
                }
                continue;
            }
            let outside = self.open.is_empty();
            match byte {
                b',' | b':' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n' if outside => return (n, ValueEnd::Here),
                // Two values side by side, such as 1"a": the second is for whoever reads on.
                b'"' | b'{' | b'[' if outside && self.begun => return (n, ValueEnd::Here),
                b'"' => self.quoted = true,
                b'{' => self.open.push(b'}'),
                b'[' => self.open.push(b']'),
                b'}' | b']' => match self.open.pop() {
                    Some(wanted) if wanted != *byte => return (n, ValueEnd::Mismatch(*byte, wanted)),
                    _ if self.open.is_empty() => return (n + 1, ValueEnd::Here),
                    _ => {}
                },
                _ => {}
            }
            if self.open.len() > MOST_DEPTH {
                return (n, ValueEnd::Deep);
            }
            self.begun = true;
        }
        (chunk.len(), ValueEnd::Further)
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::*;

    use super::*;

    fn values(bytes: &[u8], buffer: usize) -> Result<Vec<String>, String> {
        let mut scanner = JsonScanner::new(BufReader::with_capacity(buffer, bytes), 0);
        let mut found = Vec::new();
        let told = |stop| match stop {
            ScanStop::Io(error) => error.to_string(),
            ScanStop::Bad(problem) => format!("{} not {}", problem.found, problem.expected),
        };
        while scanner.peek(&mut ScannedBytes::nowhere()).map_err(told)?.is_some() {
            let mut into = ScannedBytes::within(1 << 20);
            scanner.value(&mut into).map_err(told)?;
            found.push(String::from_utf8(into.raw).unwrap());
        }
        assert_eq!(
            (scanner.offset, scanner.line),
            (bytes.len() as u64, 1 + bytes.iter().filter(|b| **b == b'\n').count() as u64)
        );
        Ok(found)
    }

    #[test]
    fn values_end_where_their_brackets_and_quotes_do() {
        let text = " {\"a\": [1, {\"}\": \"]\\\"\\\\\"}]}\n[]\"x\"12 true\n\nnull";
        let wanted = ["{\"a\": [1, {\"}\": \"]\\\"\\\\\"}]}", "[]", "\"x\"", "12", "true", "null"];
        for buffer in [1, 2, 7, 4096] {
            assert_eq!(values(text.as_bytes(), buffer).unwrap(), wanted, "{buffer}");
        }
        for cut in ["{\"a\": 1", "[", "\"x", "\"x\\\""] {
            assert!(values(cut.as_bytes(), 8).unwrap_err().contains("ends within"), "{cut}");
        }
        assert!(
            values(b"[1}", 8).is_err() && values(b"x", 8).is_err() && values("[".repeat(2_000).as_bytes(), 8).is_err()
        );
    }

    #[test]
    fn what_is_beyond_the_limit_is_digested_and_not_kept() {
        let text = format!("[{}]", "1,".repeat(5_000));
        let mut scanner = JsonScanner::new(BufReader::with_capacity(64, text.as_bytes()), 0);
        let mut into = ScannedBytes::within(100);
        scanner.value(&mut into).unwrap();
        assert_eq!((into.raw.len(), into.length), (100, text.len() as u64));
        assert_eq!(into.cut().unwrap()[..], Sha256::digest(text.as_bytes())[..]);
    }

    proptest! {
        #[test]
        fn every_value_is_found_whole_whatever_it_holds(
            texts in prop::collection::vec("[ab\\\\\"{}\\[\\],:é\n ]{0,12}", 1..6),
            buffer in 1_usize..9,
        ) {
            let value = serde_json::json!({ "a": texts, "b": { "c": [texts.len(), null, true, 1.5] } });
            let whole = [value.to_string(), serde_json::to_string_pretty(&value).unwrap()];
            prop_assert_eq!(values(whole.join("\n").as_bytes(), buffer), Ok(whole.to_vec()));
        }
    }
}
