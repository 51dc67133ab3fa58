//! A hub of its own in a directory of its own.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use onefold_event::{Event, encode};
use onefold_log::{Record, partition_of};

use super::measure::Report;
use super::workload::Workload;
use crate::args::{BenchArgs, Globals};
use crate::engine::EVENTS;
use crate::hub::Hub;

/// Events appended at a time while a backlog is built up.
pub(crate) const CHUNK: u64 = 1000;
/// Events that may wait for the projector.
const BACKLOG: u64 = 60_000;

pub(crate) struct Rig {
    pub(crate) hub: Hub,
    pub(crate) workload: Workload,
    pub(crate) events: u64,
    directory: PathBuf,
}

impl Rig {
    /// A fresh hub below the data directory that was named, else below the temporary one.
    pub(crate) async fn new(globals: &Globals, args: &BenchArgs) -> Result<Self> {
        let root = globals.data.clone().unwrap_or_else(std::env::temp_dir);
        let directory = root.join(format!("onefold-bench-{}", std::process::id()));
        std::fs::create_dir_all(&root).with_context(|| format!("{}", root.display()))?;
        let hub = Hub::make(&globals.in_directory(directory.clone())).await?;
        Ok(Self {
            hub,
            workload: Workload { customers: args.customers.max(1), hot: args.hot },
            events: args.events,
            directory,
        })
    }

    /// What every report begins with.
    pub(crate) fn report(&self, what: &str) -> Report {
        let mut report = Report::default();
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        report
            .put("bench", what)
            .put("cores", cores)
            .put("events", self.events)
            .put("customers", self.workload.customers)
            .put("hit", if self.workload.hot { "4 of 5 events on 100 customers" } else { "evenly" });
        report.put("log", "embedded, fsync on each append");
        report
    }

    /// Appends events; they are durable when it returns.
    pub(crate) async fn append(&self, events: &[Event]) -> Result<()> {
        let now = jiff::Timestamp::now().as_microsecond();
        let partitions = u32::try_from(self.hub.log.heads(EVENTS).await?.len())?;
        let record = |(n, event): (usize, &Event)| {
            let key = event.subject.as_str();
            let at = now.saturating_add(i64::try_from(n).unwrap_or(0));
            (partition_of(key.as_bytes(), partitions), Record::new(key.to_owned(), encode(event), at))
        };
        self.hub.log.append(EVENTS, events.iter().enumerate().map(record).collect()).await?;
        Ok(())
    }

    /// Records all customers, then waits until their views stand.
    pub(crate) async fn record_customers(&self) -> Result<()> {
        for from in (0..self.workload.customers).step_by(CHUNK as usize) {
            let to = (from + CHUNK).min(self.workload.customers);
            let events = (from..to).map(|n| self.workload.recorded(n)).collect::<Result<Vec<_>>>()?;
            self.append(&events).await?;
            self.wait_for_backlog(BACKLOG).await?;
        }
        self.caught_up().await
    }

    /// Appends as fast as the views follow, a bounded backlog ahead of them.
    pub(crate) async fn tell(&self, from: u64, to: u64) -> Result<()> {
        for from in (from..to).step_by(CHUNK as usize) {
            let events = (from..to.min(from + CHUNK)).map(|n| self.workload.event(n)).collect::<Result<Vec<_>>>()?;
            self.append(&events).await?;
            self.wait_for_backlog(BACKLOG).await?;
        }
        Ok(())
    }

    pub(crate) async fn wait_for_backlog(&self, most: u64) -> Result<()> {
        self.wait_for(&self.heads().await?, most).await
    }

    /// Where the log ends now, per partition.
    pub(crate) async fn heads(&self) -> Result<Vec<u64>> {
        Ok(self.hub.log.heads(EVENTS).await?)
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

    /// A file beside log and read model.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Bytes of log and read model on disk.
    pub(crate) fn bytes(&self) -> (u64, u64) {
        let size = |name: &str| std::fs::metadata(self.directory.join(name)).map_or(0, |m| m.len());
        (size("log.db"), size("views.db"))
    }

    /// Stops the stages and removes the directory.
    pub(crate) async fn close(self) -> Result<()> {
        self.hub.close().await?;
        std::fs::remove_dir_all(&self.directory).with_context(|| format!("{}", self.directory.display()))
    }
}
