//! Places outside of the hub that keep its checkpoints: whoever cuts the log and its seals does not reach them.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use onefold_seal::{CUT_MARK, NoteKey, SealError, TreeCheckpoint, split_notes};

use crate::SealerError;

/// A file that checkpoints are appended to, one signed note after the other: on another machine's disk, or where nothing is ever
/// written again. It is only ever appended to.
#[derive(Debug)]
pub struct OutsidePlace {
    path: PathBuf,
    /// Size of the newest checkpoint there, by partition; none: not looked at yet, or not since writing failed.
    written: Option<BTreeMap<u32, u64>>,
}

impl OutsidePlace {
    /// The file, which need not be there yet.
    pub fn new(path: PathBuf) -> Self {
        Self { path, written: None }
    }

    /// Appends those of these notes that are newer than what stands there.
    pub(crate) fn write(&mut self, newest: &[(TreeCheckpoint, String)], key: &NoteKey) -> Result<(), SealerError> {
        let (mut written, is_cut) = match self.written.take() {
            Some(written) => (written, false),
            None => self.look(key)?,
        };
        let is_new = |checkpoint: &TreeCheckpoint| {
            let partition = checkpoint.partition()?;
            (written.get(&partition).is_none_or(|size| *size < checkpoint.size)).then_some((partition, checkpoint.size))
        };
        let new: Vec<((u32, u64), &str)> =
            newest.iter().filter_map(|(checkpoint, note)| Some((is_new(checkpoint)?, note.as_str()))).collect();
        if !new.is_empty() {
            // Behind half a line the next note would be a part of it.
            let ended = if is_cut { CUT_MARK } else { "" };
            let notes: String = std::iter::once(ended).chain(new.iter().map(|(_, note)| *note)).collect();
            let append = || -> std::io::Result<()> {
                let mut file = OpenOptions::new().append(true).create(true).open(&self.path)?;
                file.write_all(notes.as_bytes())?;
                file.sync_all()
            };
            append().map_err(|why| self.fault("written", why))?;
            written.extend(new.into_iter().map(|(size, _)| size));
        }
        self.written = Some(written);
        Ok(())
    }

    /// Size of the newest checkpoint there, by partition, and whether the text ends within a line.
    fn look(&self, key: &NoteKey) -> Result<(BTreeMap<u32, u64>, bool), SealerError> {
        let bytes = match std::fs::read(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            read => read.map_err(|why| self.fault("read", why))?,
        };
        let mut newest: BTreeMap<u32, u64> = BTreeMap::new();
        // Of another key, or damaged: whoever verifies is told, and what is right is written behind it.
        for checkpoint in read_outside(&bytes, key).into_iter().flatten() {
            if let Some(partition) = checkpoint.partition() {
                let size = newest.entry(partition).or_default();
                *size = checkpoint.size.max(*size);
            }
        }
        Ok((newest, bytes.last().is_some_and(|last| *last != b'\n')))
    }

    fn fault(&self, what: &'static str, why: std::io::Error) -> SealerError {
        SealerError::Place { path: self.path.clone(), what, why }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The checkpoints of the hub of this key in what a place holds, each verified; what is cut at its end, by a crash or a copy that was
/// made meanwhile, is passed over.
pub fn read_outside(bytes: &[u8], key: &NoteKey) -> Vec<Result<TreeCheckpoint, SealError>> {
    // A cut within a character leaves half of it, and what follows is whole again.
    let text = String::from_utf8_lossy(bytes);
    let begins = format!("{}/", key.name());
    let whole = |note: &str| -> Result<TreeCheckpoint, SealError> {
        // What was cut stands before the next note without an end of its own.
        let mut lines = note.rmatch_indices('\n').map(|(at, _)| at + 1);
        let begin = lines.find(|at| note[*at..].starts_with(&begins)).unwrap_or(0);
        TreeCheckpoint::open(&note[begin..], key)
    };
    split_notes(&text).into_iter().map(whole).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use onefold_seal::{NoteSigner, SubjectRoot};

    fn note(signer: &NoteSigner, partition: u32, size: u64) -> (TreeCheckpoint, String) {
        let origin = TreeCheckpoint::origin_of("hub", partition);
        let checkpoint =
            TreeCheckpoint { origin, size, root: [1; 32], subjects: SubjectRoot { count: 1, root: [2; 32] } };
        let note = checkpoint.sign(signer);
        (checkpoint, note)
    }

    #[test]
    fn what_is_new_is_appended_once_also_by_who_comes_later_and_behind_a_cut_note() {
        let path = std::env::temp_dir().join(format!("onefold-outside-{}", std::process::id()));
        let signer = NoteSigner::from_seed("hub", &[1; 32]).unwrap();
        let key = signer.public();
        let sizes = || -> Vec<(Option<u32>, u64)> {
            let bytes = std::fs::read(&path).unwrap();
            read_outside(&bytes, key).into_iter().map(|read| read.unwrap()).map(|c| (c.partition(), c.size)).collect()
        };
        let mut place = OutsidePlace::new(path.clone());
        place.write(&[note(&signer, 0, 5), note(&signer, 1, 7)], key).unwrap();
        place.write(&[note(&signer, 0, 6), note(&signer, 1, 7)], key).unwrap();
        let mut later = OutsidePlace::new(path.clone());
        later.write(&[note(&signer, 0, 6), note(&signer, 1, 7)], key).unwrap();
        assert_eq!(sizes(), [(Some(0), 5), (Some(1), 7), (Some(0), 6)]);
        let whole = std::fs::read(&path).unwrap();
        let last = note(&signer, 0, 6).1.len();
        for cut in 1..=last {
            std::fs::write(&path, &whole[..whole.len() - cut]).unwrap();
            OutsidePlace::new(path.clone()).write(&[note(&signer, 0, 6), note(&signer, 1, 7)], key).unwrap();
            assert_eq!(sizes(), [(Some(0), 5), (Some(1), 7), (Some(0), 6)], "{cut} bytes cut off");
        }
        std::fs::remove_file(&path).unwrap();
    }
}
