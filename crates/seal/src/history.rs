//! All that is sealed of a partition so far: what the next seal is made from, and what each seal is held against.

use crate::leaf::RecordHash;
use crate::note::{NoteKey, NoteSigner};
use crate::subject_table::SubjectTable;
use crate::tree::TreeFrontier;
use crate::{MOST_LEAVES, PartitionSeal, SealError, TreeCheckpoint};

/// A partition as far as it is sealed.
#[derive(Debug, Clone)]
pub struct PartitionHistory {
    origin: String,
    frontier: TreeFrontier,
    subjects: SubjectTable,
    last: Option<(TreeCheckpoint, String)>,
}

impl PartitionHistory {
    /// A partition of which nothing is sealed yet, of the hub whose key has this name.
    pub fn new(name: &str, partition: u32) -> Self {
        Self {
            origin: TreeCheckpoint::origin_of(name, partition),
            frontier: TreeFrontier::default(),
            subjects: SubjectTable::default(),
            last: None,
        }
    }

    /// Number of records that are sealed.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The subjects of these records.
    pub fn subjects(&self) -> &SubjectTable {
        &self.subjects
    }

    /// The newest checkpoint, and it as a note.
    pub fn last(&self) -> Option<(&TreeCheckpoint, &str)> {
        self.last.as_ref().map(|(checkpoint, note)| (checkpoint, note.as_str()))
    }

    /// Takes in the next seal: its note is signed, of this partition, and of the very hashes that it brings. The tree over subjects
    /// is not held to its root, which takes each subject: [`PartitionHistory::check_subjects`] does so. False: it begins before where
    /// this ends, since another sealer was first, and counts for nothing.
    ///
    /// # Errors
    /// It is none of these; nothing of it is taken in.
    pub fn apply(&mut self, seal: &PartitionSeal, key: &NoteKey) -> Result<bool, SealError> {
        let checkpoint = TreeCheckpoint::open(&seal.note, key)?;
        if checkpoint.origin != self.origin {
            return Err(SealError::Order(format!("it is of `{}`, expected `{}`", checkpoint.origin, self.origin)));
        }
        if seal.start < self.size() {
            return Ok(false);
        }
        if seal.start > self.size() {
            return Err(SealError::Order(format!(
                "it begins at offset {}, those before it end at {}: seals are missing",
                seal.start,
                self.size()
            )));
        }
        let mut frontier = self.frontier.clone();
        seal.leaves.iter().for_each(|leaf| frontier.push(*leaf));
        if (frontier.size(), frontier.root()) != (checkpoint.size, checkpoint.root) {
            return Err(SealError::Order(format!(
                "the hashes kept with it, up to offset {}, are not those that were signed",
                seal.end()
            )));
        }
        self.frontier = frontier;
        seal.records().for_each(|record| self.subjects.push(record.subject, &record.leaf));
        self.last = Some((checkpoint, seal.note.clone()));
        Ok(true)
    }

    /// Holds the tree over subjects to the newest checkpoint.
    ///
    /// # Errors
    /// It has another root.
    pub fn check_subjects(&self) -> Result<(), SealError> {
        match &self.last {
            Some((checkpoint, _)) if checkpoint.subjects != self.subjects.root() => Err(SealError::Order(format!(
                "the subjects of the records up to offset {} are not those that were signed",
                checkpoint.size
            ))),
            _ => Ok(()),
        }
    }

    /// Seals the next records, [`MOST_LEAVES`] of them at most, and goes on from behind them: where the seal is not kept in the end,
    /// this is to be thrown away with it.
    pub fn seal(&mut self, records: &[RecordHash], signer: &NoteSigner) -> PartitionSeal {
        let (start, records) = (self.size(), &records[..records.len().min(MOST_LEAVES)]);
        for RecordHash { leaf, subject } in records {
            self.frontier.push(*leaf);
            self.subjects.push(*subject, leaf);
        }
        let checkpoint = TreeCheckpoint {
            origin: self.origin.clone(),
            size: self.size(),
            root: self.frontier.root(),
            subjects: self.subjects.root(),
        };
        let note = checkpoint.sign(signer);
        self.last = Some((checkpoint, note.clone()));
        PartitionSeal::new(note, start, records)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(count: u8) -> Vec<RecordHash> {
        (0..count).map(|n| RecordHash { leaf: [n; 32], subject: [n % 3; 32] }).collect()
    }

    #[test]
    fn who_reads_the_seals_stands_where_the_sealer_stood() {
        let signer = NoteSigner::from_seed("hub", &[1; 32]).unwrap();
        let mut sealed = PartitionHistory::new("hub", 0);
        let mut read = PartitionHistory::new("hub", 0);
        let records = records(20);
        for part in records.chunks(7) {
            let seal = PartitionSeal::decode(&sealed.seal(part, &signer).encode()).unwrap();
            assert!(read.apply(&seal, signer.public()).unwrap());
            read.check_subjects().unwrap();
            assert!(!read.apply(&seal, signer.public()).unwrap(), "a seal counts once");
        }
        assert_eq!(read.last(), sealed.last());
        assert_eq!(read.size(), 20);
    }

    #[test]
    fn a_seal_that_is_altered_left_out_or_of_elsewhere_is_refused() {
        let signer = NoteSigner::from_seed("hub", &[1; 32]).unwrap();
        let mut sealed = PartitionHistory::new("hub", 0);
        let seals: Vec<PartitionSeal> = records(20).chunks(7).map(|part| sealed.seal(part, &signer)).collect();
        let mut altered = seals[0].clone();
        altered.leaves[3][0] ^= 1;
        let mut read = PartitionHistory::new("hub", 0);
        for (wrong, why) in [(&altered, "not those that were signed"), (&seals[1], "seals are missing")] {
            let error = read.apply(wrong, signer.public()).unwrap_err().to_string();
            assert!(error.contains(why), "{error}");
        }
        assert!(PartitionHistory::new("hub", 1).apply(&seals[0], signer.public()).is_err());
        let other = NoteSigner::from_seed("hub", &[2; 32]).unwrap();
        assert!(read.apply(&seals[0], other.public()).is_err());
        assert!(read.apply(&seals[0], signer.public()).unwrap());
    }
}
