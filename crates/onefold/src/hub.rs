//! The wiring: one process that writes, or one that only reads.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use onefold_assembler::Assembler;
use onefold_connect::Door;
use onefold_event::HubKey;
use onefold_identity::Rules;
use onefold_log::Log;
use onefold_log_embedded::EmbeddedLog;
use onefold_projector::Projector;
use onefold_resolver::Resolver;
use onefold_service::Service;
use onefold_stage::{Health, Stage, Stop, Wake, spawn};
use onefold_store::FollowStore;
use onefold_store_sqlite::SqliteStore;
use tokio::sync::Notify;

use crate::args::Globals;
use crate::data::{DataDir, WriterLock};

/// The topic of events.
pub(crate) const EVENTS: &str = "events";
/// Partitions of a log that is made, unless asked otherwise.
const PARTITIONS: u32 = 8;
/// A stage that fails for so long is not waited for any more.
const PATIENCE: Duration = Duration::from_secs(20);

/// The data directory named on the command line.
pub(crate) fn named(globals: &Globals) -> Result<&std::path::Path> {
    globals.data.as_deref().context("which data directory? name it with --data DIR, or in ONEFOLD_DATA")
}

/// A data directory open for reading, beside whoever writes.
pub(crate) struct Reader {
    pub(crate) store: SqliteStore,
    pub(crate) service: Service,
}

impl Reader {
    /// Opens a data directory that is one.
    pub(crate) fn open(globals: &Globals) -> Result<Self> {
        let data = DataDir::open(named(globals)?)?;
        let log: Arc<dyn Log> = Arc::new(EmbeddedLog::open_read(&data.file("log.db"))?);
        let views = data.file("views.db");
        if !views.exists() {
            bail!("there is no {}: `onefold run` makes it again from the log", views.display());
        }
        let store = SqliteStore::open_read(&views)?;
        let reads = Arc::new(store.clone());
        let service = Service::new(log, reads.clone(), reads, None, Rules::default());
        Ok(Self { store, service })
    }
}

/// A data directory open for writing, with its stages at work.
pub(crate) struct Hub {
    pub(crate) data: DataDir,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) store: SqliteStore,
    pub(crate) door: Door,
    pub(crate) key: HubKey,
    pub(crate) service: Service,
    pub(crate) health: Health,
    stop: Stop,
    wakes: [Wake; 2],
    threads: Vec<JoinHandle<()>>,
    _lock: WriterLock,
}

impl Hub {
    /// Opens a data directory that is one.
    pub(crate) async fn open(globals: &Globals) -> Result<Self> {
        Self::start(DataDir::open(named(globals)?)?, globals).await
    }

    /// Opens a data directory, made where it is absent.
    pub(crate) async fn make(globals: &Globals) -> Result<Self> {
        Self::start(DataDir::make(named(globals)?)?, globals).await
    }

    async fn start(data: DataDir, globals: &Globals) -> Result<Self> {
        let lock = data.lock()?;
        let key = data.key()?;
        if data.file("views.db").exists() && !data.file("log.db").exists() {
            bail!(
                "{} is missing: everything can be computed from it, and nothing without it; put it back from a copy",
                data.file("log.db").display()
            );
        }
        let log: Arc<dyn Log> =
            Arc::new(EmbeddedLog::open(&data.file("log.db"), onefold_log_embedded::Options::default())?);
        let partitions = log.topic(EVENTS, globals.partitions.unwrap_or(PARTITIONS)).await?;
        let options = onefold_store_sqlite::Options { partitions, ..Default::default() };
        let store = SqliteStore::open(&data.file("views.db"), options)?;
        let (heads, positions) = (log.heads(EVENTS).await?, store.followed().await?.positions);
        if heads.len() != positions.len() || heads.iter().zip(&positions).any(|(head, at)| head < at) {
            bail!(
                "the views are of another log, or of more of it than there is (log {heads:?}, views {positions:?}): put the \
                 log back from a later copy, or remove {} to have the views made again",
                data.file("views.db").display()
            );
        }
        let shared = Arc::new(store.clone());
        let door = Door::open(Arc::clone(&log), shared.clone(), shared.clone(), key.clone(), partitions).await?;

        let rules = Rules::default();
        let (health, stop) = (Health::default(), Stop::default());
        let wakes: [Wake; 2] = [Arc::new(Notify::new()), Arc::new(Notify::new())];
        let [resolve, assemble] = &wakes;
        let projector = Projector::new(Arc::clone(&log), shared.clone(), key.clone(), Default::default());
        let resolver = Resolver::new(shared.clone(), rules.clone(), Default::default());
        let assembler = Assembler::new(shared.clone(), Default::default());
        let mut threads = Vec::new();
        let mut begin = |stage: Box<dyn Stage>, wake: Option<&Wake>, next: Option<&Wake>| -> Result<()> {
            let thread = spawn(stage, wake.cloned(), next.cloned(), health.clone(), stop.clone());
            threads.push(thread.context("a stage cannot be started")?);
            Ok(())
        };
        begin(Box::new(projector), None, Some(resolve))?;
        begin(Box::new(resolver), Some(resolve), Some(assemble))?;
        begin(Box::new(assembler), Some(assemble), None)?;
        let service =
            Service::new(Arc::clone(&log), shared.clone(), shared, Some(door.clone()), rules).watching(health.clone());
        Ok(Self { data, log, store, door, key, service, health, stop, wakes, threads, _lock: lock })
    }

    /// Waits until the views show everything that is in the log now; `told` hears how many events are still behind.
    ///
    /// # Errors
    /// A stage stands still, and why.
    pub(crate) async fn caught_up(&self, told: &dyn Fn(u64)) -> Result<()> {
        let heads = self.log.heads(EVENTS).await?;
        let mut pause = Duration::from_millis(1);
        loop {
            let followed = self.store.followed().await?;
            let at = |n: usize| followed.positions.get(n).copied().unwrap_or(0);
            let behind: u64 = heads.iter().enumerate().map(|(n, head)| head.saturating_sub(at(n))).sum();
            if behind == 0 && !followed.waiting {
                return Ok(());
            }
            told(behind);
            // What the projector marks itself wakes nobody but the resolver.
            self.wakes.iter().for_each(|wake| wake.notify_one());
            if let Some(still) = self.health.still(PATIENCE).first() {
                let why = still.error.clone().unwrap_or_else(|| "it does not answer".to_owned());
                bail!(
                    "the {} stands still for {} s: {why}; what was taken in is safe in the log, and views go on from there once this is mended",
                    still.name,
                    still.still_for.as_secs()
                );
            }
            if self.threads.iter().any(JoinHandle::is_finished) {
                bail!("a stage has ended by itself: see its message above; what was taken in is safe in the log");
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }

    /// Lets every stage finish its step and gives the directory free.
    pub(crate) async fn close(self) -> Result<()> {
        self.stop.stop();
        self.wakes.iter().for_each(|wake| wake.notify_one());
        let threads = self.threads;
        let joined =
            tokio::task::spawn_blocking(move || threads.into_iter().map(JoinHandle::join).all(|ended| ended.is_ok()));
        if joined.await? { Ok(()) } else { Err(anyhow!("a stage broke off: see its message above")) }
    }
}
