//! Whether bytes that are declared as another charset are UTF-8: then they would be read as mojibake without an error.

use std::io::{self, BufRead};

use onefold_event::Problem;

use crate::charset::Charset;
use crate::fault;

/// Bytes of a value that are shown, on each side of the first that is not ASCII.
const SHOWN: usize = 24;

/// What the bytes are.
#[derive(Debug, PartialEq, Eq)]
pub enum Utf8Evidence {
    /// ASCII, which is the same in every charset that is read here byte by byte.
    Ascii,
    /// Every sequence that is not ASCII is UTF-8; the first value with one.
    Utf8(Utf8Sample),
    /// Some are not UTF-8.
    Other,
}

/// One value in both readings.
#[derive(Debug, PartialEq, Eq)]
pub struct Utf8Sample {
    /// Where it stands.
    pub line: u64,
    /// Read as UTF-8.
    pub utf8: String,
    /// Read as declared.
    pub declared: String,
}

/// Sequences of two bytes, of which longer ones count double, that are no chance in a charset of several bytes.
const ENOUGH: u32 = 4;

/// How much must be UTF-8 before it is one. A character of a charset of several bytes may look like it: of those of GB 2312
/// every seventh is a valid sequence of two bytes, such as 元 (D4 AA); four together are so once in 2,600 times. In a charset
/// of single bytes no words look so.
fn least_weight(charset: Charset) -> u32 {
    if charset.encoding.is_single_byte() { 1 } else { ENOUGH }
}

impl Utf8Sample {
    /// R0315, of bytes that are declared as this charset; `late`: seen after others were taken in.
    pub fn problem(&self, charset: Charset, late: bool) -> Problem {
        fault::utf8(self, charset, late)
    }
}

impl Utf8Evidence {
    /// Whether a charset reads UTF-8 as something else without noticing.
    pub fn is_needed(charset: Charset) -> bool {
        charset.encoding != encoding_rs::UTF_8 && !charset.wide()
    }

    /// Reads until it is known. `whole`: the bytes end where the input does.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn judge<R: BufRead>(mut reader: R, charset: Charset, whole: bool) -> io::Result<Utf8Evidence> {
        let mut found = Utf8Evidence::Ascii;
        let mut weight = 0;
        // The beginning of a sequence at the end of what was read so far.
        let mut rest: Vec<u8> = Vec::new();
        let (mut feeds, mut returns) = (0, 0);
        loop {
            let buffer = reader.fill_buf()?;
            let length = buffer.len();
            if length == 0 {
                let cut = whole && !rest.is_empty();
                let is_chance = matches!(found, Utf8Evidence::Utf8(_)) && weight < least_weight(charset);
                return Ok(if cut || is_chance { Utf8Evidence::Other } else { found });
            }
            rest.extend_from_slice(buffer);
            reader.consume(length);
            let end = match std::str::from_utf8(&rest) {
                Ok(text) => text.len(),
                Err(error) if error.error_len().is_some() => return Ok(Utf8Evidence::Other),
                Err(error) => error.valid_up_to(),
            };
            let text = rest.get(..end).and_then(|valid| std::str::from_utf8(valid).ok()).unwrap_or_default();
            if weight < ENOUGH {
                weight +=
                    text.chars().map(char::len_utf8).filter(|n| *n > 1).map(|n| if n > 2 { 2 } else { 1 }).sum::<u32>();
            }
            if found == Utf8Evidence::Ascii {
                let at = text.bytes().position(|byte| !byte.is_ascii());
                let before = text.get(..at.unwrap_or(end)).unwrap_or_default();
                feeds += before.bytes().filter(|byte| *byte == b'\n').count() as u64;
                returns += before.bytes().filter(|byte| *byte == b'\r').count() as u64;
                if let Some(at) = at {
                    let line = 1 + if feeds > 0 { feeds } else { returns };
                    let value = value(text, at);
                    let declared = charset.decode_lossy(value.as_bytes()).into_owned();
                    found = Utf8Evidence::Utf8(Utf8Sample { line, utf8: value.to_owned(), declared });
                }
            }
            rest.drain(..end);
        }
    }
}

/// The value around a place: as far as letters, digits and spaces between them go.
fn value(text: &str, at: usize) -> &str {
    let part = |c: char| c.is_alphanumeric() || c == ' ' || c == '-' || c == '\'';
    let before = text.get(..at).unwrap_or_default();
    let start = before.char_indices().rev().take(SHOWN).take_while(|(_, c)| part(*c)).last().map_or(at, |(n, _)| n);
    let after = text.get(at..).unwrap_or_default();
    let end = after.char_indices().take(SHOWN).enumerate().take_while(|(n, (_, c))| *n == 0 || part(*c)).last();
    let end = end.map_or(at, |(_, (n, c))| at + n + c.len_utf8());
    text.get(start..end).unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::*;

    use super::*;

    fn of(bytes: &[u8], charset: &str, buffer: usize) -> Utf8Evidence {
        Utf8Evidence::judge(BufReader::with_capacity(buffer, bytes), Charset::by_name(charset).unwrap(), true).unwrap()
    }

    #[test]
    fn utf_8_is_told_with_both_readings() {
        let sample = Utf8Sample { line: 2, utf8: "Jürgen Müller".into(), declared: "JÃ¼rgen MÃ¼ller".into() };
        assert_eq!(
            of("no,name\n1,Jürgen Müller,x\n2,é\n".as_bytes(), "windows-1252", 4096),
            Utf8Evidence::Utf8(sample)
        );
        let Utf8Evidence::Utf8(sample) = of("no\r华强板材\r".as_bytes(), "gb18030", 4096) else { panic!() };
        assert_eq!((sample.line, sample.utf8.as_str()), (2, "华强板材"));
        assert_ne!(sample.declared, sample.utf8);
        assert_eq!(of(b"no,name\n1,plain\n", "gb18030", 4096), Utf8Evidence::Ascii);
        assert_eq!(of(b"1,M\xFCller\n", "windows-1252", 4096), Utf8Evidence::Other);
        assert_eq!(of("Müller é".as_bytes().split_last().unwrap().1, "windows-1252", 4096), Utf8Evidence::Other);
    }

    #[test]
    fn a_character_or_two_of_a_charset_of_several_bytes_that_look_like_utf_8_are_read_as_declared() {
        for text in ["元", "一元", "元 一 十"] {
            let bytes = encoding_rs::GB18030.encode(text).0.into_owned();
            assert!(std::str::from_utf8(&bytes).is_ok(), "{text}");
            assert_eq!(of(&bytes, "gb18030", 4096), Utf8Evidence::Other, "{text}");
        }
        assert!(matches!(of("华强".as_bytes(), "gb18030", 1), Utf8Evidence::Utf8(_)));
        assert!(matches!(of("é".as_bytes(), "windows-1252", 1), Utf8Evidence::Utf8(_)));
    }

    proptest! {
        #[test]
        fn text_is_judged_alike_however_it_is_cut(text in "[a-zé华\n😀,]{0,60}", broken in any::<bool>(), buffer in 1_usize..9) {
            let mut bytes = text.clone().into_bytes();
            if broken {
                bytes.extend(b"M\xFCller");
            }
            match of(&bytes, "windows-1252", buffer) {
                Utf8Evidence::Other => prop_assert!(broken),
                Utf8Evidence::Ascii => prop_assert!(!broken && text.is_ascii()),
                Utf8Evidence::Utf8(sample) => prop_assert!(!broken && !text.is_ascii() && text.contains(&sample.utf8)),
            }
        }
    }
}
