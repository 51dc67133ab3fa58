//! The bytes of a record that are hashed.

use onefold_log::LogRecord;

use crate::byte_reader::{take_bytes, take_count};
use crate::subject_table::subject_hash;
use crate::tree::{TreeHash, hash_leaf};

/// Begins each leaf; another layout begins with another byte, so that no bytes are ever read in two ways.
const VERSION: u8 = 1;

/// The record exactly as it stands in the log: version, time (microseconds), key, number of headers, each header's name and value,
/// value. Numbers are big-endian, 8 bytes for the time and 4 for lengths and the number; whatever has a length follows it. Where
/// the record stands is not in it, so that it is the same in a copy of the log.
pub fn leaf_input(record: &LogRecord) -> Vec<u8> {
    let mut input = Vec::with_capacity(record.size() + 32);
    put_record(record, &mut input);
    input
}

/// What is kept of a record when it is sealed, and what it is held to afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordHash {
    /// The RFC 6962 leaf hash of its [`leaf_input`].
    pub leaf: TreeHash,
    /// The [`subject_hash`] of its key.
    pub subject: TreeHash,
}

impl RecordHash {
    /// Hashes a record; `buffer` is emptied and used, so that many records need one allocation.
    pub fn new(record: &LogRecord, buffer: &mut Vec<u8>) -> Self {
        buffer.clear();
        put_record(record, buffer);
        Self { leaf: hash_leaf(buffer), subject: subject_hash(&record.key) }
    }
}

fn put_record(record: &LogRecord, input: &mut Vec<u8>) {
    input.push(VERSION);
    input.extend_from_slice(&record.time.to_be_bytes());
    put_part(&record.key, input);
    // A log takes records of some MiB: what counts them fits in 32 bits.
    input.extend_from_slice(&(record.headers.len() as u32).to_be_bytes());
    for (name, value) in &record.headers {
        put_part(name.as_bytes(), input);
        put_part(value, input);
    }
    put_part(&record.value, input);
}

fn put_part(part: &[u8], input: &mut Vec<u8>) {
    input.extend_from_slice(&(part.len() as u32).to_be_bytes());
    input.extend_from_slice(part);
}

/// The record of which this is the leaf input; none where it is something else or of another layout.
pub fn read_leaf(input: &[u8]) -> Option<LogRecord> {
    let mut rest = input;
    let [VERSION] = take_bytes(&mut rest, 1)? else { return None };
    let time = i64::from_be_bytes(take_bytes(&mut rest, 8)?.try_into().ok()?);
    let key = take_part(&mut rest)?.to_vec();
    let mut record = LogRecord::new(key, Vec::new(), time);
    for _ in 0..take_count(&mut rest)? {
        let name = std::str::from_utf8(take_part(&mut rest)?).ok()?.to_owned();
        record.headers.push((name, take_part(&mut rest)?.to_vec().into()));
    }
    record.value = take_part(&mut rest)?.to_vec().into();
    rest.is_empty().then_some(record)
}

fn take_part<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = take_count(rest)?;
    take_bytes(rest, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_is_frozen() {
        let mut record = LogRecord::new("k1", "value", 1_700_000_000_000_001);
        record.headers = vec![("h".to_owned(), "x".into())];
        assert_eq!(
            hex::encode(leaf_input(&record)),
            "0100060a24181e4001000000026b3100000001000000016800000001780000000576616c7565"
        );
    }

    #[test]
    fn a_record_is_read_back_and_from_nothing_else() {
        let mut record = LogRecord::new("k1", "value", -7);
        record.headers = vec![("h".to_owned(), "x".into()), ("h".to_owned(), "".into())];
        let input = leaf_input(&record);
        assert_eq!(read_leaf(&input).unwrap(), record);
        for cut in 0..input.len() {
            assert_eq!(read_leaf(&input[..cut]), None);
        }
        assert_eq!(read_leaf(&[input.as_slice(), &[0]].concat()), None);
        assert_eq!(read_leaf(&[&[2], &input[1..]].concat()), None);
    }

    #[test]
    fn no_two_records_have_one_input() {
        let record =
            LogRecord { key: "ab".into(), headers: vec![("n".to_owned(), "v".into())], value: "cd".into(), time: 5 };
        let mut others = vec![record.clone(); 6];
        (others[1].key, others[1].value) = ("abc".into(), "d".into());
        others[2].headers[0] = ("nv".to_owned(), "".into());
        others[3].headers.clear();
        others[4].time = 6;
        others[5].headers.push((String::new(), "".into()));
        let inputs: std::collections::BTreeSet<_> = others.iter().map(leaf_input).collect();
        assert_eq!(inputs.len(), 6);
    }
}
