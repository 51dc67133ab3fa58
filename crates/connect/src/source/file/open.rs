//! Bytes of an input, unpacked.

use std::cell::{Cell, OnceCell};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use onefold_format::{EndlessError, ReadUnit, START_BYTES, is_damage};

use crate::Input;
use crate::read::{ReadCursor, ReadPosition};
use crate::source::ByteSource;
use crate::source::file::gzip::{GzipMembers, MAGIC, Told};
use crate::source::file::identity::{FileIdentity, FileMark};
use crate::source::file::job::{ReadJob, WatchedFile, WatchedFileError};

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
    pub(crate) packed: bool,
}

/// Bytes that can be read a second time.
pub(crate) enum Again {
    /// Read by place, so that whoever reads it from its beginning is not disturbed.
    File(Arc<File>),
    Bytes(Arc<[u8]>),
}

impl Again {
    pub(crate) fn open(&self) -> io::Result<Box<dyn BufRead + Send>> {
        let opened = match self {
            Self::File(file) => {
                let end = file.metadata()?.len();
                let source = Box::new(AsOpened { file: Arc::clone(file), at: 0, end, may_grow: true });
                unpack(CountedReader { source, count: Arc::default() })?
            }
            Self::Bytes(bytes) => open_bytes(bytes)?,
        };
        Ok(opened.reader)
    }
}

/// An input, of which `count` hears every byte that is taken from the medium.
pub(crate) struct InputSource<'i> {
    input: &'i Input,
    count: &'i Arc<AtomicU64>,
    watched: Option<&'i WatchedFile>,
    cursor: ReadCursor,
    /// The file itself, under whatever name it stands by now.
    file: OnceCell<Arc<File>>,
    packed: Cell<bool>,
}

impl<'i> InputSource<'i> {
    pub(crate) fn new(job: &'i ReadJob, count: &'i Arc<AtomicU64>) -> Self {
        let watched = job.watched.as_ref();
        let cursor = watched.map(|watched| ReadCursor::new(watched.mark.position, watched.follows));
        Self {
            input: &job.input,
            count,
            watched,
            cursor: cursor.unwrap_or_default(),
            file: OnceCell::new(),
            packed: Cell::new(false),
        }
    }

    /// How far it was read, and by what that is known again; none of what nobody watches.
    pub(crate) fn mark(&self) -> io::Result<Option<FileMark>> {
        let Some(file) = self.watched.and_then(|_| self.file.get()) else { return Ok(None) };
        let at = self.cursor.at.get();
        // Nobody can go on in the middle of a packed file.
        let position = if self.packed.get() { ReadPosition { offset: 0, ..at } } else { at };
        FileMark::of(file, position).map(Some)
    }

    /// The bytes of a file from a place on, as many as it has now; of one that is followed, up to its last line feed.
    fn bytes(&self, file: &Arc<File>, from: u64) -> io::Result<CountedReader> {
        let length = file.metadata()?.len();
        let follows = self.watched.is_some_and(|watched| watched.follows);
        let end = if follows { last_line_end(file, length)? } else { length };
        let source = Box::new(AsOpened { file: Arc::clone(file), at: from, end, may_grow: follows });
        Ok(CountedReader { source, count: Arc::clone(self.count) })
    }
}

impl ByteSource for InputSource<'_> {
    fn resource(&self) -> String {
        self.input.resource()
    }

    fn unit(&self) -> ReadUnit {
        ReadUnit::File
    }

    fn open(&self) -> io::Result<Opened> {
        let Input::File(path) = self.input else {
            return unpack(CountedReader { source: Box::new(io::stdin()), count: Arc::clone(self.count) });
        };
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        // Of the file that is open, not of its name, which may be another's a moment later.
        if let Some(watched) = self.watched {
            // The next look finds out where the file is that had this name.
            if FileIdentity::of(&metadata) != watched.identity {
                return Err(io::ErrorKind::NotFound.into());
            }
            if !watched.mark.holds(&file)? {
                return Err(io::Error::other(WatchedFileError::Changed));
            }
        }
        if !metadata.is_file() {
            return unpack(CountedReader { source: Box::new(file), count: Arc::clone(self.count) });
        }
        let file = Arc::new(file);
        let opened = unpack(self.bytes(&file, 0)?)?;
        self.packed.set(opened.packed);
        if opened.packed && self.watched.is_some_and(|watched| watched.follows) {
            return Err(io::Error::other(WatchedFileError::Packed));
        }
        let again = Some(Again::File(Arc::clone(&file)));
        // It is opened once.
        let _ = self.file.set(file);
        Ok(Opened { again, ..opened })
    }

    fn cursor(&self) -> Option<&ReadCursor> {
        self.watched.map(|_| &self.cursor)
    }

    fn open_at(&self, offset: u64) -> io::Result<Option<Box<dyn BufRead + Send>>> {
        let Some(file) = self.file.get().filter(|_| !self.packed.get()) else { return Ok(None) };
        Ok(Some(Box::new(BufReader::with_capacity(BUFFER, self.bytes(file, offset)?))))
    }
}

/// Where the last whole line of a file ends. Lines of UTF-16 end in a line feed too, whose second byte stands before or behind it.
fn last_line_end(file: &File, length: u64) -> io::Result<u64> {
    let mut end = length;
    let mut block = vec![0; BUFFER];
    while end > 0 {
        let size = usize::try_from(end).unwrap_or(usize::MAX).min(BUFFER);
        let Some(part) = block.get_mut(..size) else { break };
        let from = end - size as u64;
        file.read_exact_at(part, from)?;
        if let Some(at) = part.iter().rposition(|byte| *byte == b'\n') {
            let behind = from + at as u64 + 1;
            let mut next = [1];
            if behind % 2 == 1 && behind < length {
                file.read_exact_at(&mut next, behind)?;
            }
            return Ok(behind + u64::from(next == [0]));
        }
        end = from;
    }
    Ok(0)
}

/// Bytes that are at hand, packed or not.
pub(crate) fn open_bytes(bytes: &Arc<[u8]>) -> io::Result<Opened> {
    let again = Some(Again::Bytes(Arc::clone(bytes)));
    if bytes.starts_with(&MAGIC) {
        let opened = unpack(CountedReader { source: Box::new(Cursor::new(Arc::clone(bytes))), count: Arc::default() })?;
        return Ok(Opened { again, ..opened });
    }
    let start = bytes.get(..START_BYTES).unwrap_or(bytes).to_vec();
    Ok(Opened {
        start,
        reader: Box::new(Cursor::new(Arc::clone(bytes))),
        again,
        trailing: Told::default(),
        packed: false,
    })
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
    Ok(Opened { reader, start, again: None, trailing, packed })
}

/// A file as long as it was when it was opened: one that grows as fast as it is read would have no end, and its last line may be
/// half a line. It is read by place, so that others may read it meanwhile.
struct AsOpened {
    file: Arc<File>,
    at: u64,
    end: u64,
    /// That it is longer by now is no fault.
    may_grow: bool,
}

impl Read for AsOpened {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.end.saturating_sub(self.at);
        if left == 0 && !into.is_empty() {
            let length = self.file.metadata()?.len();
            return if length > self.end && !self.may_grow {
                Err(EndlessError::Grown(self.end, length).into())
            } else {
                Ok(0)
            };
        }
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(into.len());
        let read = self.file.read_at(into.get_mut(..most).unwrap_or_default(), self.at)?;
        self.at += read as u64;
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
        let (job, count) = (ReadJob { input: Input::File(path.clone()), watched: None }, Arc::default());
        let mut opened = InputSource::new(&job, &count).open().unwrap();
        let mut whole = String::new();
        assert_eq!(opened.reader.read_to_string(&mut whole).unwrap(), 8);
        std::fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"3,").unwrap();
        let error = opened.reader.read_to_string(&mut whole).unwrap_err();
        assert!(is_damage(&error) && error.to_string().contains("from 8 bytes to 10"), "{error}");
        assert_eq!(whole, "a,b\n1,2\n");
    }

    #[test]
    fn a_file_that_is_followed_ends_at_its_last_line_feed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("growing.log");
        for (bytes, end) in
            [(&b""[..], 0), (b"half", 0), (b"one\nha", 4), (b"one\n", 4), (b"a\0\n\0b\0", 4), (b"\0a\0\n\0b", 4)]
        {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(last_line_end(&File::open(&path).unwrap(), bytes.len() as u64).unwrap(), end, "{bytes:?}");
        }
        let long = [vec![b'x'; 2 * BUFFER], b"\n".to_vec(), vec![b'y'; 3 * BUFFER]].concat();
        std::fs::write(&path, &long).unwrap();
        assert_eq!(last_line_end(&File::open(&path).unwrap(), long.len() as u64).unwrap(), 2 * BUFFER as u64 + 1);
    }
}
