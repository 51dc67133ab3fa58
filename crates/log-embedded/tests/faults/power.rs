//! A power cut at any moment, unsynced writes lost, has lost nothing that was acknowledged.
//!
//! A child appends under `strace`, which tells each write, each fsync and each word of the child.
//! From that the test builds what the disk must hold at a moment: what was synced, and of the
//! rest nothing, everything, or any part down to a sector. The log is opened from it.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use onefold_log::Log;
use onefold_log_embedded::{EmbeddedLog, EmbeddedOptions};

use crate::{PARTITIONS, TOPIC, append_next, child, open, whole_batches};

const BATCHES: u64 = 64;
const SECTOR: usize = 512;
const CALLS: &str = "openat,close,write,pwrite64,fsync,fdatasync,ftruncate,unlink";

async fn append_a_little_and_close(path: &Path) {
    // Few pages, so that checkpoints and new beginnings of the write-ahead file are in it.
    let options = EmbeddedOptions { checkpoint_pages: 12, ..EmbeddedOptions::default() };
    let log = EmbeddedLog::open(path, options).unwrap();
    log.topic(TOPIC, PARTITIONS).await.unwrap();
    let mut checkpoints = Checkpoints::watched(path);
    for number in 0..BATCHES {
        append_next(&log, number).await.unwrap();
        println!("\nacknowledged {number}");
        // One is due within eight appends.
        if number % 8 == 7 {
            checkpoints.wait();
        }
    }
}

/// Has the thread that checkpoints take its turn, however busy the machine is.
struct Checkpoints<'a> {
    path: &'a Path,
    done: Arc<AtomicU64>,
    /// How many were done, and when the main file was written to, at the end of the last wait.
    last: (u64, SystemTime),
}

impl<'a> Checkpoints<'a> {
    fn watched(path: &'a Path) -> Self {
        let done = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&done);
        let add = move || {
            count.fetch_add(1, Ordering::SeqCst);
        };
        fail::cfg_callback("log.checkpoint.done", add).unwrap();
        Self { path, last: (0, written(path)), done }
    }

    /// Until the main file was written to and a checkpoint was done since the last time.
    fn wait(&mut self) {
        let began = Instant::now();
        while self.done.load(Ordering::SeqCst) == self.last.0 || written(self.path) == self.last.1 {
            assert!(began.elapsed() < Duration::from_secs(60), "no checkpoint came");
            std::thread::sleep(Duration::from_millis(5));
        }
        self.last = (self.done.load(Ordering::SeqCst), written(self.path));
        // Longer than the file system's clock takes for a tick.
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn written(path: &Path) -> SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

#[tokio::test]
async fn a_power_cut_at_any_moment_keeps_what_was_acknowledged() {
    if let Some((path, _)) = child::order() {
        return append_a_little_and_close(&path).await;
    }
    let dir = tempfile::tempdir().unwrap();
    let traced = dir.path().join("trace");
    let Some(text) = trace(&dir.path().join("log.db"), &traced) else {
        return child::skipped("power cuts", "strace, and leave to trace (Debian: apt-get install strace)");
    };

    let scratch = scratch();
    let mut disk = Disk::default();
    let (mut acknowledged, mut cuts, mut random) = (0, 0, 1u64);
    let mut unfinished = HashMap::new();
    for (at, line) in text.lines().enumerate() {
        disk.begins(line);
        let Some(call) = Call::whole(line, &mut unfinished) else { continue };
        let moment = match disk.apply(&call, dir.path()) {
            Some(Effect::Said(number)) => {
                assert_eq!(number, acknowledged);
                acknowledged += 1;
                true
            }
            Some(Effect::Synced) => true,
            Some(Effect::Unsynced) => at % 7 == 0,
            None => false,
        };
        if !moment || !disk.has("log.db") {
            continue;
        }
        for lost in [Lost::All, Lost::Nothing, Lost::Some] {
            let path = disk.write_out(scratch.path(), lost, &mut random);
            let log = open(&path);
            cuts += 1;
            if acknowledged > 0 {
                let held = whole_batches(&log).await;
                assert!(
                    held >= acknowledged,
                    "{acknowledged} batches were acknowledged, {held} are left, {lost:?} of the unsynced was lost"
                );
            }
        }
    }
    assert_eq!(acknowledged, BATCHES);
    assert!(disk.checkpoints > 2, "the main file was synced {} times", disk.checkpoints);
    assert!(cuts > 200, "only {cuts} power cuts");
}

fn trace(path: &Path, out: &Path) -> Option<String> {
    let may = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    may.ok().filter(|output| output.status.success())?;
    let calls = format!("trace={CALLS}");
    let outer = ["strace", "-f", "-xx", "-s", "100000", "-e", &calls, "-o", out.to_str()?];
    let mut child = child::wrapped(&outer, "power::a_power_cut_at_any_moment_keeps_what_was_acknowledged", path, "");
    let output = child.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(fs::read_to_string(out).unwrap())
}

/// In memory where there is such a place: thousands of fsyncs are nothing there.
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// One system call that succeeded.
struct Call {
    name: String,
    arguments: String,
    result: i64,
}

impl Call {
    /// The call that this line completes. A call during which another thread spoke takes two lines.
    fn whole(line: &str, unfinished: &mut HashMap<String, String>) -> Option<Self> {
        let (thread, rest) = line.split_once(' ')?;
        let rest = rest.trim_start();
        if let Some(begun) = rest.strip_suffix(" <unfinished ...>") {
            unfinished.insert(thread.to_owned(), begun.to_owned());
            return None;
        }
        let text = match rest.strip_prefix("<... ") {
            Some(resumed) => {
                let begun = unfinished.remove(thread)?;
                format!("{begun}{}", resumed.split_once(" resumed>")?.1)
            }
            None => rest.to_owned(),
        };
        let (call, result) = text.rsplit_once(" = ")?;
        let result = result.split_whitespace().next()?.parse().ok()?;
        let (name, arguments) = call.trim_end().strip_suffix(')')?.split_once('(')?;
        (result >= 0).then(|| Self { name: name.to_owned(), arguments: arguments.to_owned(), result })
    }

    fn number(&self, at: usize) -> Option<usize> {
        self.arguments.split(", ").nth(at)?.parse().ok()
    }

    /// The argument in quotes, which `-xx` writes in hexadecimal.
    fn bytes(&self) -> Option<Vec<u8>> {
        let quoted = self.arguments.split('"').nth(1)?;
        assert!(!self.arguments.contains("\"..."), "the trace has cut a write");
        quoted.split("\\x").skip(1).map(|hex| u8::from_str_radix(hex, 16).ok()).collect()
    }

    fn path(&self) -> Option<PathBuf> {
        Some(PathBuf::from(String::from_utf8(self.bytes()?).ok()?))
    }
}

enum Effect {
    Said(u64),
    Synced,
    Unsynced,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Lost {
    All,
    Nothing,
    Some,
}

enum Change {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

#[derive(Default)]
struct Contents {
    synced: Vec<u8>,
    /// Changes that are in it.
    sure: usize,
    unsynced: Vec<Change>,
}

impl Contents {
    /// Changes so far.
    fn changes(&self) -> usize {
        self.sure + self.unsynced.len()
    }

    /// So many of all its changes are synced.
    fn sync(&mut self, changes: usize) {
        let more = changes.saturating_sub(self.sure);
        self.sure += more;
        for change in self.unsynced.drain(..more) {
            change.apply(&mut self.synced);
        }
    }
}

/// What a disk holds for certain, and what it may hold.
#[derive(Default)]
struct Disk {
    handles: HashMap<usize, PathBuf>,
    contents: Vec<Contents>,
    /// Which contents a name has now.
    names: BTreeMap<String, usize>,
    /// The same as the directory is sure to have it; a name that was taken away may come back.
    synced: BTreeMap<String, usize>,
    checkpoints: u32,
    /// By handle, where a sync takes a while: changes that there were when it began.
    syncing: HashMap<usize, usize>,
}

impl Disk {
    /// A sync that takes a while is sure of what was written before it began.
    fn begins(&mut self, line: &str) {
        let handle = || {
            let begun = line.strip_suffix(" <unfinished ...>")?.split_once("sync(")?.1;
            let handle: usize = begun.parse().ok()?;
            let file = *self.names.get(self.handles.get(&handle)?.file_name()?.to_str()?)?;
            Some((handle, self.contents.get(file)?.changes()))
        };
        self.syncing.extend(handle());
    }

    fn apply(&mut self, call: &Call, dir: &Path) -> Option<Effect> {
        match call.name.as_str() {
            "openat" => {
                let path = call.path()?;
                if let Some(name) = name_in(&path, dir) {
                    if call.arguments.contains("O_CREAT") && !self.names.contains_key(&name) {
                        self.names.insert(name, self.contents.len());
                        self.contents.push(Contents::default());
                    }
                } else if path != dir {
                    return None;
                }
                self.handles.insert(usize::try_from(call.result).ok()?, path);
                None
            }
            "close" => {
                self.handles.remove(&call.number(0)?);
                None
            }
            "write" if call.number(0)? == 1 => {
                let said = String::from_utf8(call.bytes()?).ok()?;
                Some(Effect::Said(said.split_once("acknowledged ")?.1.trim().parse().ok()?))
            }
            "write" => {
                assert!(self.file(call).is_none(), "a write without a place: {}", call.arguments);
                None
            }
            "pwrite64" => {
                let bytes = call.bytes()?;
                assert_eq!(bytes.len() as i64, call.result);
                let place = call.arguments.rsplit(", ").next()?.parse().ok()?;
                self.file(call)?.unsynced.push(Change::Write(place, bytes));
                Some(Effect::Unsynced)
            }
            "ftruncate" => {
                let length = call.number(1)?;
                self.file(call)?.unsynced.push(Change::Truncate(length));
                Some(Effect::Unsynced)
            }
            "fsync" | "fdatasync" => {
                let handle = call.number(0)?;
                let path = self.handles.get(&handle)?.clone();
                if path == dir {
                    self.synced = self.names.clone();
                } else {
                    let begun = self.syncing.remove(&handle);
                    let file = self.file(call)?;
                    file.sync(begun.unwrap_or(file.changes()));
                    self.checkpoints += u32::from(path.ends_with("log.db"));
                }
                Some(Effect::Synced)
            }
            "unlink" => {
                self.names.remove(&name_in(&call.path()?, dir)?)?;
                Some(Effect::Unsynced)
            }
            _ => None,
        }
    }

    fn file(&mut self, call: &Call) -> Option<&mut Contents> {
        let path = self.handles.get(&call.number(0)?)?;
        let file = *self.names.get(path.file_name()?.to_str()?)?;
        self.contents.get_mut(file)
    }

    fn has(&self, name: &str) -> bool {
        self.synced.contains_key(name)
    }

    /// The directory as it is found when the power comes back.
    fn write_out(&self, scratch: &Path, lost: Lost, random: &mut u64) -> PathBuf {
        let found = scratch.join("found");
        let _ = fs::remove_dir_all(&found);
        fs::create_dir(&found).unwrap();
        let mut coin = || {
            *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *random >> 33
        };
        for (at, contents) in self.contents.iter().enumerate() {
            // A name whose directory was not synced is there or not, as the rest.
            let named =
                |names: &BTreeMap<String, usize>| names.iter().find(|(_, of)| **of == at).map(|(n, _)| n.clone());
            let late = match lost {
                Lost::All => false,
                Lost::Nothing => true,
                Lost::Some => coin() % 2 == 0,
            };
            let Some(name) = named(if late { &self.names } else { &self.synced }) else { continue };
            let mut bytes = contents.synced.clone();
            for change in &contents.unsynced {
                match (lost, change) {
                    (Lost::All, _) => {}
                    (Lost::Nothing, change) => change.apply(&mut bytes),
                    (Lost::Some, Change::Write(place, written)) => {
                        for (at, sector) in written.chunks(SECTOR).enumerate() {
                            if coin() % 2 == 0 {
                                Change::Write(place + at * SECTOR, sector.to_vec()).apply(&mut bytes);
                            }
                        }
                    }
                    (Lost::Some, change) if coin() % 2 == 0 => change.apply(&mut bytes),
                    (Lost::Some, _) => {}
                }
            }
            fs::write(found.join(name), bytes).unwrap();
        }
        found.join("log.db")
    }
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(place, written) => {
                let end = place + written.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[*place..end].copy_from_slice(written);
            }
            Self::Truncate(length) => bytes.resize(*length, 0),
        }
    }
}

/// The name of a file of the log; its index is in memory only and is made anew after a cut.
fn name_in(path: &Path, dir: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let ours = path.parent()? == dir && ["log.db", "log.db-wal", "log.db-journal"].contains(&name);
    ours.then(|| name.to_owned())
}
