//! Values that end with a checksum over themselves and over where they stand, looked at whenever they are read: what is damaged, or
//! stands where it was not written, is an error and no answer.
//!
//! CRC-32 in four bytes; nothing at all stays nothing. The checksum of a bundle stands behind its digest.

use crc32fast::Hasher;
use rusqlite::Result;

use crate::db::corrupt;

/// What a value is of: the key of a subject; the numbers of a fact's subject and its id, of an owner, of an open item.
#[derive(Clone, Copy)]
pub(crate) enum Place<'a> {
    Subject(&'a str),
    Fact(i64, &'a [u8]),
    Few(i64),
    /// Owner, day on which it falls due, invoice.
    Item(i64, i64, i64),
    /// A sum of digests that is kept.
    Digest(&'a str),
    /// Owner, when it happened, document: the checksum is all that there is.
    Document(i64, i64, i64),
}

const SUM: usize = 4;

fn sum(place: Place<'_>, value: &[u8]) -> [u8; SUM] {
    let mut hasher = Hasher::new();
    match place {
        Place::Subject(key) => {
            hasher.update(b"s");
            hasher.update(key.as_bytes());
        }
        Place::Digest(name) => {
            hasher.update(b"g");
            hasher.update(name.as_bytes());
        }
        Place::Fact(subject, id) => {
            hasher.update(b"f");
            hasher.update(&subject.to_le_bytes());
            hasher.update(id);
        }
        Place::Few(owner) => {
            hasher.update(b"o");
            hasher.update(&owner.to_le_bytes());
        }
        Place::Item(owner, at, subject) | Place::Document(owner, at, subject) => {
            hasher.update(if matches!(place, Place::Item(..)) { b"i" } else { b"d" });
            hasher.update([owner.to_le_bytes(), at.to_le_bytes(), subject.to_le_bytes()].as_flattened());
        }
    }
    hasher.update(value);
    hasher.finalize().to_le_bytes()
}

/// Adds the checksum to a value.
pub(crate) fn seal(place: Place<'_>, value: &mut Vec<u8>) {
    if !value.is_empty() || is_sum_alone(place) {
        let sum = sum(place, value);
        value.extend_from_slice(&sum);
    }
}

fn is_sum_alone(place: Place<'_>) -> bool {
    matches!(place, Place::Document(..))
}

/// The value without its checksum; none where that is not its own.
pub(crate) fn unsealed<'a>(place: Place<'_>, sealed: &'a [u8]) -> Option<&'a [u8]> {
    if sealed.is_empty() && !is_sum_alone(place) {
        return Some(sealed);
    }
    let (value, kept) = sealed.split_last_chunk()?;
    (sum(place, value) == *kept && value.is_empty() == is_sum_alone(place)).then_some(value)
}

/// The same.
///
/// # Errors
/// The checksum is not its own.
pub(crate) fn opened<'a>(place: Place<'_>, sealed: &'a [u8]) -> Result<&'a [u8]> {
    let what = || match place {
        Place::Subject(key) => key.to_owned(),
        Place::Digest(name) => format!("the digest of {name}"),
        Place::Fact(subject, _) => format!("a fact of subject number {subject}"),
        Place::Few(owner) => format!("what stands under owner number {owner}"),
        Place::Item(owner, ..) => format!("an open item of owner number {owner}"),
        Place::Document(owner, ..) => format!("a document of owner number {owner}"),
    };
    unsealed(place, sealed).ok_or_else(|| corrupt(&what(), "its checksum is not that of the row"))
}

/// Stands between a text and its checksum.
const END: char = '\u{1f}';

fn sum_of_text(party: i64, text: &str) -> String {
    let mut hasher = Hasher::new();
    hasher.update(&party.to_le_bytes());
    hasher.update(text.as_bytes());
    format!("{:08x}", hasher.finalize())
}

/// The text by which a party's customer is found, with its checksum.
pub(crate) fn sealed_text(party: i64, text: &str) -> String {
    format!("{text}{END}{}", sum_of_text(party, text))
}

/// The text without its checksum; none where that is not its own.
pub(crate) fn unsealed_text(party: i64, sealed: &str) -> Option<&str> {
    let (text, kept) = sealed.rsplit_once(END)?;
    (kept == sum_of_text(party, text)).then_some(text)
}

fn sum_of_owner(key: &str, first_seen: Option<i64>, bundle: &[u8], digest: &[u8]) -> [u8; SUM] {
    let mut hasher = Hasher::new();
    hasher.update(key.as_bytes());
    let seen = first_seen.map(i64::to_le_bytes);
    hasher.update(seen.as_ref().map_or(&[][..], |seen| seen));
    hasher.update(&(bundle.len() as u64).to_le_bytes());
    hasher.update(bundle);
    hasher.update(digest);
    hasher.finalize().to_le_bytes()
}

/// What the column of an owner's digest holds: the digest of its bundle, and a checksum over that, the bundle, and when the owner was
/// first seen, which is looked at in a tenth of the time. Nothing for an owner that has neither.
pub(crate) fn digests(key: &str, first_seen: Option<i64>, bundle: &[u8], digest: &[u8]) -> Vec<u8> {
    let mut column = digest.to_vec();
    if first_seen.is_some() || !bundle.is_empty() {
        column.extend_from_slice(&sum_of_owner(key, first_seen, bundle, digest));
    }
    column
}

/// The digest of that column; none where the checksum beside it is not its own.
pub(crate) fn digest_of<'a>(key: &str, first_seen: Option<i64>, bundle: &[u8], column: &'a [u8]) -> Option<&'a [u8]> {
    if first_seen.is_none() && bundle.is_empty() {
        return column.is_empty().then_some(column);
    }
    let (digest, kept) = column.split_last_chunk()?;
    (sum_of_owner(key, first_seen, bundle, digest) == *kept).then_some(digest)
}

/// A bundle, if it and when its owner was first seen are what their row was written with; and its digest.
///
/// # Errors
/// They are not.
pub(crate) fn bundle<'a>(
    key: &str,
    first_seen: Option<i64>,
    bundle: &'a [u8],
    column: &'a [u8],
) -> Result<(&'a [u8], &'a [u8])> {
    let digest = digest_of(key, first_seen, bundle, column);
    digest.map(|digest| (bundle, digest)).ok_or_else(|| corrupt(key, "its checksum is not that of its row"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_where_it_was_written_and_as_it_was_written() {
        let places = [
            Place::Subject("order:erp:1"),
            Place::Subject("order:erp:2"),
            Place::Fact(1, b"id"),
            Place::Fact(2, b"id"),
            Place::Few(1),
            Place::Few(2),
            Place::Item(1, 2, 3),
            Place::Item(1, 3, 2),
        ];
        for (n, place) in places.into_iter().enumerate() {
            let mut sealed = b"value".to_vec();
            seal(place, &mut sealed);
            assert_eq!(opened(place, &sealed).unwrap(), b"value");
            let elsewhere = places.into_iter().enumerate().filter(|(other, _)| *other != n);
            elsewhere.for_each(|(_, other)| assert!(opened(other, &sealed).is_err()));
            for at in 0..sealed.len() * 8 {
                let mut flipped = sealed.clone();
                flipped[at / 8] ^= 1 << (at % 8);
                assert!(opened(place, &flipped).is_err());
            }
            for end in 1..sealed.len() {
                assert!(opened(place, &sealed[..end]).is_err(), "cut at {end}");
            }
            assert_eq!(opened(place, b"").unwrap(), b"", "nothing is nothing");
        }
        let (place, mut sum) = (Place::Document(1, 2, 3), Vec::new());
        seal(place, &mut sum);
        assert_eq!(opened(place, &sum).unwrap(), b"");
        let others =
            [(Place::Document(1, 3, 2), &sum[..]), (Place::Item(1, 2, 3), &sum), (place, b""), (place, b"12345678")];
        others.into_iter().for_each(|(place, bytes)| assert!(opened(place, bytes).is_err()));
    }
}
