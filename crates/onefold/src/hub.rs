//! The wiring: one process that writes, or one that only reads.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use onefold_assembler::Assembler;
use onefold_connect::Door;
use onefold_identity::Rules;
use onefold_log::Log;
use onefold_projector::{Projector, Work};
use onefold_resolver::Resolver;
use onefold_service::Service;
use onefold_stage::{Health, Stage, Stop, Wake, spawn};
use onefold_store::Store;
use tokio::sync::Notify;

use crate::args::Globals;
use crate::data::DataDir;
use crate::engine::{EVENTS, Engine, Writer};

/// A stage that fails for so long is not waited for any more.
const PATIENCE: Duration = Duration::from_secs(20);

/// A hub open for reading, beside whoever writes.
pub(crate) struct Reader {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) service: Service,
}

impl Reader {
    /// Opens a hub that is one.
    pub(crate) fn open(globals: &Globals) -> Result<Self> {
        let Engine { log, store, rules, .. } = Engine::embedded_read(&DataDir::open(globals.directory()?)?)?;
        let service = Service::new(log, Arc::clone(&store), None, rules);
        Ok(Self { store, service })
    }
}

/// A hub open for writing, with its stages at work.
pub(crate) struct Hub {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) door: Door,
    pub(crate) rules: Rules,
    /// Where it is, for people.
    pub(crate) place: String,
    pub(crate) service: Service,
    pub(crate) health: Health,
    pub(crate) writer: Writer,
    /// What the projector counts of itself.
    pub(crate) work: Arc<Work>,
    stop: Stop,
    wakes: [Wake; 2],
    threads: Vec<JoinHandle<()>>,
}

impl Hub {
    /// Opens a hub that is one.
    pub(crate) async fn open(globals: &Globals) -> Result<Self> {
        Self::start(Engine::embedded(&DataDir::open(globals.directory()?)?, &globals.settings).await?, globals).await
    }

    /// Opens a hub, made where it is absent.
    pub(crate) async fn make(globals: &Globals) -> Result<Self> {
        Self::start(Engine::embedded(&DataDir::make(globals.directory()?)?, &globals.settings).await?, globals).await
    }

    async fn start(engine: Engine, globals: &Globals) -> Result<Self> {
        let Engine { log, store, rules, place, writer } = engine;
        let writer = writer.context("opened for reading only")?;
        let settings = &globals.settings;
        let key = writer.key.clone();
        let door = Door::open(
            Arc::clone(&log),
            Arc::clone(&store) as _,
            Arc::clone(&store) as _,
            key.clone(),
            writer.partitions,
        )
        .await?;
        let (health, stop) = (Health::default(), Stop::default());
        let wakes: [Wake; 2] = [Arc::new(Notify::new()), Arc::new(Notify::new())];
        let [resolve, assemble] = &wakes;
        let projector = Projector::new(Arc::clone(&log), Arc::clone(&store) as _, key, settings.project);
        let work = projector.work();
        let resolver = Resolver::new(Arc::clone(&store) as _, rules.clone(), settings.resolve);
        let assembler = Assembler::new(Arc::clone(&store) as _, settings.assemble);
        let mut threads = Vec::new();
        let mut begin = |stage: Box<dyn Stage>, wake: Option<&Wake>, next: Option<&Wake>| -> Result<()> {
            let thread = spawn(stage, wake.cloned(), next.cloned(), health.clone(), stop.clone());
            threads.push(thread.context("a stage cannot be started")?);
            Ok(())
        };
        begin(Box::new(projector), None, Some(resolve))?;
        begin(Box::new(resolver), Some(resolve), Some(assemble))?;
        begin(Box::new(assembler), Some(assemble), None)?;
        let service = Service::new(Arc::clone(&log), Arc::clone(&store), Some(door.clone()), rules.clone())
            .watching(health.clone());
        Ok(Self { log, store, door, rules, place, service, health, writer, work, stop, wakes, threads })
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
