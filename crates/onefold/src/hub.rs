//! The wiring: one process that writes, or one that only reads.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use onefold_assembler::Assembler;
use onefold_connect::{FileWatch, Hooks, Intake, IntakeOptions, WatchOptions};
use onefold_door::{Door, DoorOptions};
use onefold_event::{EmptyKeyRing, HubKey};
use onefold_identity::IdentityRules;
use onefold_log::{EVENTS_TOPIC, Guarded, Log};
use onefold_projector::{Projector, WorkCounters};
use onefold_publisher::Publisher;
use onefold_resolver::Resolver;
use onefold_service::Service;
use onefold_stage::{HealthRegistry, Stage, StopSignal, WakeSignal, spawn};
use onefold_store::{Followed, Queue, Store};

use crate::args::Globals;
use crate::config::HubRole;
use crate::connector::{self, SourceConnector};
use crate::engine::{HubAccess, HubEngine, WriterParts};
use crate::log_watch::{self, LogWatch};
use crate::sealing;

/// A stage that fails for so long is not waited for any more.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long after notifications broke off they are asked for again.
const DEAF: Duration = Duration::from_secs(1);

/// A hub open for reading, beside whoever writes.
pub(crate) struct HubReader {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) service: Service,
}

impl HubReader {
    /// Opens a hub that is one.
    pub(crate) async fn open(globals: &Globals) -> Result<Self> {
        let HubEngine { log, store, rules, .. } = HubEngine::open(globals, HubAccess::Read).await?;
        let service = Service::new(log, Arc::clone(&store), None, rules, Arc::new(EmptyKeyRing))
            .in_zone(globals.settings.hub.time_zone()?)
            .in_region(&globals.settings.hub.region);
        Ok(Self { store, service })
    }
}

/// A hub open for writing, with its stages at work.
pub(crate) struct RunningHub {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) store: Arc<dyn Store>,
    door: Option<Door>,
    pub(crate) rules: IdentityRules,
    /// The hub's own, for content digests.
    pub(crate) key: HubKey,
    /// Where it is, for people.
    pub(crate) place: String,
    pub(crate) service: Service,
    /// Names of the webhooks that it takes, and whether each verifies what is posted.
    pub(crate) hooks: Vec<(String, bool)>,
    pub(crate) health: HealthRegistry,
    /// Held until it is closed.
    writer: WriterParts,
    /// What the projector counts of itself.
    pub(crate) work: Arc<WorkCounters>,
    stop: StopSignal,
    wakes: [WakeSignal; 3],
    threads: Vec<JoinHandle<()>>,
    /// This process folds events itself, and does not wait for others who do.
    folds: bool,
    /// Wakes stages when other processes leave them work.
    ear: AbortOnDrop,
}

/// A task that ends with its owner.
struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Wakes the stage whose queue another process has put something into. Where the store does not answer for a while, stages
/// look themselves.
async fn listen_changes(store: Arc<dyn Store>, [resolve, assemble]: [WakeSignal; 2]) {
    let put = move |queue| match queue {
        Queue::Inbox => resolve.notify_one(),
        Queue::Marks => assemble.notify_one(),
    };
    loop {
        if let Err(error) = store.hear(&put).await {
            tracing::debug!(%error, "no notifications for a while");
        }
        tokio::time::sleep(DEAF).await;
    }
}

fn new_publisher(
    log: &Arc<dyn Log>,
    store: &Arc<dyn Store>,
    rules: &IdentityRules,
    writer: &WriterParts,
    options: onefold_publisher::PublisherOptions,
) -> Publisher {
    let log = (Arc::clone(log), Arc::clone(&writer.fence));
    let store = (Arc::clone(store) as _, Arc::clone(store) as _);
    Publisher::new(log, store, (rules.clone(), Arc::new(EmptyKeyRing)), writer.partitions, options)
}

impl RunningHub {
    /// Opens a hub that is one, for a command.
    pub(crate) async fn open(globals: &Globals) -> Result<Self> {
        let engine = HubEngine::open(globals, HubAccess::Write).await?;
        Self::start_stages(engine, globals, Self::roles_beside(globals), false).await
    }

    /// Opens a hub, made where it is absent, for a command.
    pub(crate) async fn make(globals: &Globals) -> Result<Self> {
        let engine = HubEngine::open(globals, HubAccess::Make).await?;
        Self::start_stages(engine, globals, Self::roles_beside(globals), false).await
    }

    /// Opens a hub, made where it is absent, in these roles.
    pub(crate) async fn serve(globals: &Globals, roles: &[HubRole]) -> Result<Self> {
        if !globals.settings.is_distributed() && HubRole::ALL.iter().any(|role| !roles.contains(role)) {
            bail!("the embedded hub does everything in one process: leave --role and hub.roles as they are by default");
        }
        // Before anything is opened for it.
        let files = &globals.settings.connect.files;
        let hooks = if roles.contains(&HubRole::Serve) { connector::of_hooks(files)? } else { Vec::new() };
        let mut hub =
            Self::start_stages(HubEngine::open(globals, HubAccess::Make).await?, globals, roles, true).await?;
        if !hooks.is_empty() {
            hub.hooks = hooks.iter().map(|hook| (hook.name().to_owned(), hook.is_verified())).collect();
            let hooks = Hooks::open(Arc::clone(&hub.log), hooks, hub.writer.partitions).await?;
            hub.service = hub.service.taking_posts(hooks);
        }
        Ok(hub)
    }

    /// What a command does beside what it was called for: an embedded hub moves only while a process has it; a distributed
    /// one has processes of its own.
    fn roles_beside(globals: &Globals) -> &'static [HubRole] {
        if globals.settings.is_distributed() { &[HubRole::Serve] } else { &HubRole::ALL }
    }

    /// `watches`: directories are watched too; a command that is called for something else leaves files where they are.
    async fn start_stages(engine: HubEngine, globals: &Globals, roles: &[HubRole], watches: bool) -> Result<Self> {
        let HubEngine { log, store, rules, key, place, writer } = engine;
        let (writer, key) = writer.zip(key).context("opened for reading only")?;
        let guarded = Guarded::new(log, EVENTS_TOPIC);
        let log: Arc<dyn Log> = Arc::new(guarded.clone());
        let settings = &globals.settings;
        let partitions = writer.partitions;
        // Before anything else that is refused.
        let connectors = if roles.contains(&HubRole::Connect) {
            connector::of_sources(&settings.connect.files)?
        } else {
            Vec::new()
        };
        if roles == [HubRole::Connect] && connectors.is_empty() {
            bail!(
                "which connectors? name their files as connect.files in the configuration, or in ONEFOLD_CONNECT_FILES"
            );
        }
        // A command that is called for something else leaves sealing to whoever serves.
        let sealer = if watches { sealing::own_sealer(&log, globals)? } else { None };
        let door = if roles.contains(&HubRole::Serve) || !connectors.is_empty() {
            let (known, progress) = (Arc::clone(&store) as _, Arc::clone(&store) as _);
            let options = DoorOptions::new(partitions, settings.limits);
            Some(Door::open(Arc::clone(&log), known, progress, key.clone(), options).await?)
        } else {
            None
        };
        let (health, stop) = (HealthRegistry::default(), StopSignal::default());
        let wakes: [WakeSignal; 3] = Default::default();
        let [resolve, assemble, publish] = &wakes;
        let projector = Projector::new(
            Arc::clone(&log),
            Arc::clone(&store) as _,
            (key.clone(), Arc::new(EmptyKeyRing)),
            settings.project,
        );
        let work = projector.work();
        let resolver = Resolver::new(Arc::clone(&store) as _, rules.clone(), settings.resolve);
        let assembler = Assembler::new(Arc::clone(&store) as _, settings.assemble);
        let intake = IntakeOptions { batch: settings.connect.batch };
        if [HubRole::Project, HubRole::Resolve, HubRole::Publish].iter().any(|role| roles.contains(role)) {
            // Before anything is written: who writes knows whether somebody is to be told.
            store.publish(settings.publish.enabled).await?;
        }
        let mut threads = Vec::new();
        let mut begin = |stage: Box<dyn Stage>, wake: Option<&WakeSignal>, next: Option<&WakeSignal>| -> Result<()> {
            let thread = spawn(stage, wake.cloned(), next.cloned(), health.clone(), stop.clone());
            threads.push(thread.context("a stage cannot be started")?);
            Ok(())
        };
        begin(Box::new(LogWatch::new(guarded, Arc::clone(&store) as _)), Some(&WakeSignal::default()), None)?;
        for (SourceConnector { connector, .. }, door) in connectors.into_iter().zip(door.iter().cycle()) {
            // One that reads topics too has a stage for each.
            if watches && connector::watches_files(&connector) {
                let options = WatchOptions { alone: writer.is_alone() };
                let (cursors, quarantine) = (Arc::clone(&store) as _, Arc::clone(&store) as _);
                let watch = FileWatch::new(connector.clone(), door.clone(), cursors, quarantine, options);
                begin(Box::new(watch), None, None)?;
            }
            if !connector.intake_topics().is_empty() {
                let (positions, quarantine) = (Arc::clone(&store) as _, Arc::clone(&store) as _);
                let intake = Intake::new(connector, door.clone(), Arc::clone(&log), positions, quarantine, intake);
                begin(Box::new(intake), None, None)?;
            }
        }
        if let Some(sealer) = sealer {
            begin(Box::new(sealer), None, None)?;
        }
        if roles.contains(&HubRole::Project) {
            begin(Box::new(projector), None, Some(resolve))?;
        }
        if roles.contains(&HubRole::Resolve) {
            begin(Box::new(resolver), Some(resolve), Some(assemble))?;
        }
        if roles.contains(&HubRole::Assemble) {
            begin(Box::new(assembler), Some(assemble), Some(publish))?;
        }
        if roles.contains(&HubRole::Publish) && settings.publish.enabled {
            let publisher = new_publisher(&log, &store, &rules, &writer, settings.publish);
            begin(Box::new(publisher), Some(publish), None)?;
        }
        let mut service =
            Service::new(Arc::clone(&log), Arc::clone(&store), door.clone(), rules.clone(), Arc::new(EmptyKeyRing))
                .in_zone(settings.hub.time_zone()?)
                .watching(health.clone())
                .in_region(&settings.hub.region);
        if !settings.is_distributed() {
            // Of several processes one that is unwell may be sent no more writes, and would be so for ever.
            service = service.watching_writes();
        }
        let ear =
            AbortOnDrop(tokio::spawn(listen_changes(Arc::clone(&store), [Arc::clone(resolve), Arc::clone(assemble)])));
        let folds = roles.contains(&HubRole::Project);
        Ok(Self {
            log,
            store,
            door,
            rules,
            key,
            place,
            service,
            hooks: Vec::new(),
            health,
            writer,
            work,
            stop,
            wakes,
            threads,
            folds,
            ear,
        })
    }

    /// A publisher for a caller who steps it.
    pub(crate) fn publisher(&self, options: onefold_publisher::PublisherOptions) -> Publisher {
        new_publisher(&self.log, &self.store, &self.rules, &self.writer, options)
    }

    /// The door, which every command has.
    pub(crate) fn door(&self) -> Result<&Door> {
        self.door
            .as_ref()
            .context("this process takes nothing in: it has neither the role `serve` nor `connect` with connectors")
    }

    /// Waits until the views show everything that is in the log now; `told` hears how many events are still behind.
    ///
    /// # Errors
    /// A stage stands still, and why.
    pub(crate) async fn caught_up(&self, told: &dyn Fn(u64)) -> Result<()> {
        let heads = self.log.heads(EVENTS_TOPIC).await?;
        let mut pause = Duration::from_millis(1);
        let mut moved = (Followed::default(), Instant::now());
        loop {
            let followed = self.store.followed().await?;
            let at = |n: usize| followed.positions.get(n).copied().unwrap_or(0);
            let behind: u64 = heads.iter().enumerate().map(|(n, head)| head.saturating_sub(at(n))).sum();
            if behind == 0 && !followed.waiting {
                return Ok(());
            }
            told(behind);
            if followed != moved.0 {
                moved = (followed, Instant::now());
            } else if !self.folds && moved.1.elapsed() > PATIENCE {
                bail!(
                    "nobody folds: {behind} events behind and no step for {} s; what was taken in is safe in the log: is there \
                     a process with the roles project, resolve and assemble (`onefold run`)?",
                    PATIENCE.as_secs()
                );
            }
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
        drop(self.ear);
        let threads = self.threads;
        let joined =
            tokio::task::spawn_blocking(move || threads.into_iter().map(JoinHandle::join).all(|ended| ended.is_ok()));
        let joined = joined.await?;
        // Servers may be what this process is stopped for; what it kept while it worked is enough there.
        if self.writer.is_alone()
            && let Err(error) = log_watch::keep_mark(self.log.as_ref(), self.store.as_ref()).await
        {
            tracing::warn!("the log could not be looked at once more: {error:#}");
        }
        self.writer.settle_files().await;
        if joined { Ok(()) } else { Err(anyhow!("a stage broke off: see its message above")) }
    }
}
