//! Numbers of documents, as a source writes them and as people say them.
//!
//! What counts documents up ends in digits, and these say least wrongly which one is meant: `INV-000123` is `000123` and `123`
//! on the phone. So a number stands where its last digits lead; who finds it there looks whether the rest fits. One whose digits
//! and letters alternate (a carrier's `1Z999AA1`) counts nothing up: it is found whole. So is a UUID, whatever its last digits are.

use sha2::{Digest as _, Sha256};

/// Between the groups of a number.
const BETWEEN: [char; 6] = ['-', '.', '/', '_', '#', ':'];
/// Between groups that are said one after the other.
const SPACES: [char; 3] = [' ', '\u{a0}', '\u{3000}'];
/// Digits of the last group that count: as many as a place has room for.
const DIGITS: usize = 18;

/// A number, cut for being found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentNumber {
    /// As it was given.
    text: String,
    /// What stands before its last digits; all of one that counts nothing up.
    prefix: String,
    /// Its last digits without zeros before them.
    digits: Option<String>,
}

/// How near a document's number comes to what was asked, the nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NumberNearness {
    /// It is what was asked.
    Same,
    /// It is so but for its case and what stands between its groups.
    Written,
    /// It counts the same, and ends in what was asked: without its prefix, or the zeros before it.
    Ending,
}

impl DocumentNumber {
    /// Of a number; none where it has no digit and no letter.
    pub fn of(text: &str) -> Option<Self> {
        let text = text.trim().to_owned();
        let plain = |text: &str| -> String {
            text.chars().filter(|c| !BETWEEN.contains(c)).map(|c| c.to_ascii_lowercase()).collect()
        };
        // As it is said: digits in groups.
        let whole: String = text.chars().filter(|c| !SPACES.contains(c)).collect();
        let before = whole.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = whole.get(before.len()..).unwrap_or_default();
        let number = match digits.is_empty() || !counts_up(before) || is_uuid(&whole) {
            true => Self { prefix: plain(&whole), digits: None, text },
            false => {
                let digits = Some(digits.trim_start_matches('0').to_owned());
                Self { prefix: plain(before), digits, text }
            }
        };
        let said = number.digits.is_some() || number.prefix.chars().any(char::is_alphanumeric);
        said.then_some(number)
    }

    /// As it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands before its last digits, in lower case and without what stands between; all of one that counts nothing up.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Where it stands among numbers: that of its last digits, or below zero one of its own.
    pub fn place(&self) -> i64 {
        if let Some(digits) = &self.digits {
            let last = digits.get(digits.len().saturating_sub(DIGITS)..).unwrap_or_default();
            return last.parse().unwrap_or(0);
        }
        let mut first = [0; 8];
        first.copy_from_slice(&Sha256::digest(self.prefix.as_bytes())[..8]);
        i64::from_be_bytes(first) | i64::MIN
    }

    /// How near another number comes to this one, which was asked; none where it is another one.
    pub fn nearness(&self, found: &Self) -> Option<NumberNearness> {
        if self.text == found.text {
            return Some(NumberNearness::Same);
        }
        let ends = self.digits.is_some() && found.prefix.ends_with(&self.prefix);
        match self.digits == found.digits {
            true if self.prefix == found.prefix => Some(NumberNearness::Written),
            true if ends => Some(NumberNearness::Ending),
            _ => None,
        }
    }
}

/// Whether a text is a UUID, as it is written.
pub(super) fn is_uuid(text: &str) -> bool {
    let of = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(of)
}

/// Whether what stands before the last digits is a prefix and further groups of digits: no letter stands behind a digit.
fn counts_up(before: &str) -> bool {
    before.chars().skip_while(|c| !c.is_ascii_digit()).all(|c| c.is_ascii_digit() || BETWEEN.contains(&c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nearness(asked: &str, found: &str) -> Option<NumberNearness> {
        let (asked, found) = (DocumentNumber::of(asked).unwrap(), DocumentNumber::of(found).unwrap());
        let nearness = asked.nearness(&found);
        assert!(nearness.is_none() || asked.place() == found.place(), "{asked:?} {found:?}");
        nearness
    }

    #[test]
    fn a_number_is_found_as_it_is_written_and_as_it_is_said() {
        for (asked, found, near) in [
            ("INV-000123", "INV-000123", NumberNearness::Same),
            ("inv 000123", "INV-000123", NumberNearness::Written),
            ("1001", "#1001", NumberNearness::Written),
            ("#1001", "1001", NumberNearness::Written),
            ("000123", "INV-000123", NumberNearness::Ending),
            ("123", "INV-000123", NumberNearness::Ending),
            ("2026-123", "INV-2026-000123", NumberNearness::Ending),
            ("SF 1400 0000 01221", "SF1400000001221", NumberNearness::Written),
            ("1z999aa10123456784", "1Z999AA10123456784", NumberNearness::Written),
            ("\u{8ba2}\u{5355}7", "\u{8ba2}\u{5355}0007", NumberNearness::Written),
        ] {
            assert_eq!(nearness(asked, found), Some(near), "{asked} {found}");
        }
    }

    #[test]
    fn another_number_is_none() {
        for (asked, found) in [
            ("123", "124"),
            ("SO-123", "INV-123"),
            ("23", "123"),
            ("6784", "1Z999AA10123456784"),
            ("2025-123", "INV-2026-000123"),
            ("123456789012", "abcdefab-1234-4234-8234-123456789012"),
            ("440000", "550e8400-e29b-41d4-a716-446655440000"),
            ("A", "B"),
        ] {
            assert_eq!(nearness(asked, found), None, "{asked} {found}");
        }
        assert!(DocumentNumber::of(" - ").is_none());
        assert_eq!(DocumentNumber::of("0").unwrap().place(), 0);
        assert!(DocumentNumber::of("a1b2").unwrap().place() < 0);
    }
}
