//! Whether a write-ahead file of SQLite holds commits that SQLite will pass over.
//!
//! Each frame of it carries a checksum that goes on from the one before. Whoever opens the file first takes it up to the first
//! frame that is wrong, and says nothing of what follows: a frame that was not yet synced when the power went is wrong, and so is
//! one that was damaged. In the second case whole commits stand behind it. Format: <https://www.sqlite.org/walformat.html>

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read, Result};
use std::path::Path;

use crate::data::sibling_path;

const HEADER: usize = 32;
const FRAME: usize = 24;
const MAGIC: u32 = 0x377f_0682;

/// Whether commits stand in the write-ahead file of a database behind a frame that is not what was written, or behind such a
/// header. Nobody writes to it meanwhile.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn is_cut(database: &Path) -> Result<bool> {
    let file = match File::open(sibling_path(database, "-wal")) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        other => other?,
    };
    let mut file = BufReader::with_capacity(1 << 20, file);
    let mut header = [0; HEADER];
    if !fill_buffer(&mut file, &mut header)? || header == [0; HEADER] {
        return Ok(false);
    }
    let Some(header) = WalHeader::from_bytes(&header) else { return Ok(true) };
    let (mut last, mut sound, mut ended) = (header.sum, true, false);
    let (mut frame, mut page) = ([0; FRAME], vec![0; header.page_size]);
    while fill_buffer(&mut file, &mut frame)? && fill_buffer(&mut file, &mut page)? {
        let sum = header.add_checksum(header.add_checksum(last, &frame[..8]), &page);
        let right = frame[8..16] == header.salts && sum == read_pair(&frame[16..]);
        if right && !sound && ended {
            // It was begun when the commit before it was whole and synced.
            return Ok(true);
        }
        sound = sound && right;
        if !sound && read_number(&frame[4..]) != 0 {
            ended = true;
        }
        last = read_pair(&frame[16..]);
    }
    Ok(false)
}

struct WalHeader {
    big_endian: bool,
    page_size: usize,
    salts: [u8; 8],
    sum: (u32, u32),
}

impl WalHeader {
    /// None where it is not as it was written.
    fn from_bytes(bytes: &[u8; HEADER]) -> Option<Self> {
        let magic = read_number(bytes);
        let page_size = usize::try_from(read_number(&bytes[8..])).ok()?;
        let mut salts = [0; 8];
        salts.copy_from_slice(&bytes[16..24]);
        let header = Self { big_endian: magic & 1 == 1, page_size, salts, sum: read_pair(&bytes[24..]) };
        let known = magic & !1 == MAGIC && page_size.is_power_of_two() && (512..=65_536).contains(&page_size);
        (known && header.add_checksum((0, 0), &bytes[..24]) == header.sum).then_some(header)
    }

    fn add_checksum(&self, (mut a, mut b): (u32, u32), bytes: &[u8]) -> (u32, u32) {
        let word =
            |bytes: &[u8; 4]| if self.big_endian { u32::from_be_bytes(*bytes) } else { u32::from_le_bytes(*bytes) };
        for [first, second] in bytes.as_chunks::<4>().0.as_chunks::<2>().0 {
            a = a.wrapping_add(word(first)).wrapping_add(b);
            b = b.wrapping_add(word(second)).wrapping_add(a);
        }
        (a, b)
    }
}

/// The big-endian number that bytes begin with.
fn read_number(bytes: &[u8]) -> u32 {
    bytes.first_chunk().copied().map_or(0, u32::from_be_bytes)
}

fn read_pair(bytes: &[u8]) -> (u32, u32) {
    (read_number(bytes), read_number(&bytes[4..]))
}

/// Whether there was so much.
fn fill_buffer(file: &mut impl Read, into: &mut [u8]) -> Result<bool> {
    match file.read_exact(into) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        other => other.map(|()| true),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rusqlite::Connection;

    use super::*;

    /// A write-ahead file of ten commits, the first frame of each, and its directory.
    fn ten() -> (tempfile::TempDir, Vec<u8>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.db");
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE t (n, text)")
            .unwrap();
        let put = |from: u32| {
            for n in from..from + 10 {
                conn.execute("INSERT INTO t VALUES (?1, ?2)", (n, "x".repeat(900))).unwrap();
            }
        };
        put(0);
        // Begun anew: what stood there before is behind it.
        conn.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(())).unwrap();
        put(10);
        let wal = fs::read(sibling_path(&path, "-wal")).unwrap();
        (dir, wal)
    }

    fn cut(dir: &tempfile::TempDir, wal: &[u8]) -> bool {
        fs::write(dir.path().join("y.db-wal"), wal).unwrap();
        is_cut(&dir.path().join("y.db")).unwrap()
    }

    #[test]
    fn what_a_power_cut_leaves_is_no_damage() {
        let (dir, wal) = ten();
        assert!(!cut(&dir, &wal));
        for end in (0..wal.len()).step_by(97) {
            assert!(!cut(&dir, &wal[..end]), "cut at {end}");
        }
        assert!(!cut(&dir, &[0; 10_000]));
        assert!(!is_cut(&dir.path().join("none.db")).unwrap());
    }

    #[test]
    fn a_flipped_byte_before_the_last_commit_is_damage() {
        let (dir, wal) = ten();
        let (frame, mut found) = (FRAME + 4096, 0);
        // Two commits are left to stand behind it: of one nobody knows whether it was ever synced.
        let salts = wal[16..24].to_vec();
        let is_of_it = |n: &usize| wal[HEADER + n * frame + 8..][..8] == salts;
        let frames = (0..(wal.len() - HEADER) / frame).take_while(is_of_it).count();
        for at in (0..HEADER + (frames - 4) * frame).step_by(31) {
            let mut wal = wal.clone();
            wal[at] ^= 0x10;
            assert!(cut(&dir, &wal), "byte {at}");
            found += 1;
        }
        assert!(found > 500, "{found}");
    }
}
