//! Bytes to text, strictly: what does not decode is a fault of its record, never U+FFFD.

use std::borrow::Cow;

use encoding_rs::{DecoderResult, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};
use onefold_event::Problem;

use crate::fault;

/// How the bytes of one file are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charset {
    pub(crate) encoding: &'static Encoding,
}

/// Bytes that are not of the charset: where, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadBytes {
    /// From the start of what was decoded.
    pub(crate) at: usize,
    pub(crate) bytes: Vec<u8>,
}

/// A mark at the start of a file that says another charset than the mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CharsetContradiction {
    /// What stands there: the mark's charset, or none.
    pub(crate) found: Option<&'static str>,
    /// What the mapping names.
    pub(crate) expected: String,
}

impl CharsetContradiction {
    /// R0301, of a file that begins with these bytes.
    pub fn problem(&self, start: &[u8]) -> Problem {
        fault::mark(self, start)
    }
}

/// Byte order marks, longest first.
const MARKS: [(&[u8], &Encoding); 4] = [
    (&[0x84, 0x31, 0x95, 0x33], GB18030),
    (&[0xEF, 0xBB, 0xBF], UTF_8),
    (&[0xFF, 0xFE], UTF_16LE),
    (&[0xFE, 0xFF], UTF_16BE),
];

impl Charset {
    /// UTF-8.
    pub const UTF_8: Self = Self { encoding: UTF_8 };

    /// Its name, as connector files may write it.
    pub fn name(self) -> &'static str {
        self.encoding.name()
    }

    /// Chooses among the names that the mapping gives, by the mark at the start of the file and by nothing else.
    /// Answers the charset and the length of the mark.
    ///
    /// # Errors
    /// The mark is that of another charset, or none stands there and one must.
    pub fn choose(names: &[String], start: &[u8]) -> Result<(Self, usize), CharsetContradiction> {
        let mark = MARKS.iter().find(|(mark, _)| start.starts_with(mark));
        let expected = || names.join(", ");
        let Some((bytes, marked)) = mark else {
            let plain = names.iter().find(|n| !n.to_ascii_lowercase().ends_with("-bom"));
            let encoding = plain.and_then(|n| Encoding::for_label(n.as_bytes()));
            return encoding
                .map(|encoding| (Self { encoding }, 0))
                .ok_or_else(|| CharsetContradiction { found: None, expected: expected() });
        };
        let allowed = names.iter().any(|name| {
            let name = name.to_ascii_lowercase();
            let bare = name.strip_suffix("-bom").unwrap_or(&name);
            // `utf-16` alone leaves the order to the mark.
            let either = bare == "utf-16" && marked.name().starts_with("UTF-16");
            either || Encoding::for_label(bare.as_bytes()) == Some(marked)
        });
        if allowed {
            Ok((Self { encoding: marked }, bytes.len()))
        } else {
            Err(CharsetContradiction { found: Some(marked.name()), expected: expected() })
        }
    }

    /// The one by which a record was read, if the mapping still names it; else the one that the mapping names now. None where there
    /// is neither.
    pub fn for_retry(names: &[String], was: &str) -> Option<Self> {
        let was = Self::by_name(was);
        let same = names.iter().any(|name| {
            let name = name.to_ascii_lowercase();
            Self::by_name(name.strip_suffix("-bom").unwrap_or(&name)) == was
        });
        if same { was } else { Self::choose(names, &[]).ok().map(|(charset, _)| charset).or(was) }
    }

    pub(crate) fn by_name(name: &str) -> Option<Self> {
        Encoding::for_label(name.as_bytes()).map(|encoding| Self { encoding })
    }

    /// Bytes of a unit: 2 in UTF-16.
    pub(crate) fn unit(self) -> usize {
        if self.wide() { 2 } else { 1 }
    }

    /// Whether it writes in units of two bytes.
    pub(crate) fn wide(self) -> bool {
        self.encoding == UTF_16LE || self.encoding == UTF_16BE
    }

    /// Bytes as text for people, with U+FFFD where they are none.
    pub fn show_text(self, bytes: &[u8]) -> Cow<'_, str> {
        self.encoding.decode_without_bom_handling(bytes).0
    }

    /// A line feed as this charset writes it.
    pub fn line_feed(self) -> &'static [u8] {
        match self.encoding {
            e if e == UTF_16LE => &[b'\n', 0],
            e if e == UTF_16BE => &[0, b'\n'],
            _ => b"\n",
        }
    }

    /// A carriage return.
    pub(crate) fn carriage_return(self) -> &'static [u8] {
        match self.encoding {
            e if e == UTF_16LE => &[b'\r', 0],
            e if e == UTF_16BE => &[0, b'\r'],
            _ => b"\r",
        }
    }

    /// The character by which DOS and CP/M end a text (0x1A).
    pub(crate) fn end_of_text(self) -> &'static [u8] {
        match self.encoding {
            e if e == UTF_16LE => &[0x1A, 0],
            e if e == UTF_16BE => &[0, 0x1A],
            _ => &[0x1A],
        }
    }

    /// Length of a line without its line feed, and without the carriage return before it or in its place.
    pub fn bare_length(self, line: &[u8]) -> usize {
        let bare = line.strip_suffix(self.line_feed()).unwrap_or(line);
        bare.strip_suffix(self.carriage_return()).unwrap_or(bare).len()
    }

    pub(crate) fn decode(self, bytes: &[u8]) -> Result<Cow<'_, str>, BadBytes> {
        if self.encoding == UTF_8 {
            return std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|error| {
                let at = error.valid_up_to();
                let length = error.error_len().unwrap_or(bytes.len() - at);
                BadBytes { at, bytes: bytes.iter().skip(at).take(length).copied().collect() }
            });
        }
        match self.encoding.decode_without_bom_handling_and_without_replacement(bytes) {
            Some(text) => Ok(text),
            None => Err(self.first_bad(bytes)),
        }
    }

    /// With U+FFFD where bytes are bad: only to find where fields begin and end, never to be taken in.
    pub(crate) fn decode_lossy(self, bytes: &[u8]) -> Cow<'_, str> {
        self.encoding.decode_without_bom_handling(bytes).0
    }

    fn first_bad(self, bytes: &[u8]) -> BadBytes {
        let mut decoder = self.encoding.new_decoder_without_bom_handling();
        let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(bytes.len() * 4);
        let mut text = vec![0; room];
        let (result, read, _) = decoder.decode_to_utf8_without_replacement(bytes, &mut text, true);
        let (bad, after) = match result {
            DecoderResult::Malformed(bad, after) => (usize::from(bad), usize::from(after)),
            DecoderResult::InputEmpty | DecoderResult::OutputFull => (1, 0),
        };
        let at = read.saturating_sub(bad + after);
        BadBytes { at, bytes: bytes.iter().skip(at).take(bad.max(1)).copied().collect() }
    }
}

/// Bytes as a person reads them in a message: at most so many.
pub fn hex_start(bytes: &[u8], most: usize) -> String {
    let mut text: Vec<String> = bytes.iter().take(most).map(|b| format!("{b:02X}")).collect();
    if bytes.len() > most {
        text.push("…".to_owned());
    }
    text.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|n| (*n).to_owned()).collect()
    }

    #[test]
    fn a_mark_is_honoured_and_one_that_contradicts_is_an_error() {
        let marked = b"\xEF\xBB\xBFInvoice";
        assert_eq!(Charset::choose(&names(&["utf-8"]), marked).unwrap(), (Charset { encoding: UTF_8 }, 3));
        let wrong = Charset::choose(&names(&["gb18030"]), marked).unwrap_err();
        assert_eq!((wrong.found, wrong.expected.as_str()), (Some("UTF-8"), "gb18030"));
        let both = names(&["gb18030", "utf-8-bom"]);
        assert_eq!(Charset::choose(&both, marked).unwrap().0.encoding, UTF_8);
        assert_eq!(Charset::choose(&both, b"Invoice").unwrap().0.encoding, GB18030);
        assert_eq!(Charset::choose(&names(&["utf-8-bom"]), b"Invoice").unwrap_err().found, None);
        assert_eq!(Charset::choose(&names(&["utf-16"]), b"\xFE\xFF\0I").unwrap().0.encoding, UTF_16BE);
        assert!(Charset::choose(&names(&["windows-1252"]), b"\xFF\xFEI\0").is_err());
    }

    #[test]
    fn bad_bytes_are_named_with_their_place() {
        let gb = Charset { encoding: GB18030 };
        let bad = gb.decode(b"ab\xFF,\xB0\xA1").unwrap_err();
        assert_eq!((bad.at, bad.bytes.as_slice()), (2, &b"\xFF"[..]));
        let utf8 = Charset { encoding: UTF_8 };
        assert_eq!(utf8.decode(b"ab\xC3(").unwrap_err().at, 2);
        assert_eq!(hex_start(&[0xEF, 0xBB, 0xBF], 2), "EF BB …");
        let wide = Charset { encoding: UTF_16LE };
        assert!(wide.decode(&[0, 0xD8, b'a', 0]).is_err());
    }

    #[test]
    fn half_a_character_before_a_comma_does_not_eat_the_comma() {
        let gb = Charset { encoding: GB18030 };
        assert_eq!(gb.decode_lossy(b"\xB0,x"), "\u{FFFD},x");
    }
}
