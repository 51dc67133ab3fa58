//! A hub of its own in a directory, or on topics and a database, of its own.

use std::ops::Range;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use onefold_event::{Event, encode};
use onefold_log::{EVENTS_TOPIC, LogRecord, partition_of};

use super::cpu::ThreadTimes;
use super::measure::BenchReport;
use super::workload::BenchWorkload;
use crate::args::{BenchSizes, Globals};
use crate::config::{Config, HubRole};
use crate::engine::TrialServers;
use crate::hub::RunningHub;

/// Events appended at a time while a backlog is built up.
pub(crate) const CHUNK: u64 = 1000;
/// Events that may wait for the projector.
const BACKLOG: u64 = 60_000;

pub(crate) struct BenchRig {
    pub(crate) hub: RunningHub,
    pub(crate) workload: BenchWorkload,
    pub(crate) events: u64,
    /// Paced: events per second.
    pub(crate) rate: u64,
    /// Customers and other events that the hub has been told of.
    recorded: u64,
    told: u64,
    config: Config,
    place: RigPlace,
    beside: ChildProcesses,
}

/// Where it is, to be removed.
enum RigPlace {
    Directory(PathBuf),
    Servers(Box<TrialServers>),
}

impl BenchRig {
    /// A fresh hub on the configured servers, else below the data directory that was named, else below the temporary one.
    pub(crate) async fn new(globals: &Globals, sizes: &BenchSizes) -> Result<Self> {
        let name = format!("onefold_bench_{}", std::process::id());
        let (place, globals) = if globals.settings.is_distributed() {
            let trial = TrialServers::make(&globals.settings, &name).await?;
            let globals = globals.with_settings(trial.config().clone());
            (RigPlace::Servers(Box::new(trial)), globals)
        } else {
            ensure!(sizes.projectors == 1, "--projectors: the embedded hub is one process");
            let root = globals.data.clone().unwrap_or_else(std::env::temp_dir);
            let directory = root.join(name);
            std::fs::create_dir_all(&root).with_context(|| format!("{}", root.display()))?;
            let globals = globals.in_directory(directory.clone());
            (RigPlace::Directory(directory), globals)
        };
        let hub = RunningHub::serve(&globals, &HubRole::ALL).await?;
        let mut rig = Self {
            hub,
            workload: BenchWorkload { customers: sizes.customers.max(1), hot: sizes.hot },
            events: sizes.events,
            rate: sizes.rate,
            recorded: 0,
            told: 0,
            config: globals.settings,
            place,
            beside: ChildProcesses::default(),
        };
        for _ in 1..sizes.projectors {
            let child = rig.spawn_projector()?;
            rig.beside.0.push(child);
        }
        Ok(rig)
    }

    /// One more process that projects.
    fn spawn_projector(&self) -> Result<Child> {
        let config = &self.config;
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["run", "--role", "project", "--listen", "127.0.0.1:0"]);
        command.env("ONEFOLD_KAFKA", &config.kafka.bootstrap).env("ONEFOLD_KAFKA_PREFIX", &config.kafka.prefix);
        command.env("ONEFOLD_POSTGRES", &config.postgres.url).env("ONEFOLD_LOG", "error");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().context("another projector")
    }

    /// What every report begins with.
    pub(crate) fn new_report(&self, what: &str) -> BenchReport {
        let mut report = BenchReport::default();
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        report
            .put_figure("bench", what)
            .put_figure("cores", cores)
            .put_figure("events", self.events)
            .put_figure("customers", self.workload.customers)
            .put_figure("hit", if self.workload.hot { "4 of 5 events on 100 customers" } else { "evenly" });
        match &self.place {
            RigPlace::Directory(_) => report.put_figure("engine", "embedded; the log is synced to disk at each append"),
            RigPlace::Servers(_) => report
                .put_figure("engine", format!("Kafka and PostgreSQL: {}", self.hub.place))
                .put_figure("projectors", self.beside.0.len() + 1),
        };
        report
    }

    /// Processor time of this process by thread, of the other projectors, and of the servers that are on this machine.
    pub(crate) fn thread_times(&self) -> ThreadTimes {
        let mut cpu = ThreadTimes::read_now();
        for child in &self.beside.0 {
            cpu.add_process("projectors beside", child.id());
        }
        if let RigPlace::Servers(trial) = &self.place {
            for (name, port) in ["kafka", "postgres"].into_iter().zip(trial.server_ports()) {
                port.into_iter().for_each(|port| cpu.add_server(name, port));
            }
        }
        cpu
    }

    /// Appends events; they are durable when it returns.
    pub(crate) async fn append_events(&self, events: &[Event]) -> Result<()> {
        let now = jiff::Timestamp::now().as_microsecond();
        let partitions = u32::try_from(self.hub.log.heads(EVENTS_TOPIC).await?.len())?;
        let record = |(n, event): (usize, &Event)| {
            let key = event.header.subject.as_str();
            let at = now.saturating_add(i64::try_from(n).unwrap_or(0));
            (partition_of(key.as_bytes(), partitions), LogRecord::new(key.to_owned(), encode(event), at))
        };
        self.hub.log.append(EVENTS_TOPIC, events.iter().enumerate().map(record).collect()).await?;
        Ok(())
    }

    /// Brings the hub to its customers and events, less what it has, and waits until their views stand.
    pub(crate) async fn fill_hub(&mut self) -> Result<()> {
        self.record_customers().await?;
        self.fold_events(self.events.saturating_sub(self.workload.customers)).await?;
        self.caught_up().await
    }

    /// Records the customers, then waits until their views stand.
    pub(crate) async fn record_customers(&mut self) -> Result<()> {
        while self.recorded < self.workload.customers {
            let to = (self.recorded + CHUNK).min(self.workload.customers);
            let events = (self.recorded..to).map(|n| self.workload.party_recorded(n)).collect::<Result<Vec<_>>>()?;
            self.append_events(&events).await?;
            self.recorded = to;
            self.wait_for_backlog(BACKLOG).await?;
        }
        self.caught_up().await
    }

    /// Appends what it was not told of its first so many events, as fast as the views follow, a bounded backlog ahead of them.
    pub(crate) async fn fold_events(&mut self, events: u64) -> Result<()> {
        while self.told < events {
            let told = self.take_numbers(CHUNK.min(events - self.told)).map(|n| self.workload.nth_event(n));
            self.append_events(&told.collect::<Result<Vec<_>>>()?).await?;
            self.wait_for_backlog(BACKLOG).await?;
        }
        Ok(())
    }

    /// Appends so many more events than it was told of.
    pub(crate) async fn tell_more(&mut self, events: u64) -> Result<()> {
        self.fold_events(self.told + events).await
    }

    /// Numbers of the next so many events, for the caller to tell.
    pub(crate) fn take_numbers(&mut self, events: u64) -> Range<u64> {
        let from = self.told;
        self.told += events;
        from..self.told
    }

    pub(crate) async fn wait_for_backlog(&self, most: u64) -> Result<()> {
        self.wait_for(&self.heads().await?, most).await
    }

    /// Where the log ends now, per partition.
    pub(crate) async fn heads(&self) -> Result<Vec<u64>> {
        Ok(self.hub.log.heads(EVENTS_TOPIC).await?)
    }

    /// Waits until all but so many of the events below these heads are in their views.
    pub(crate) async fn wait_for(&self, heads: &[u64], most: u64) -> Result<()> {
        loop {
            let at = self.hub.store.followed().await?.positions;
            let behind: u64 = heads.iter().zip(&at).map(|(head, at)| head.saturating_sub(*at)).sum();
            if behind <= most {
                return Ok(());
            }
            self.pause().await?;
        }
    }

    /// Waits until every event is in its view and nothing waits for resolver or assembler.
    pub(crate) async fn caught_up(&self) -> Result<()> {
        self.wait_for_backlog(0).await?;
        while self.hub.store.followed().await?.waiting {
            self.pause().await?;
        }
        Ok(())
    }

    async fn pause(&self) -> Result<()> {
        tokio::time::sleep(Duration::from_micros(300)).await;
        match self.hub.health.stages().into_iter().find_map(|stage| stage.error) {
            Some(error) => bail!("a stage failed: {error}"),
            None => Ok(()),
        }
    }

    /// Who links.
    pub(crate) fn rules(&self) -> &onefold_identity::IdentityRules {
        &self.hub.rules
    }

    /// Customers, as the read model has them.
    pub(crate) fn customers(&self) -> onefold_customer::CustomerReader<'_> {
        onefold_customer::CustomerReader::new(&*self.hub.store, &self.hub.rules)
    }

    /// The hub's configuration.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// Bytes of log and read model on disk, where they are files.
    pub(crate) fn file_bytes(&self) -> Option<(u64, u64)> {
        let RigPlace::Directory(directory) = &self.place else { return None };
        let size = |name: &str| std::fs::metadata(directory.join(name)).map_or(0, |m| m.len());
        Some((size("log.db"), size("views.db")))
    }

    /// Stops the stages and removes what was made.
    pub(crate) async fn close(self) -> Result<()> {
        drop(self.beside);
        let closed = self.hub.close().await;
        match self.place {
            RigPlace::Directory(directory) => {
                std::fs::remove_dir_all(&directory).with_context(|| format!("{}", directory.display()))?;
            }
            RigPlace::Servers(trial) => trial.remove().await?,
        }
        closed
    }
}

/// Processes that end with this.
#[derive(Default)]
struct ChildProcesses(Vec<Child>);

impl Drop for ChildProcesses {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // One that has ended already is as good.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
