//! What is kept of one step of sealing: the checkpoint, and the hashes by which a later reader says where something differs.

use std::collections::HashMap;

use crate::byte_reader::{take_bytes, take_count};
use crate::{RecordHash, SealError, TreeHash};

/// Version of the layout.
const VERSION: u8 = 1;
/// Records of one seal at most: its bytes, 68 for each of subjects of their own, stay below what a topic takes.
pub const MOST_LEAVES: usize = 65_536;

/// One step of sealing a partition: from its first record that was not sealed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionSeal {
    /// The checkpoint behind the last of these records, as a signed note.
    pub note: String,
    /// Offset of the first record.
    pub start: u64,
    /// Leaf hashes of the records, in their order.
    pub leaves: Vec<TreeHash>,
    /// Hashes of the subjects that they are about, each once.
    subjects: Vec<TreeHash>,
    /// For each record which of these is its own.
    about: Vec<u32>,
}

impl PartitionSeal {
    /// A seal of these records.
    pub fn new(note: String, start: u64, records: &[RecordHash]) -> Self {
        let mut numbers: HashMap<TreeHash, u32> = HashMap::new();
        let (mut leaves, mut subjects, mut about) = (Vec::with_capacity(records.len()), Vec::new(), Vec::new());
        for RecordHash { leaf, subject } in records {
            let next = subjects.len() as u32;
            let number = *numbers.entry(*subject).or_insert(next);
            if number == next {
                subjects.push(*subject);
            }
            leaves.push(*leaf);
            about.push(number);
        }
        Self { note, start, leaves, subjects, about }
    }

    /// The offset behind the last record.
    pub fn end(&self) -> u64 {
        self.start + self.leaves.len() as u64
    }

    /// The hashes of each record.
    pub fn records(&self) -> impl Iterator<Item = RecordHash> {
        // Both were held to each other when it was made or decoded.
        let subject = |number: &u32| self.subjects.get(*number as usize).copied();
        let records = self.leaves.iter().zip(&self.about);
        records.filter_map(move |(leaf, number)| Some(RecordHash { leaf: *leaf, subject: subject(number)? }))
    }

    /// Version, note, start, leaf hashes, subjects, and the number of each record's own. Lengths and numbers are big-endian, 8
    /// bytes for the start and 4 for the others.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        let count = |n: usize, bytes: &mut Vec<u8>| bytes.extend_from_slice(&(n as u32).to_be_bytes());
        count(self.note.len(), &mut bytes);
        bytes.extend_from_slice(self.note.as_bytes());
        bytes.extend_from_slice(&self.start.to_be_bytes());
        for hashes in [&self.leaves, &self.subjects] {
            count(hashes.len(), &mut bytes);
            hashes.iter().for_each(|hash| bytes.extend_from_slice(hash));
        }
        self.about.iter().for_each(|number| count(*number as usize, &mut bytes));
        bytes
    }

    /// Reads [`PartitionSeal::encode`].
    ///
    /// # Errors
    /// The bytes are something else, are cut, or are of a newer layout.
    pub fn decode(bytes: &[u8]) -> Result<Self, SealError> {
        match bytes.split_first() {
            Some((&VERSION, rest)) => {
                Self::read(rest).ok_or_else(|| SealError::Seal("its lengths do not go together".to_owned()))
            }
            Some((version, _)) => Err(SealError::Seal(format!(
                "it is of layout {version}, this program knows layouts up to {VERSION}: use a newer version of the program"
            ))),
            None => Err(SealError::Seal("it is empty".to_owned())),
        }
    }

    fn read(mut rest: &[u8]) -> Option<Self> {
        let rest = &mut rest;
        let length = take_count(rest)?;
        let note = std::str::from_utf8(take_bytes(rest, length)?).ok()?.to_owned();
        let start = u64::from_be_bytes(take_bytes(rest, 8)?.try_into().ok()?);
        let (leaves, subjects) = (take_hashes(rest)?, take_hashes(rest)?);
        let numbers = take_bytes(rest, leaves.len().checked_mul(4)?)?.chunks_exact(4);
        let about: Vec<u32> = numbers.map(|n| n.iter().fold(0, |all, byte| all << 8 | u32::from(*byte))).collect();
        let is_whole = rest.is_empty() && leaves.len() <= MOST_LEAVES;
        let is_known = about.iter().all(|number| (*number as usize) < subjects.len());
        start.checked_add(leaves.len() as u64)?;
        (is_whole && is_known).then_some(Self { note, start, leaves, subjects, about })
    }
}

fn take_hashes(rest: &mut &[u8]) -> Option<Vec<TreeHash>> {
    let length = take_count(rest)?.checked_mul(32)?;
    take_bytes(rest, length)?.chunks_exact(32).map(|hash| hash.try_into().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_read_back_and_a_cut_one_is_refused() {
        let records = [(1, 9), (2, 8), (3, 9)].map(|(leaf, of)| RecordHash { leaf: [leaf; 32], subject: [of; 32] });
        let seal = PartitionSeal::new("note\n".to_owned(), 40, &records);
        assert_eq!((seal.subjects.len(), seal.end()), (2, 43));
        let bytes = seal.encode();
        assert_eq!(PartitionSeal::decode(&bytes).unwrap(), seal);
        assert!(seal.records().eq(records));
        for cut in 0..bytes.len() {
            assert!(PartitionSeal::decode(&bytes[..cut]).is_err(), "{cut}");
        }
        let newer = [&[2], &bytes[1..]].concat();
        assert!(PartitionSeal::decode(&newer).unwrap_err().to_string().contains("newer version"));
    }

    #[test]
    fn the_largest_seal_fits_in_a_message() {
        let records: Vec<RecordHash> = (0..MOST_LEAVES as u64)
            .map(|n| {
                let mut subject = [0; 32];
                subject[..8].copy_from_slice(&n.to_be_bytes());
                RecordHash { leaf: [1; 32], subject }
            })
            .collect();
        let bytes = PartitionSeal::new("n".repeat(1_000), 0, &records).encode();
        assert!(bytes.len() < (8 << 20) - (64 << 10), "{}", bytes.len());
    }
}
