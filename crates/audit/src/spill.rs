//! Queues of frames in lanes: in memory within a budget, beyond it in a temporary file without a name.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Bytes that a writer gathers for a lane before it takes the lane's lock; fewer where there are many lanes.
const CHUNK: usize = 64 << 10;
/// Bytes that a writer gathers for all lanes together.
const GATHERED: usize = 8 << 20;

/// What all queues of a replay may hold in memory together.
#[derive(Debug)]
pub(crate) struct SpillMemory {
    budget: usize,
    used: AtomicUsize,
    spilled: AtomicU64,
}

impl SpillMemory {
    pub(crate) fn new(budget: usize) -> Arc<Self> {
        Arc::new(Self { budget, used: AtomicUsize::new(0), spilled: AtomicU64::new(0) })
    }

    /// Bytes that went to temporary files.
    pub(crate) fn spilled(&self) -> u64 {
        self.spilled.load(Ordering::Relaxed)
    }
}

/// One frame: what it is, whom it is for, whom it is from, and the rest.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SpillFrame<'a> {
    pub(crate) tag: u8,
    pub(crate) to: &'a str,
    pub(crate) from: &'a str,
    pub(crate) rest: &'a [u8],
}

/// Lanes of frames. Who puts a frame chooses the lane; a lane is read as a whole.
#[derive(Debug)]
pub(crate) struct SpillQueues {
    lanes: Vec<Mutex<SpillLane>>,
    memory: Arc<SpillMemory>,
    file: OnceLock<File>,
    end: AtomicU64,
}

#[derive(Debug, Default)]
struct SpillLane {
    chunks: Vec<Vec<u8>>,
    /// Places in the file: offset and length.
    spilled: Vec<(u64, usize)>,
}

impl SpillQueues {
    pub(crate) fn new(lanes: usize, memory: &Arc<SpillMemory>) -> Self {
        let lanes = (0..lanes).map(|_| Mutex::default()).collect();
        Self { lanes, memory: Arc::clone(memory), file: OnceLock::new(), end: AtomicU64::new(0) }
    }

    /// A writer of one thread; what it gathered goes to the lanes when it is finished.
    pub(crate) fn writer(&self) -> SpillWriter<'_> {
        let chunk = (GATHERED / self.lanes.len().max(1)).clamp(1 << 10, CHUNK);
        SpillWriter { queues: self, gathered: vec![Vec::new(); self.lanes.len()], chunk }
    }

    /// All frames of a lane, which is empty afterwards.
    pub(crate) fn take_chunks(&self, lane: usize) -> io::Result<FrameChunks> {
        let Some(mut lane) = self.lock_lane(lane) else { return Ok(FrameChunks::default()) };
        let (spilled, mut chunks) = (std::mem::take(&mut lane.spilled), std::mem::take(&mut lane.chunks));
        // Unlocked before the file is read: others may go on writing to this lane.
        drop(lane);
        self.memory.used.fetch_sub(chunks.iter().map(Vec::len).sum(), Ordering::Relaxed);
        for place in spilled {
            chunks.push(self.read_back(place)?);
        }
        Ok(FrameChunks(chunks))
    }

    /// All frames of a lane, which keeps them.
    pub(crate) fn peek_chunks(&self, lane: usize) -> io::Result<FrameChunks> {
        let Some(lane) = self.lock_lane(lane) else { return Ok(FrameChunks::default()) };
        let mut chunks = lane.chunks.clone();
        for place in &lane.spilled {
            chunks.push(self.read_back(*place)?);
        }
        Ok(FrameChunks(chunks))
    }

    fn lock_lane(&self, lane: usize) -> Option<MutexGuard<'_, SpillLane>> {
        Some(self.lanes.get(lane)?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn push_chunk(&self, lane: usize, chunk: Vec<u8>) -> io::Result<()> {
        let Some(mut lane) = self.lock_lane(lane) else { return Ok(()) };
        let bytes = chunk.len();
        lane.chunks.push(chunk);
        // Relaxed is enough: the budget is an aim, which threads may overshoot by a chunk each.
        if self.memory.used.fetch_add(bytes, Ordering::Relaxed) + bytes <= self.memory.budget {
            return Ok(());
        }
        let chunks = std::mem::take(&mut lane.chunks);
        let whole = chunks.concat();
        // Taken before writing, so that threads write side by side into ranges of their own.
        let at = self.end.fetch_add(whole.len() as u64, Ordering::Relaxed);
        self.spill_file()?.write_all_at(&whole, at)?;
        lane.spilled.push((at, whole.len()));
        self.memory.used.fetch_sub(whole.len(), Ordering::Relaxed);
        self.memory.spilled.fetch_add(whole.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    fn read_back(&self, (at, length): (u64, usize)) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.spill_file()?.read_exact_at(&mut bytes, at)?;
        Ok(bytes)
    }

    /// Gone with the process, however that ends.
    fn spill_file(&self) -> io::Result<&File> {
        if let Some(file) = self.file.get() {
            return Ok(file);
        }
        // Two threads may both make one; the one that loses is dropped, and its file with it.
        let made = tempfile::tempfile()?;
        Ok(self.file.get_or_init(|| made))
    }
}

/// Gathers frames of one thread.
#[derive(Debug)]
pub(crate) struct SpillWriter<'a> {
    queues: &'a SpillQueues,
    gathered: Vec<Vec<u8>>,
    chunk: usize,
}

impl SpillWriter<'_> {
    pub(crate) fn put_frame(&mut self, lane: usize, tag: u8, to: &str, from: &str, rest: &[&[u8]]) -> io::Result<()> {
        let Some(into) = self.gathered.get_mut(lane) else { return Ok(()) };
        let length: usize = rest.iter().map(|part| part.len()).sum();
        let all = 13 + to.len() + from.len() + length;
        if into.len() + all > into.capacity() {
            let full = std::mem::replace(into, Vec::with_capacity(all.max(self.chunk)));
            if !full.is_empty() {
                self.queues.push_chunk(lane, full)?;
            }
        }
        into.push(tag);
        for length in [to.len(), from.len(), length] {
            into.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
        }
        into.extend_from_slice(to.as_bytes());
        into.extend_from_slice(from.as_bytes());
        rest.iter().for_each(|part| into.extend_from_slice(part));
        Ok(())
    }

    /// Gives what is left to the lanes.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        for (lane, gathered) in self.gathered.iter_mut().enumerate().filter(|(_, gathered)| !gathered.is_empty()) {
            let mut last = std::mem::take(gathered);
            // The budget counts what is in a chunk, not what it reserves.
            last.shrink_to_fit();
            self.queues.push_chunk(lane, last)?;
        }
        Ok(())
    }
}

/// The frames of a lane.
#[derive(Debug, Default)]
pub(crate) struct FrameChunks(Vec<Vec<u8>>);

impl FrameChunks {
    pub(crate) fn frames(&self) -> impl Iterator<Item = SpillFrame<'_>> {
        self.0.iter().flat_map(|chunk| {
            let mut rest = chunk.as_slice();
            std::iter::from_fn(move || read_frame(&mut rest))
        })
    }
}

fn read_frame<'a>(bytes: &mut &'a [u8]) -> Option<SpillFrame<'a>> {
    let (tag, rest) = bytes.split_first()?;
    let mut lengths = [0usize; 3];
    let mut rest = rest;
    for length in &mut lengths {
        let (four, after) = rest.split_first_chunk::<4>()?;
        (*length, rest) = (u32::from_le_bytes(*four) as usize, after);
    }
    let (to, after) = rest.split_at_checked(lengths[0])?;
    let (from, after) = after.split_at_checked(lengths[1])?;
    let (rest, after) = after.split_at_checked(lengths[2])?;
    *bytes = after;
    Some(SpillFrame { tag: *tag, to: std::str::from_utf8(to).ok()?, from: std::str::from_utf8(from).ok()?, rest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_comes_back_whole_whether_it_fits_into_memory_or_not() {
        for budget in [usize::MAX, 100_000, 0] {
            let memory = SpillMemory::new(budget);
            let queues = SpillQueues::new(3, &memory);
            let mut writer = queues.writer();
            for n in 0..20_000usize {
                let name = format!("party:erp:{n}");
                writer.put_frame(n % 3, (n % 7) as u8, &name, "", &[&n.to_be_bytes(), b"!"]).unwrap();
            }
            writer.finish().unwrap();
            assert_eq!(memory.spilled() == 0, budget == usize::MAX);
            for lane in 0..3 {
                let peeked = queues.peek_chunks(lane).unwrap().frames().count();
                let taken = queues.take_chunks(lane).unwrap();
                let mut found: Vec<usize> = Vec::new();
                for frame in taken.frames() {
                    let n = usize::from_be_bytes(frame.rest[..8].try_into().unwrap());
                    assert_eq!((frame.tag, frame.to), ((n % 7) as u8, format!("party:erp:{n}").as_str()));
                    found.push(n);
                }
                found.sort_unstable();
                assert_eq!(found, (0..20_000).filter(|n| n % 3 == lane).collect::<Vec<_>>());
                assert_eq!(peeked, found.len());
                assert_eq!(queues.take_chunks(lane).unwrap().frames().count(), 0);
            }
            assert_eq!(memory.used.load(Ordering::Relaxed), 0);
        }
    }
}
