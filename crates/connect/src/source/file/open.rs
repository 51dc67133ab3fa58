//! Bytes of an input, unpacked.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;

use crate::Input;

const BUFFER: usize = 256 * 1024;
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// Bytes that are looked at before anything is read: marks, `sep=;`, and what a refusal shows.
const START: u64 = 4_096;

/// An input that was opened.
pub(crate) struct Opened {
    /// The first bytes, unpacked; the reader gives them again.
    pub(crate) start: Vec<u8>,
    pub(crate) reader: Box<dyn BufRead + Send>,
}

/// Opens an input; what begins with gzip's magic bytes is unpacked, whatever its name. `count` hears of every byte
/// taken from the medium.
pub(crate) fn open(input: &Input, count: &Arc<AtomicU64>) -> io::Result<Opened> {
    let source: Box<dyn Read + Send> = match input {
        Input::File(path) => Box::new(File::open(path)?),
        Input::Stdin => Box::new(io::stdin()),
    };
    unpack(Counted { source, count: Arc::clone(count) })
}

/// Bytes that are at hand, packed or not.
pub(crate) fn open_bytes(bytes: Vec<u8>) -> io::Result<Opened> {
    if bytes.starts_with(&GZIP) {
        return unpack(Counted { source: Box::new(Cursor::new(bytes)), count: Arc::default() });
    }
    let start = bytes.iter().take(START as usize).copied().collect();
    Ok(Opened { start, reader: Box::new(Cursor::new(bytes)) })
}

fn unpack(mut source: Counted) -> io::Result<Opened> {
    let mut magic = Vec::with_capacity(2);
    source.by_ref().take(2).read_to_end(&mut magic)?;
    let packed = magic == GZIP;
    let whole = Cursor::new(magic).chain(source);
    let mut reader: Box<dyn BufRead + Send> = if packed {
        Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(BufReader::with_capacity(BUFFER, whole))))
    } else {
        Box::new(BufReader::with_capacity(BUFFER, whole))
    };
    let mut start = Vec::new();
    match reader.by_ref().take(START).read_to_end(&mut start) {
        Ok(_) => {}
        // What is whole before the damage counts here as it does further on.
        Err(error) if is_of_the_file(&error) => {
            reader = Box::new(BufReader::new(Damaged(error.kind(), error.to_string())))
        }
        Err(error) => return Err(error),
    }
    Ok(Opened { reader: Box::new(Cursor::new(start.clone()).chain(reader)), start })
}

struct Counted {
    source: Box<dyn Read + Send>,
    count: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(into)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// A stream that was found damaged.
struct Damaged(io::ErrorKind, String);

impl Read for Damaged {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::new(self.0, self.1.clone()))
    }
}

/// Whether an error is the file's own fault (cut off, damaged), and not the world's.
pub(crate) fn is_of_the_file(error: &io::Error) -> bool {
    // Kinds by which flate2 says that the packed stream ends early, is damaged, or fails its checksum; the operating
    // system's errors carry a number.
    error.raw_os_error().is_none()
        && matches!(
            error.kind(),
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
        )
}
