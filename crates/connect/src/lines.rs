//! Lines of a stream with their number, their place and all their bytes, however long they are.

use std::io::{self, BufRead, Read};

use sha2::{Digest, Sha256};

use crate::charset::Charset;

const CHUNK: u64 = 64 * 1024;
/// A line's end takes at most this many bytes, in any charset.
const LONGEST_END: usize = 4;

/// A record as it grows, line by line: its bytes up to a limit, and a digest of all of them beyond it.
#[derive(Debug, Default)]
pub(crate) struct Bytes {
    /// With line ends; cut off at the limit.
    pub(crate) raw: Vec<u8>,
    /// Of the last line read, in `raw`: where it begins.
    pub(crate) line_at: usize,
    /// All bytes so far, line ends included.
    pub(crate) length: u64,
    over: Option<Running>,
}

#[derive(Debug)]
struct Running {
    sha: Sha256,
    /// The last bytes are held back: they may be the record's own line end.
    held: Vec<u8>,
}

impl Running {
    fn push(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
        let sure = self.held.len().saturating_sub(LONGEST_END);
        self.sha.update(self.held.get(..sure).unwrap_or_default());
        self.held.drain(..sure);
    }
}

impl Bytes {
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

/// Reads a stream line by line.
pub(crate) struct Lines<R> {
    reader: R,
    charset: Charset,
    limit: usize,
    /// Lines read.
    pub(crate) number: u64,
    /// Bytes read, from the start of the unpacked resource.
    pub(crate) offset: u64,
}

impl<R: BufRead> Lines<R> {
    /// `offset`: bytes that were read already, such as a byte order mark.
    pub(crate) fn new(reader: R, charset: Charset, limit: usize, offset: u64) -> Self {
        Self { reader, charset, limit, number: 0, offset }
    }

    /// Appends the next line, with its end, to a record. False at the end of the stream.
    pub(crate) fn next(&mut self, into: &mut Bytes) -> io::Result<bool> {
        into.line_at = into.raw.len();
        let before = into.length;
        let mut chunk = Vec::new();
        loop {
            if into.over.is_none() {
                let room = (self.limit + LONGEST_END).saturating_sub(into.raw.len()) as u64;
                let start = into.raw.len();
                let read = self.reader.by_ref().take(room).read_until(b'\n', &mut into.raw)?;
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
                let read = self.reader.by_ref().take(CHUNK).read_until(b'\n', &mut chunk)?;
                into.length += read as u64;
                if let Some(over) = &mut into.over {
                    over.push(&chunk);
                    let ended = over.held.ends_with(self.charset.line_feed());
                    let aligned = !self.charset.wide() || (into.length - before).is_multiple_of(2);
                    let half = self.charset.line_feed() == [b'\n', 0] && over.held.ends_with(b"\n");
                    if half && !aligned {
                        let mut zero = Vec::new();
                        into.length += self.reader.by_ref().take(1).read_to_end(&mut zero)? as u64;
                        over.push(&zero);
                        if over.held.ends_with(self.charset.line_feed()) {
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
        self.number += u64::from(read > 0);
        Ok(read > 0)
    }

    /// In UTF-16LE the line feed's second byte follows it.
    fn complete_unit(&mut self, into: &mut Bytes) -> io::Result<()> {
        let odd = (into.raw.len() - into.line_at) % self.charset.unit() == 1;
        if self.charset.line_feed() == [b'\n', 0] && odd {
            into.length += self.reader.by_ref().take(1).read_to_end(&mut into.raw)? as u64;
        }
        Ok(())
    }

    fn ends(&self, line: &[u8]) -> bool {
        line.len().is_multiple_of(self.charset.unit()) && line.ends_with(self.charset.line_feed())
    }

    fn overflow(&self, into: &mut Bytes) {
        let mut over = Running { sha: Sha256::new(), held: Vec::new() };
        over.push(&into.raw);
        into.over = Some(over);
        into.raw.truncate(self.limit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8], charset: &str, limit: usize) -> Vec<(Vec<u8>, u64, Option<[u8; 32]>)> {
        let charset = Charset::by_name(charset).unwrap();
        let mut lines = Lines::new(bytes, charset, limit, 0);
        let (mut into, mut out) = (Bytes::default(), Vec::new());
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
