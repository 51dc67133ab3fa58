//! Lines of a stream with their number, their place and all their bytes, however long they are.

use std::io::{self, BufRead, Read};

use sha2::{Digest, Sha256};

use crate::charset::Charset;

const CHUNK: u64 = 64 * 1024;
/// A line's end takes at most this many bytes, in any charset.
const LONGEST_END: usize = 4;
/// A line of more bytes is that of a stream which never ends.
const LONGEST: u64 = 4 << 30;
/// Blank lines in a row of which the same is true.
const MOST_BLANK: u64 = 10_000_000;

/// What is read has no end, as far as anybody waits for it.
#[derive(Debug, thiserror::Error)]
pub enum EndlessError {
    /// A line goes on and on.
    #[error("a line of more than {LONGEST} bytes")]
    Line,
    /// A JSON value does.
    #[error("a JSON value of more than {LONGEST} bytes")]
    Value,
    /// Blank lines do.
    #[error("more than {MOST_BLANK} blank lines in a row")]
    Blank,
    /// It grows as it is read: from so many bytes to so many.
    #[error("it grew from {0} bytes to {1} while it was read")]
    Grown(u64, u64),
}

impl From<EndlessError> for io::Error {
    fn from(error: EndlessError) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

/// Whether an error is the fault of the bytes themselves (cut off, damaged), and not the world's.
pub fn is_damage(error: &io::Error) -> bool {
    // Kinds by which flate2 says that the packed stream ends early, is damaged, or fails its checksum; the operating
    // system's errors carry a number.
    error.raw_os_error().is_none()
        && matches!(
            error.kind(),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
        )
}

/// Counts blank lines in a row.
#[derive(Debug, Default)]
struct BlankCounter(u64);

impl BlankCounter {
    fn one_more(&mut self) -> Result<(), EndlessError> {
        self.0 += 1;
        if self.0 > MOST_BLANK { Err(EndlessError::Blank) } else { Ok(()) }
    }
}

/// A record as it grows, line by line: its bytes up to a limit, and a digest of all of them beyond it.
#[derive(Debug, Default)]
pub(crate) struct RecordBuffer {
    /// With line ends; cut off at the limit.
    pub(crate) raw: Vec<u8>,
    /// Of the last line read, in `raw`: where it begins.
    pub(crate) line_at: usize,
    /// All bytes so far, line ends included.
    pub(crate) length: u64,
    over: Option<OverflowDigest>,
}

#[derive(Debug)]
struct OverflowDigest {
    sha: Sha256,
    /// The last bytes are held back: they may be the record's own line end.
    held: Vec<u8>,
}

impl OverflowDigest {
    fn push(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
        let sure = self.held.len().saturating_sub(LONGEST_END);
        self.sha.update(self.held.get(..sure).unwrap_or_default());
        self.held.drain(..sure);
    }
}

impl RecordBuffer {
    pub(crate) fn clear(&mut self) {
        self.raw.clear();
        (self.line_at, self.length, self.over) = (0, 0, None);
    }

    /// Whether the limit was passed: `raw` is not all of it.
    pub(crate) fn is_cut(&self) -> bool {
        self.over.is_some()
    }

    /// The last line read, without its end.
    pub(crate) fn line(&self, charset: Charset) -> &[u8] {
        let line = self.raw.get(self.line_at..).unwrap_or_default();
        line.get(..charset.bare_length(line)).unwrap_or(line)
    }

    /// Ends the record: bytes (cut off at the limit) and length without the last line end, and the SHA-256 where it was cut.
    pub(crate) fn finish(&mut self, charset: Charset) -> (Vec<u8>, u64, Option<[u8; 32]>) {
        match self.over.take() {
            None => {
                // A copy of the right size is cheaper than a buffer that grows anew for each line.
                let raw = self.raw.get(..charset.bare_length(&self.raw)).unwrap_or_default().to_vec();
                let length = raw.len() as u64;
                self.clear();
                (raw, length, None)
            }
            Some(mut over) => {
                let end = over.held.len() - charset.bare_length(&over.held);
                over.held.truncate(over.held.len() - end);
                over.sha.update(&over.held);
                let length = self.length - end as u64;
                let raw = std::mem::take(&mut self.raw);
                self.clear();
                (raw, length, Some(over.sha.finalize().into()))
            }
        }
    }
}

/// What ends lines. A file says it by its first line, so that a carriage return within a line of another file stays there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineEnd {
    /// Line feeds, with or without a carriage return before them.
    Feed,
    /// Carriage returns, with or without a line feed after them, and line feeds.
    Return,
}

/// How a table holds line ends within fields.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QuoteRules {
    pub(crate) delimiter: u8,
    pub(crate) quote: u8,
    pub(crate) escape: Option<u8>,
    /// Runs of blanks are one delimiter.
    pub(crate) blanks: bool,
}

impl LineEnd {
    /// By the first line end in the beginning of a file that does not stand within quotes.
    pub(crate) fn of(start: &[u8], charset: Charset, quoting: Option<QuoteRules>) -> Self {
        let text = charset.decode_lossy(start);
        let is = |c: char, byte: Option<u8>| byte.is_some_and(|byte| c == char::from(byte));
        let (mut quoted, mut begins) = (false, true);
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match quoting {
                Some(q) if quoted && is(c, q.escape) => drop(chars.next()),
                Some(q) if quoted => quoted = c != char::from(q.quote),
                Some(q) if begins && c == char::from(q.quote) => quoted = true,
                _ if c == '\n' => return Self::Feed,
                _ if c == '\r' => return if chars.peek() == Some(&'\n') { Self::Feed } else { Self::Return },
                _ => {}
            }
            begins = is(c, quoting.map(|q| q.delimiter));
        }
        Self::Feed
    }
}

/// Reads a stream line by line.
pub(crate) struct LineReader<R> {
    reader: R,
    charset: Charset,
    end: LineEnd,
    limit: usize,
    /// Lines read.
    pub(crate) number: u64,
    /// Bytes read, from the start of the unpacked resource.
    pub(crate) offset: u64,
}

impl<R: BufRead> LineReader<R> {
    /// `offset`: bytes that were read already, such as a byte order mark.
    pub(crate) fn new(reader: R, charset: Charset, end: LineEnd, limit: usize, offset: u64) -> Self {
        Self { reader, charset, end, limit, number: 0, offset }
    }

    /// Goes on elsewhere in the same stream: `reader` stands behind so many bytes and lines.
    pub(crate) fn go_on(&mut self, reader: R, offset: u64, number: u64) {
        (self.reader, self.offset, self.number) = (reader, offset, number);
    }

    /// Reads on to the next line that is not blank, and makes a record of it. Answers where it begins; none at the end of the stream.
    pub(crate) fn next_filled(
        &mut self,
        into: &mut RecordBuffer,
        is_blank: impl Fn(&[u8]) -> bool,
    ) -> io::Result<Option<u64>> {
        let mut blank = BlankCounter::default();
        loop {
            into.clear();
            let offset = self.offset;
            if !self.next(into)? {
                return Ok(None);
            }
            if into.is_cut() || !is_blank(into.line(self.charset)) {
                return Ok(Some(offset));
            }
            blank.one_more()?;
        }
    }

    /// Appends the next line, with its end, to a record. False at the end of the stream.
    pub(crate) fn next(&mut self, into: &mut RecordBuffer) -> io::Result<bool> {
        into.line_at = into.raw.len();
        let before = into.length;
        let mut chunk = Vec::new();
        loop {
            if into.over.is_none() {
                let room = (self.limit + LONGEST_END).saturating_sub(into.raw.len()) as u64;
                let start = into.raw.len();
                let read = self.until_end(room, &mut into.raw)?;
                into.length += read as u64;
                if read == 0 && room > 0 {
                    break;
                }
                self.complete_unit(into)?;
                if into.raw.len() > start && self.ends(into.raw.get(into.line_at..).unwrap_or_default()) {
                    if self.charset.bare_length(&into.raw) > self.limit {
                        self.overflow(into);
                    }
                    break;
                }
                if into.raw.len() > self.limit {
                    self.overflow(into);
                }
            } else {
                chunk.clear();
                let read = self.until_end(CHUNK, &mut chunk)?;
                into.length += read as u64;
                if into.length - before > LONGEST {
                    return Err(EndlessError::Line.into());
                }
                if let Some(over) = &mut into.over {
                    over.push(&chunk);
                    let ended = is_end(&over.held, self.charset, self.end);
                    let aligned = !self.charset.wide() || (into.length - before).is_multiple_of(2);
                    let little = self.charset.line_feed() == [b'\n', 0];
                    let half = little && over.held.last().is_some_and(|byte| breaks(*byte, self.end));
                    if half && !aligned {
                        let mut zero = Vec::new();
                        into.length += self.reader.by_ref().take(1).read_to_end(&mut zero)? as u64;
                        over.push(&zero);
                        if is_end(&over.held, self.charset, self.end) {
                            break;
                        }
                    }
                    if read == 0 || (ended && aligned) {
                        break;
                    }
                }
            }
        }
        let read = into.length - before;
        self.offset += read;
        if self.drop_end_of_text(into)? && into.raw.len() == into.line_at {
            into.length = before;
            return Ok(false);
        }
        self.number += u64::from(read > 0);
        Ok(read > 0)
    }

    /// Reads up to and with the next line end, at most so many bytes.
    fn until_end(&mut self, most: u64, into: &mut Vec<u8>) -> io::Result<usize> {
        if self.end == LineEnd::Feed {
            return self.reader.by_ref().take(most).read_until(b'\n', into);
        }
        let (mut read, mut ended) = (0, false);
        while (read as u64) < most && !ended {
            let buffer = self.reader.fill_buf()?;
            if buffer.is_empty() {
                break;
            }
            let room = usize::try_from(most).unwrap_or(usize::MAX) - read;
            let part = buffer.get(..room).unwrap_or(buffer);
            let found = part.iter().position(|byte| breaks(*byte, self.end));
            let taken = found.map_or(part.len(), |at| at + 1);
            into.extend(part.iter().take(taken));
            self.reader.consume(taken);
            (read, ended) = (read + taken, found.is_some());
        }
        // A line feed behind a carriage return is of the same end. In UTF-16 it makes an empty line, which is none.
        if ended && into.ends_with(b"\r") && !self.charset.wide() && self.reader.fill_buf()?.starts_with(b"\n") {
            self.reader.consume(1);
            into.push(b'\n');
            read += 1;
        }
        Ok(read)
    }

    /// Takes off the character by which DOS ends a text, where it is the last of the stream.
    fn drop_end_of_text(&mut self, into: &mut RecordBuffer) -> io::Result<bool> {
        let line = into.raw.get(into.line_at..).unwrap_or_default();
        let mark = self.charset.end_of_text();
        let mut bare = line.get(..self.charset.bare_length(line)).unwrap_or_default();
        if into.over.is_some() || !bare.ends_with(mark) || !self.reader.fill_buf()?.is_empty() {
            return Ok(false);
        }
        while let Some(rest) = bare.strip_suffix(mark) {
            bare = rest;
        }
        let (kept, gone) = (into.line_at + bare.len(), line.len() - bare.len());
        into.raw.truncate(kept);
        into.length -= gone as u64;
        Ok(true)
    }

    /// In UTF-16LE the line feed's second byte follows it.
    fn complete_unit(&mut self, into: &mut RecordBuffer) -> io::Result<()> {
        let odd = (into.raw.len() - into.line_at) % self.charset.unit() == 1;
        if self.charset.line_feed() == [b'\n', 0] && odd && into.raw.last().is_some_and(|byte| breaks(*byte, self.end))
        {
            into.length += self.reader.by_ref().take(1).read_to_end(&mut into.raw)? as u64;
        }
        Ok(())
    }

    fn ends(&self, line: &[u8]) -> bool {
        line.len().is_multiple_of(self.charset.unit()) && is_end(line, self.charset, self.end)
    }

    fn overflow(&self, into: &mut RecordBuffer) {
        let mut over = OverflowDigest { sha: Sha256::new(), held: Vec::new() };
        over.push(&into.raw);
        into.over = Some(over);
        into.raw.truncate(self.limit);
    }
}

/// Whether a byte may end a line.
fn breaks(byte: u8, end: LineEnd) -> bool {
    byte == b'\n' || byte == b'\r' && end == LineEnd::Return
}

fn is_end(line: &[u8], charset: Charset, end: LineEnd) -> bool {
    line.ends_with(charset.line_feed()) || end == LineEnd::Return && line.ends_with(charset.carriage_return())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn blank_lines_end_somewhere() {
        let mut blank = BlankCounter(MOST_BLANK - 1);
        assert!(blank.one_more().is_ok());
        assert!(matches!(blank.one_more(), Err(EndlessError::Blank)));
    }

    fn all(bytes: &[u8], charset: &str, limit: usize) -> Vec<(Vec<u8>, u64, Option<[u8; 32]>)> {
        let charset = Charset::by_name(charset).unwrap();
        let mut lines = LineReader::new(bytes, charset, LineEnd::of(bytes, charset, None), limit, 0);
        let (mut into, mut out) = (RecordBuffer::default(), Vec::new());
        while lines.next(&mut into).unwrap() {
            out.push(into.finish(charset));
        }
        assert_eq!(lines.offset, bytes.len() as u64);
        out
    }

    #[test]
    fn lines_lose_their_ends_and_nothing_else() {
        let lines = all(b"a\r\n\n\rb\rc\nlast", "utf-8", 100);
        let raw: Vec<_> = lines.iter().map(|(raw, ..)| raw.as_slice()).collect();
        assert_eq!(raw, [&b"a"[..], b"", b"\rb\rc", b"last"]);
    }

    fn raw(bytes: &[u8], charset: &str) -> Vec<Vec<u8>> {
        all(bytes, charset, 1000).into_iter().map(|(raw, ..)| raw).collect()
    }

    #[test]
    fn a_file_whose_first_line_ends_in_a_carriage_return_is_cut_at_them() {
        assert_eq!(raw(b"a\rb\r\rc", "utf-8"), [&b"a"[..], b"b", b"", b"c"]);
        assert_eq!(raw(b"a\rb\r\nc\nd\r", "utf-8"), [&b"a"[..], b"b", b"c", b"d"]);
        let wide: Vec<u8> = "a\r\u{0D0D}b\rc".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(raw(&wide, "utf-16le").len(), 3);
        // Within quotes it is a part of a field, whatever ends the lines.
        let quoting = Some(QuoteRules { delimiter: b',', quote: b'"', escape: Some(b'\\'), blanks: false });
        let utf8 = Charset::by_name("utf-8").unwrap();
        assert_eq!(LineEnd::of(b"a,\"b\\\"\rc\",d\n", utf8, quoting), LineEnd::Feed);
        assert_eq!(LineEnd::of(b"a,\"b\nc\",5\" nail\r1", utf8, quoting), LineEnd::Return);
        assert_eq!(LineEnd::of(b"a,b", utf8, quoting), LineEnd::Feed);
    }

    #[test]
    fn the_character_by_which_dos_ends_a_text_is_none_of_it() {
        for end in ["\x1A", "\r\n\x1A", "\n\x1A\x1A\x1A", "\r\n\x1A\r\n", "\x1A\n"] {
            assert_eq!(raw(format!("a\nb{end}").as_bytes(), "utf-8"), [b"a", b"b"], "{end:?}");
        }
        assert_eq!(raw(b"a\x1Ab\n\x1A,c\n", "utf-8"), [&b"a\x1Ab"[..], b"\x1A,c"]);
        assert!(raw(b"\x1A", "utf-8").is_empty());
        let wide: Vec<u8> = "a\r\n\x1A".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(raw(&wide, "utf-16be"), [[0, b'a']]);
    }

    proptest! {
        #[test]
        fn lines_are_the_same_however_a_file_ends_them(
            lines in prop::collection::vec("[a-c,é ]{1,30}", 2..9),
            limit in prop_oneof![4_usize..12, Just(1000)],
            last in any::<bool>(),
        ) {
            let of = |end: &str, close: &str| {
                let text = lines.join(end) + if last { end } else { "" } + close;
                all(text.as_bytes(), "utf-8", limit)
            };
            let plain = of("\n", "");
            for end in ["\r\n", "\r"] {
                prop_assert_eq!(&of(end, ""), &plain, "{:?}", end);
            }
            if limit == 1000 {
                prop_assert_eq!(&of("\r\n", "\x1A"), &plain);
            }
        }
    }

    #[test]
    fn a_line_beyond_the_limit_is_cut_and_digested_whole() {
        for length in [9_usize, 10, 11, 12, 13, 14, 15, 70_000, 200_001] {
            for end in ["\n", "\r\n", ""] {
                let line = "x".repeat(length);
                let lines = all(format!("{line}{end}").as_bytes(), "utf-8", 10);
                let (raw, whole, sha) = &lines[0];
                assert_eq!((raw.len(), *whole, lines.len()), (length.min(10), length as u64, 1), "{length} {end:?}");
                assert_eq!(sha.is_some(), length > 10);
                if let Some(sha) = sha {
                    assert_eq!(sha[..], Sha256::digest(line.as_bytes())[..], "{length} {end:?}");
                }
            }
        }
    }

    #[test]
    fn utf_16_lines_end_at_line_feeds_only() {
        // U+0A0A and U+0A00 hold the byte of a line feed without being one.
        for (name, encode) in [("utf-16le", u16::to_le_bytes as fn(u16) -> [u8; 2]), ("utf-16be", u16::to_be_bytes)] {
            let text = "a\u{0A0A}b\u{0A00}\r\nc\n";
            let bytes: Vec<u8> = text.encode_utf16().flat_map(encode).collect();
            let charset = Charset::by_name(name).unwrap();
            for limit in [100, 4] {
                let lines = all(&bytes, name, limit);
                assert_eq!(lines.len(), 2, "{name} {limit}");
                assert_eq!(lines[0].1, 8, "{name} {limit}");
                assert_eq!(charset.decode(&lines[1].0).unwrap(), "c", "{name} {limit}");
                let first: Vec<u8> = "a\u{0A0A}b\u{0A00}".encode_utf16().flat_map(encode).collect();
                match lines[0].2 {
                    None => assert_eq!(lines[0].0, first),
                    Some(sha) => assert_eq!(sha[..], Sha256::digest(&first)[..]),
                }
            }
        }
    }
}
