//! By what a file is known again, whatever its name: device, inode, its first bytes, and the last of those that were read.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::read::ReadPosition;

/// First bytes by which a file is known. Headings alone may be the same in every file, so that the bytes before the place that was
/// read up to are looked at too.
const HEAD: u64 = 4_096;
/// Bytes before that place.
const TAIL: u64 = 1_024;

/// Where a file stands in the file system. The inode of one that was removed may be another's a moment later.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct FileIdentity {
    pub(crate) device: u64,
    pub(crate) inode: u64,
}

impl FileIdentity {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

/// A digest of bytes of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BytesPrint {
    /// Where they end, counted from the beginning of the file.
    pub(crate) end: u64,
    pub(crate) length: u64,
    /// The first 16 bytes of their SHA-256, in hex.
    pub(crate) sha256: String,
}

impl BytesPrint {
    /// Of the last bytes before `end`, at most so many; none where the file is shorter.
    fn of(file: &File, end: u64, most: u64) -> io::Result<Option<Self>> {
        let length = end.min(most);
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        match file.read_exact_at(&mut bytes, end - length) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        let sha256 = hex::encode(Sha256::digest(&bytes).get(..16).unwrap_or_default());
        Ok(Some(Self { end, length, sha256 }))
    }

    fn holds(&self, file: &File) -> io::Result<bool> {
        Ok(Self::of(file, self.end, self.length)?.as_ref() == Some(self))
    }
}

/// How far a file was read, and by which of its bytes that is known again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileMark {
    pub(crate) position: ReadPosition,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) head: Option<BytesPrint>,
    /// Of the bytes before the position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tail: Option<BytesPrint>,
}

impl FileMark {
    /// Whether a file holds what was read up to here.
    pub(crate) fn holds(&self, file: &File) -> io::Result<bool> {
        for print in self.head.iter().chain(&self.tail) {
            if !print.holds(file)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The mark of a file that was read up to here.
    pub(crate) fn of(file: &File, position: ReadPosition) -> io::Result<Self> {
        let size = file.metadata()?.len();
        // Longer each time until there is enough of it: a file that is followed may begin with a heading alone.
        let head = BytesPrint::of(file, size.min(HEAD), HEAD)?;
        let tail = match position.offset {
            0 => None,
            offset => BytesPrint::of(file, offset, TAIL)?,
        };
        Ok(Self { position, head, tail })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_file_is_known_again_by_its_first_bytes_and_by_those_before_the_place_that_was_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.log");
        let heading = "h".repeat(5_000);
        std::fs::write(&path, format!("{heading}\none\n")).unwrap();
        let file = File::open(&path).unwrap();
        let position = ReadPosition { offset: 5_005, line: 2, documents: 1 };
        let mark = FileMark::of(&file, position).unwrap();
        assert!(mark.holds(&file).unwrap());
        std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"two\n").unwrap();
        assert!(mark.holds(&file).unwrap());
        std::fs::write(&path, format!("{heading}\ntwo\nthree\n")).unwrap();
        assert!(!mark.holds(&file).unwrap());
        std::fs::write(&path, "h").unwrap();
        assert!(!mark.holds(&file).unwrap());
    }
}
