//! Bytes of an input, unpacked.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use onefold_format::{EndlessError, ReadUnit, START_BYTES, is_damage};

use crate::Input;
use crate::source::ByteSource;
use crate::source::file::gzip::{GzipMembers, MAGIC, Told};

const BUFFER: usize = 256 * 1024;
/// An input that was opened.
pub(crate) struct Opened {
    /// The first bytes, unpacked; the reader gives them again.
    pub(crate) start: Vec<u8>,
    pub(crate) reader: Box<dyn BufRead + Send>,
    /// The same bytes once more; none where they come once, as of a pipe.
    pub(crate) again: Option<Again>,
    /// What stands after the last packed member.
    pub(crate) trailing: Told,
}

/// Bytes that can be read a second time.
pub(crate) enum Again {
    File(PathBuf),
    Bytes(Arc<[u8]>),
}

impl Again {
    pub(crate) fn open(&self) -> io::Result<Box<dyn BufRead + Send>> {
        let opened = match self {
            Self::File(path) => open(&Input::File(path.clone()), &Arc::default())?,
            Self::Bytes(bytes) => open_bytes(bytes)?,
        };
        Ok(opened.reader)
    }
}

/// An input, of which `count` hears every byte that is taken from the medium.
pub(crate) struct InputSource<'i> {
    pub(crate) input: &'i Input,
    pub(crate) count: &'i Arc<AtomicU64>,
}

impl ByteSource for InputSource<'_> {
    fn resource(&self) -> String {
        self.input.resource()
    }

    fn unit(&self) -> ReadUnit {
        ReadUnit::File
    }

    fn open(&self) -> io::Result<Opened> {
        open(self.input, self.count)
    }
}

/// Opens an input; what begins with gzip's magic bytes is unpacked, whatever its name. `count` hears of every byte
/// taken from the medium.
fn open(input: &Input, count: &Arc<AtomicU64>) -> io::Result<Opened> {
    let (source, again): (Box<dyn Read + Send>, _) = match input {
        Input::File(path) => {
            let file = File::open(path)?;
            let metadata = file.metadata()?;
            if metadata.is_file() {
                let length = metadata.len();
                (Box::new(AsOpened { file, length, left: length }), Some(Again::File(path.clone())))
            } else {
                (Box::new(file), None)
            }
        }
        Input::Stdin => (Box::new(io::stdin()), None),
    };
    let opened = unpack(CountedReader { source, count: Arc::clone(count) })?;
    Ok(Opened { again, ..opened })
}

/// Bytes that are at hand, packed or not.
pub(crate) fn open_bytes(bytes: &Arc<[u8]>) -> io::Result<Opened> {
    let again = Some(Again::Bytes(Arc::clone(bytes)));
    if bytes.starts_with(&MAGIC) {
        let opened = unpack(CountedReader { source: Box::new(Cursor::new(Arc::clone(bytes))), count: Arc::default() })?;
        return Ok(Opened { again, ..opened });
    }
    let start = bytes.get(..START_BYTES).unwrap_or(bytes).to_vec();
    Ok(Opened { start, reader: Box::new(Cursor::new(Arc::clone(bytes))), again, trailing: Told::default() })
}

fn unpack(mut source: CountedReader) -> io::Result<Opened> {
    let mut magic = Vec::with_capacity(2);
    source.by_ref().take(2).read_to_end(&mut magic)?;
    let packed = magic == MAGIC;
    let trailing = Told::default();
    let whole = Cursor::new(magic).chain(source);
    let mut reader: Box<dyn BufRead + Send> = if packed {
        let members = GzipMembers::new(BufReader::with_capacity(BUFFER, whole), Arc::clone(&trailing));
        Box::new(BufReader::with_capacity(BUFFER, members))
    } else {
        Box::new(BufReader::with_capacity(BUFFER, whole))
    };
    let mut start = Vec::new();
    match reader.by_ref().take(START_BYTES as u64).read_to_end(&mut start) {
        Ok(_) => {}
        // What is whole before the damage counts here as it does further on.
        Err(error) if is_damage(&error) => {
            reader = Box::new(BufReader::new(DamagedReader(error.kind(), error.to_string())))
        }
        Err(error) => return Err(error),
    }
    let reader = Box::new(Cursor::new(start.clone()).chain(reader));
    Ok(Opened { reader, start, again: None, trailing })
}

/// A file as long as it was when it was opened: one that grows as fast as it is read would have no end, and its last line may be
/// half a line.
struct AsOpened {
    file: File,
    length: u64,
    left: u64,
}

impl Read for AsOpened {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !into.is_empty() {
            let length = self.file.metadata()?.len();
            return if length > self.length { Err(EndlessError::Grown(self.length, length).into()) } else { Ok(0) };
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(into.len());
        let read = self.file.read(into.get_mut(..most).unwrap_or_default())?;
        self.left -= read as u64;
        Ok(read)
    }
}

struct CountedReader {
    source: Box<dyn Read + Send>,
    count: Arc<AtomicU64>,
}

impl Read for CountedReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(into)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// A stream that was found damaged.
struct DamagedReader(io::ErrorKind, String);

impl Read for DamagedReader {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::new(self.0, self.1.clone()))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_file_that_grows_is_read_as_long_as_it_was_and_told() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("growing.csv");
        std::fs::write(&path, "a,b\n1,2\n").unwrap();
        let mut opened = open(&Input::File(path.clone()), &Arc::default()).unwrap();
        let mut whole = String::new();
        assert_eq!(opened.reader.read_to_string(&mut whole).unwrap(), 8);
        std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"3,").unwrap();
        let error = opened.reader.read_to_string(&mut whole).unwrap_err();
        assert!(is_damage(&error) && error.to_string().contains("from 8 bytes to 10"), "{error}");
        assert_eq!(whole, "a,b\n1,2\n");
    }
}
