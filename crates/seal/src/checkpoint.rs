//! C2SP checkpoints: what a tree is at one size, as the text of a note.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::note::{NoteKey, NoteSigner, SignedNote};
use crate::text_reader::{read_hash, read_number};
use crate::{SealError, TreeHash};

/// Begins the line that says what the tree over subjects is: C2SP lets such lines follow the root.
const EXTENSION: &str = "subjects";

/// The tree over the subjects of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubjectRoot {
    /// How many there are.
    pub count: u64,
    /// The root over all of them.
    pub root: TreeHash,
}

/// A partition of the log at one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeCheckpoint {
    /// Name of the key, and the partition after a slash: two partitions of one hub are two trees.
    pub origin: String,
    /// Number of records.
    pub size: u64,
    /// The root over their leaf hashes.
    pub root: TreeHash,
    /// The tree over subjects that these records are about.
    pub subjects: SubjectRoot,
}

impl TreeCheckpoint {
    /// The first line of the checkpoints of a partition of the hub whose key has this name.
    pub fn origin_of(name: &str, partition: u32) -> String {
        format!("{name}/{partition}")
    }

    /// The partition that the origin names.
    pub fn partition(&self) -> Option<u32> {
        self.origin.rsplit_once('/')?.1.parse().ok()
    }

    /// The text that is signed.
    pub fn text(&self) -> String {
        let hash = |hash: &TreeHash| BASE64_STANDARD.encode(hash);
        format!(
            "{}\n{}\n{}\n{EXTENSION} {} {}\n",
            self.origin,
            self.size,
            hash(&self.root),
            self.subjects.count,
            hash(&self.subjects.root)
        )
    }

    /// The whole note.
    pub fn sign(&self, signer: &NoteSigner) -> String {
        signer.sign(&self.text())
    }

    /// Verifies a note and reads its text.
    ///
    /// # Errors
    /// It is not signed by this key, or its text is not a checkpoint of the hub that the key is of.
    pub fn open(note: &str, key: &NoteKey) -> Result<Self, SealError> {
        let checkpoint = Self::read(SignedNote::parse(note)?.verify(key)?)?;
        let is_of_hub = checkpoint.partition().is_some_and(|p| checkpoint.origin == Self::origin_of(key.name(), p));
        if !is_of_hub {
            return Err(SealError::Note(format!(
                "its origin `{}` is not a partition of `{}`",
                checkpoint.origin,
                key.name()
            )));
        }
        Ok(checkpoint)
    }

    fn read(text: &str) -> Result<Self, SealError> {
        let read = || {
            let mut lines = text.strip_suffix('\n')?.split('\n');
            let (origin, size, root) = (lines.next()?, lines.next()?, lines.next()?);
            let (count, of_subjects) = lines.next()?.strip_prefix(EXTENSION)?.strip_prefix(' ')?.split_once(' ')?;
            let subjects = SubjectRoot { count: read_number(count)?, root: read_hash(of_subjects)? };
            (!origin.is_empty() && lines.next().is_none()).then_some(())?;
            Some(Self { origin: origin.to_owned(), size: read_number(size)?, root: read_hash(root)?, subjects })
        };
        read().ok_or_else(|| {
            SealError::Note("expected the lines origin, size, root, and `subjects` with count and root".to_owned())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_read_back_and_only_from_its_own_hub() {
        let signer = NoteSigner::from_seed("hub.example/onefold", &[1; 32]).unwrap();
        let checkpoint = TreeCheckpoint {
            origin: TreeCheckpoint::origin_of("hub.example/onefold", 3),
            size: 41,
            root: [7; 32],
            subjects: SubjectRoot { count: 5, root: [8; 32] },
        };
        let note = checkpoint.sign(&signer);
        assert!(note.starts_with("hub.example/onefold/3\n41\nBwcHBwcH"), "{note}");
        assert_eq!(TreeCheckpoint::open(&note, signer.public()).unwrap(), checkpoint);
        assert_eq!(checkpoint.partition(), Some(3));
        for wrong in ["elsewhere/3", "hub.example/onefold/x", "hub.example/onefold"] {
            let other = TreeCheckpoint { origin: wrong.to_owned(), ..checkpoint.clone() };
            assert!(TreeCheckpoint::open(&other.sign(&signer), signer.public()).is_err(), "{wrong}");
        }
        for (from, to) in
            [("\n41\n", "\n041\n"), ("\n41\n", "\n+41\n"), ("subjects 5", "subjects"), ("subjects", "themes")]
        {
            let text = checkpoint.text().replace(from, to);
            assert!(TreeCheckpoint::open(&signer.sign(&text), signer.public()).is_err(), "{to}");
        }
    }
}
