//! A real hub in a temporary directory, its stages driven step by step.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use onefold_assembler::Assembler;
use onefold_audit::{ReplayProgress as Replay, ReplaySource, VerificationReport, verify};
use onefold_customer::{CustomerReader, CustomerRows, StatusRows};
use onefold_event::{EmptyKeyRing, Event, HubKey, KeyRing, encode};
use onefold_identity::IdentityRules;
use onefold_log::{Log, LogRecord, partition_of};
use onefold_log_embedded::EmbeddedLog;
use onefold_projector::Projector;
use onefold_publisher::Publisher;
use onefold_resolver::Resolver;
use onefold_stage::{Stage, StepProgress};
use onefold_store::Store;
use tempfile::TempDir;

use crate::Engine;

/// How a hub is set up.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Partitions of the log.
    pub partitions: u32,
    /// Records per projector batch.
    pub batch: usize,
    /// Events per portion of such a batch.
    pub portion: usize,
    /// Projector batches before the resolver and the assembler have their turn.
    pub lag: usize,
    /// Parties up to which any value links, instead of the limits by default.
    pub limit: Option<u64>,
    /// Parties from which on a customer is full, instead of those by default.
    pub full_from: Option<u64>,
}

impl Default for Shape {
    fn default() -> Self {
        Self { partitions: 8, batch: 4000, portion: 100, lag: 1, limit: None, full_from: None }
    }
}

impl Shape {
    /// Who links, in a hub of this shape.
    pub fn rules(&self) -> IdentityRules {
        let mut rules = IdentityRules::default();
        if let Some(limit) = self.limit {
            (rules.hub.weak, rules.hub.strong) = (limit, limit);
        }
        rules.full_from = self.full_from.unwrap_or(rules.full_from);
        rules
    }
}

/// A hub in this process: real log, real store, real stages.
pub struct TestHub {
    /// Its log.
    pub log: Arc<dyn Log>,
    /// Its read model.
    pub store: Arc<dyn Store>,
    projector: Projector,
    resolver: Resolver,
    assembler: Assembler,
    publisher: Publisher,
    shape: Shape,
    rules: IdentityRules,
    clock: i64,
    directory: TempDir,
}

/// The key of all test hubs.
pub fn hub_key() -> HubKey {
    HubKey::new(&[7; 32])
}

/// The same with what opens sealed parts, as a projector takes both: nothing does.
pub fn hub_keys() -> (HubKey, Arc<dyn KeyRing>) {
    (hub_key(), Arc::new(EmptyKeyRing))
}

impl TestHub {
    /// A fresh hub, all of it in files.
    pub async fn new(shape: Shape) -> Self {
        Self::on(&Engine::Sqlite, shape).await
    }

    /// A fresh hub whose read model is in this engine.
    pub async fn on(engine: &Engine, shape: Shape) -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let file = EmbeddedLog::open(&directory.path().join("log.db"), Default::default()).expect("a fresh log");
        let file = Arc::new(file);
        let log: Arc<dyn Log> = Arc::clone(&file) as _;
        log.topic("events", shape.partitions).await.expect("a fresh topic");
        let store = engine.store(directory.path(), &shape).await;
        let projector = Projector::new(
            Arc::clone(&log),
            Arc::clone(&store) as _,
            hub_keys(),
            onefold_projector::ProjectorOptions { batch: shape.batch, portion: shape.portion },
        );
        let resolver = Resolver::new(
            Arc::clone(&store) as _,
            shape.rules(),
            onefold_resolver::ResolverOptions { batch: shape.batch.min(500) },
        );
        let assembler = Assembler::new(Arc::clone(&store) as _, onefold_assembler::AssemblerOptions { batch: 100 });
        let publisher = Publisher::new(
            (Arc::clone(&log), file),
            (Arc::clone(&store) as _, Arc::clone(&store) as _),
            (shape.rules(), Arc::new(EmptyKeyRing)),
            shape.partitions,
            onefold_publisher::PublisherOptions { enabled: true, batch: shape.batch.min(50), every_ms: 0 },
        );
        let (rules, clock) = (shape.rules(), 1_750_000_000_000_000);
        Self { log, store, projector, resolver, assembler, publisher, shape, rules, clock, directory }
    }

    /// Who links in it, and who does not.
    pub fn rules(&self) -> IdentityRules {
        self.rules.clone()
    }

    /// Its customers.
    pub fn customers(&self) -> CustomerReader<'_> {
        CustomerReader::new(&*self.store, &self.rules)
    }

    /// File of the read model, where it is in one.
    pub fn views(&self) -> PathBuf {
        self.directory.path().join("views.db")
    }

    /// Appends events in this order, each a microsecond after the one before.
    pub async fn append(&mut self, events: &[Event]) {
        let from = self.clock;
        self.clock += i64::try_from(events.len()).unwrap_or(i64::MAX);
        let timed: Vec<(Event, i64)> = events.iter().cloned().zip(from + 1..).collect();
        self.append_at(&timed).await;
    }

    /// Appends events in this order, each with its own time.
    pub async fn append_at(&self, events: &[(Event, i64)]) {
        let record = |(event, at): &(Event, i64)| {
            let key = event.header.subject.as_str();
            let partition = partition_of(key.as_bytes(), self.shape.partitions);
            (partition, LogRecord::new(key.to_owned(), encode(event), *at))
        };
        self.log.append("events", events.iter().map(record).collect()).await.expect("an append");
    }

    /// Runs the stages until none has anything to do.
    pub async fn settle(&mut self) {
        loop {
            let mut worked = false;
            for _ in 0..self.shape.lag {
                if self.behind().await {
                    worked |= self.projector.step().await.expect("the projector's step") != StepProgress::Idle;
                }
            }
            worked |= self.resolver.step().await.expect("the resolver's step") != StepProgress::Idle;
            worked |= self.assembler.step().await.expect("the assembler's step") != StepProgress::Idle;
            if !worked {
                return;
            }
        }
    }

    /// One step of one stage: projector, resolver, assembler, or publisher, in this order.
    pub async fn step(&mut self, stage: usize) {
        let done = match stage {
            0 if !self.behind().await => return,
            0 => self.projector.step().await,
            1 => self.resolver.step().await,
            2 => self.assembler.step().await,
            _ => self.publisher.step().await,
        };
        done.expect("a stage's step");
    }

    /// Runs the publisher until nothing waits for it.
    pub async fn publish(&mut self) {
        while !self.store.unpublished().await.expect("what waits").is_done() {
            self.step(3).await;
        }
    }

    /// All records of a topic, partition by partition; none where it was never made.
    pub async fn records(&self, topic: &str) -> Vec<LogRecord> {
        let mut all = Vec::new();
        for partition in 0..self.log.heads(topic).await.map_or(0, |heads| heads.len() as u32) {
            let records = self.log.read(topic, partition, 0, usize::MAX >> 1).await.expect("a read");
            all.extend(records.into_iter().map(|stored| stored.record));
        }
        all
    }

    /// What `customers` must hold: the view of each customer under its id, as JSON.
    pub async fn shown(&self) -> BTreeMap<String, Vec<u8>> {
        let mut views = BTreeMap::new();
        let page = self.store.party_page("", usize::MAX >> 1).await.expect("parties");
        for party in page.parties {
            let rows = self.customer(&party).await;
            let view = rows.view(&self.rules, None, None);
            views.insert(rows.id().to_string(), serde_json::to_vec(&view).expect("a view"));
        }
        views
    }

    async fn behind(&self) -> bool {
        self.store.positions().await.expect("positions") != self.log.heads("events").await.expect("heads")
    }

    /// What `status` counts.
    pub async fn status(&self) -> StatusRows {
        self.customers().status().await.expect("a status")
    }

    /// Rows of the customer that holds a party.
    ///
    /// # Panics
    /// Nobody named the party.
    pub async fn customer(&self, party: &str) -> CustomerRows {
        self.customers().customer(party).await.expect("a read").expect("a customer")
    }

    /// The batch path's judgement of the live one.
    pub async fn verify(&self) -> VerificationReport {
        self.verify_within(1 << 30).await
    }

    /// The same, with so many bytes of memory for what waits between two steps.
    pub async fn verify_within(&self, memory: usize) -> VerificationReport {
        let (log, rules, progress) = (Arc::clone(&self.log), self.shape.rules(), Replay::default());
        let source = ReplaySource { log, key: hub_key(), keys: Arc::new(EmptyKeyRing), rules, memory, progress };
        verify(&source, self.store.as_ref(), Duration::ZERO).await.expect("a verification")
    }
}
