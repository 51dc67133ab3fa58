//! Looks for files, chooses which are read, and keeps who reads them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use onefold_door::{Door, system_time};
use onefold_event::Micros;
use onefold_mapping::{AfterReading, Connector, FileCompletion};
use onefold_stage::{Stage, StageError, StepProgress};
use onefold_store::{Quarantine, SourceStore, StoreError};

use crate::Input;
use crate::drive::ReadingThread;
use crate::ingest::{IngestError, RecordBatch, read_inputs};
use crate::intake::stage_error;
use crate::source::file::{FileMark, ReadJob, WatchedFile};
use crate::watch::after;
use crate::watch::cursor::{CONTROL, FileCursor, FileLease, FileStanding};
use crate::watch::files::{KeptFile, KeptFiles, micros};
use crate::watch::scan::{FoundFile, FoundFiles};

/// How often directories are looked into at most; where that takes long, it is done so often that it costs a twentieth of the time.
const LOOK: Duration = Duration::from_secs(1);
/// How long a stage with nothing to do waits.
const IDLE: Duration = Duration::from_millis(250);
/// How long nobody else reads a file that one process has, unless that process says so again.
const LEASE: Duration = Duration::from_secs(20);
/// After how long something is tried again that nobody can wait for.
pub(crate) const RETRY: Micros = 30_000_000;
/// After how long is looked what other processes remember.
const OTHERS: Duration = Duration::from_secs(10);
/// Files that one process takes at once, and bytes of them, so that others find some too.
const MOST_FILES: usize = 64;
const MOST_BYTES: u64 = 64 << 20;

/// How directories are watched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WatchOptions {
    /// No other process reads this hub's sources, so that nobody need be asked whether a file is being read.
    pub alone: bool,
}

/// Reads the files of a connector (`[from] path`) as they come: a batch of records to quarantine and the door, and only then the
/// cursors of their files. Whatever is read twice is known at the door, or dropped by the projector.
pub struct FileWatch {
    pub(crate) connector: Connector,
    name: String,
    pub(crate) door: Door,
    store: Arc<dyn SourceStore>,
    pub(crate) quarantine: Arc<dyn Quarantine>,
    alone: bool,
    /// Who this is, as the holder of leases.
    holder: String,
    pub(crate) mapping: String,
    pub(crate) kept: KeptFiles,
    loaded: Option<Instant>,
    pub(crate) reading: Option<FileReading>,
    look_at: Instant,
}

/// Files that are being read, one after the other.
pub(crate) struct FileReading {
    pub(crate) thread: ReadingThread<RecordBatch, IngestError>,
    /// In the order of the jobs.
    pub(crate) files: Vec<ChosenFile>,
    /// When the leases were said again last.
    pub(crate) leased: Instant,
}

/// A file that is read.
#[derive(Debug, Clone)]
pub(crate) struct ChosenFile {
    pub(crate) path: String,
    /// What it was when it was chosen.
    pub(crate) found: FoundFile,
    /// How far it was read before.
    mark: FileMark,
    /// Somebody still writes to it.
    pub(crate) follows: bool,
}

impl FileWatch {
    /// Reads nothing yet.
    pub fn new(
        connector: Connector,
        door: Door,
        store: Arc<dyn SourceStore>,
        quarantine: Arc<dyn Quarantine>,
        options: WatchOptions,
    ) -> Self {
        let name = format!("files {}", connector.name());
        let holder = format!("{}-{:x}", std::process::id(), system_time());
        let (alone, mapping) = (options.alone, hex::encode(connector.digest()));
        let (kept, look_at) = (KeptFiles::default(), Instant::now());
        Self {
            connector,
            name,
            door,
            store,
            quarantine,
            alone,
            holder,
            mapping,
            kept,
            loaded: None,
            reading: None,
            look_at,
        }
    }

    async fn turn(&mut self) -> Result<StepProgress, StageError> {
        self.load().await?;
        if self.kept.control.paused {
            tokio::time::sleep(IDLE).await;
            return Ok(StepProgress::Idle);
        }
        if self.reading.is_some() {
            return self.take_in().await;
        }
        if Instant::now() >= self.look_at {
            self.look().await?;
        }
        if self.begin().await? {
            return Ok(StepProgress::Worked(0));
        }
        tokio::time::sleep(IDLE).await;
        Ok(StepProgress::Idle)
    }

    /// Brings up to date what is remembered, where somebody else has changed it: a person by a command, or another process.
    async fn load(&mut self) -> Result<(), StageError> {
        let name = self.connector.name();
        // One row by its key, at each step: so a pause is heard within a batch.
        let control = self.store.source_item(name, CONTROL).await?;
        let stale = !self.alone && self.reading.is_none() && self.loaded.is_none_or(|at| at.elapsed() >= OTHERS);
        if self.loaded.is_some() && !stale && !self.kept.is_overtaken(control)? {
            return Ok(());
        }
        if let Some(reading) = self.reading.take() {
            // What it has read and nobody has taken is read again.
            reading.thread.end(IngestError::Broken).await.map_err(stage_error)?;
        }
        let mut kept = KeptFiles::parse(self.store.source_items(name).await?)?;
        for (path, file) in &mut kept.files {
            if let Some(known) = self.kept.files.get(path) {
                (file.retry_at, file.found, file.outside) = (known.retry_at, known.found, known.outside);
                file.away_since = known.away_since;
            }
        }
        (self.kept, self.loaded, self.look_at) = (kept, Some(Instant::now()), Instant::now());
        Ok(())
    }

    /// Looks into the directories.
    async fn look(&mut self) -> Result<(), StageError> {
        let began = Instant::now();
        let from = self.connector.input_settings();
        let ending = match &from.done {
            FileCompletion::Marker(ending) => Some(ending.as_str()),
            _ => None,
        };
        // On this stage's own thread: a share that does not answer holds up nobody else.
        let found = FoundFiles::look(&from.path, ending);
        self.kept.meet(&found, (system_time(), &self.holder), &self.mapping);
        // Before anything is read, so that whoever asks sees what waits.
        self.save(None).await?;
        // Those too that a process which died had read and not moved yet.
        self.finish_files(None).await?;
        self.look_at = Instant::now() + LOOK.max(began.elapsed() * 20);
        measure(self.connector.name(), &self.kept);
        Ok(())
    }

    /// Begins to read what is ready, the oldest first. False: nothing is.
    async fn begin(&mut self) -> Result<bool, StageError> {
        let (now, connector) = (system_time(), self.connector.clone());
        let from = connector.input_settings();
        let free = |cursor: &FileCursor| !cursor.is_taken(&self.holder, now);
        let mut ready: Vec<(&String, &KeptFile, FoundFile)> = (self.kept.files.iter())
            .filter(|(path, kept)| free(&kept.cursor) && kept.is_ready(path, from, now))
            .filter_map(|(path, kept)| kept.found.map(|file| (path, kept, file)))
            .collect();
        // A source that fell behind is caught up in the order in which its files were written.
        ready.sort_unstable_by(|a, b| (a.2.modified, a.0).cmp(&(b.2.modified, b.0)));
        let mut bytes = 0;
        let chosen = ready.into_iter().take(MOST_FILES).take_while(|(.., file)| {
            // One file is taken, however large it is.
            let first = bytes == 0;
            bytes += file.size.max(1);
            first || bytes <= MOST_BYTES
        });
        let chosen = chosen.map(|(path, kept, found)| {
            let follows = from.done == FileCompletion::Growing && !kept.outside;
            ChosenFile { path: path.clone(), found, mark: kept.cursor.mark.clone(), follows }
        });
        let files: Vec<ChosenFile> = chosen.collect();
        if files.is_empty() {
            return Ok(false);
        }
        // Before the thread begins: of two processes that chose the same, the second is refused here, and reads nothing.
        self.lease(&files).await?;
        let job = |ChosenFile { path, found, mark, follows }: &ChosenFile| {
            let watched = WatchedFile { identity: found.identity, mark: mark.clone(), follows: *follows };
            ReadJob { input: Input::File(path.into()), watched: Some(watched) }
        };
        let jobs: Vec<ReadJob> = files.iter().map(job).collect();
        let count = Arc::new(AtomicU64::new(0));
        let thread = ReadingThread::begin(move |to| read_inputs(&connector, &jobs, (&count, None), to));
        self.reading = Some(FileReading { thread, files, leased: Instant::now() });
        Ok(true)
    }

    /// Says that these files are this process's for a while. Whoever had one of them before may have brought events to a door of
    /// its own a moment ago.
    async fn lease(&mut self, files: &[ChosenFile]) -> Result<(), StageError> {
        if self.alone {
            return Ok(());
        }
        let until = system_time() + micros(LEASE);
        let mut taken_over = false;
        for ChosenFile { path, .. } in files {
            if let Some(kept) = self.kept.files.get_mut(path) {
                let known = kept.cursor.lease.as_ref().is_some_and(|lease| lease.holder == self.holder);
                taken_over |= kept.cursor.is_begun() && !known;
                kept.cursor.lease = Some(FileLease { holder: self.holder.clone(), until });
            }
        }
        let paths = files.iter().map(|file| file.path.clone()).collect();
        self.save(Some(&paths)).await?;
        if taken_over {
            self.door.learn().await.map_err(|error| stage_error(error.into()))?;
        }
        Ok(())
    }

    /// Says again whose files these are, before others take them to be nobody's.
    pub(crate) async fn lease_again(&mut self) -> Result<(), StageError> {
        let Some(reading) = self.reading.as_mut().filter(|reading| reading.leased.elapsed() >= LEASE / 4) else {
            return Ok(());
        };
        reading.leased = Instant::now();
        if self.alone {
            return Ok(());
        }
        let until = system_time() + micros(LEASE);
        let paths: BTreeSet<String> = reading.files.iter().map(|file| file.path.clone()).collect();
        for path in &paths {
            let lease = self.kept.files.get_mut(path).and_then(|kept| kept.cursor.lease.as_mut());
            if let Some(lease) = lease.filter(|lease| lease.holder == self.holder) {
                lease.until = until;
            }
        }
        self.save(Some(&paths)).await
    }

    /// Stores what has changed of these files, or of all.
    pub(crate) async fn save(&mut self, only: Option<&BTreeSet<String>>) -> Result<(), StageError> {
        let moves = self.kept.moves(only);
        if moves.is_empty() {
            return Ok(());
        }
        self.store.move_items(self.connector.name(), &moves).await?;
        self.kept.moved(moves);
        Ok(())
    }

    /// Moves or deletes files that were read, and remembers them by their counts alone.
    pub(crate) async fn finish_files(&mut self, only: Option<&BTreeSet<String>>) -> Result<(), StageError> {
        // A copy, since files are forgotten below while it is read.
        let (now, from) = (system_time(), self.connector.input_settings().clone());
        if from.after == AfterReading::Keep {
            return Ok(());
        }
        let mine = |path: &String| only.is_none_or(|only| only.contains(path));
        let to_go: BTreeMap<String, FoundFile> = (self.kept.files.iter())
            .filter(|(path, kept)| mine(path) && kept.is_to_go(&from, now) && !kept.cursor.is_taken(&self.holder, now))
            .filter_map(|(path, kept)| Some((path.clone(), kept.found?)))
            .collect();
        for (path, file) in &to_go {
            fail::fail_point!("watch.before_archive");
            match after::finish(path, file, &from) {
                Ok(true) => {
                    fail::fail_point!("watch.after_archive");
                    if let Some(kept) = self.kept.files.remove(path) {
                        self.kept.remember_counts(&kept);
                    }
                }
                Ok(false) => {}
                Err(problem) => {
                    self.kept.tell(now, &problem);
                    if let Some(kept) = self.kept.files.get_mut(path) {
                        (kept.cursor.problem, kept.retry_at) = (Some(*problem), now + RETRY);
                    }
                }
            }
        }
        match to_go.is_empty() {
            true => Ok(()),
            false => self.save(Some(&to_go.into_keys().collect())).await,
        }
    }
}

#[async_trait]
impl Stage for FileWatch {
    fn name(&self) -> &str {
        &self.name
    }

    async fn step(&mut self) -> Result<StepProgress, StageError> {
        let done = self.turn().await;
        if let Err(error) = &done {
            // Somebody else may have moved on: what is remembered is asked for again, and what was read with it is read again.
            (self.reading, self.loaded) = (None, None);
            if matches!(error, StageError::Store(StoreError::Conflict)) {
                tracing::debug!(stage = %self.name, "another process or a command has changed what is remembered");
            }
        }
        done
    }
}

/// What is known of the files of a source, as numbers.
fn measure(connector: &str, kept: &KeptFiles) {
    let gauge = |name: &'static str, value: f64| {
        metrics::gauge!(name, "connector" => connector.to_owned()).set(value);
    };
    let behind =
        kept.files.values().filter(|file| file.cursor.behind() > 0 || file.cursor.standing == FileStanding::Waiting);
    gauge("onefold_watch_files", kept.files.len() as f64);
    gauge("onefold_watch_files_behind", behind.clone().count() as f64);
    gauge("onefold_watch_bytes_behind", behind.map(|file| file.cursor.behind()).sum::<u64>() as f64);
}
