//! A door over a real log and a real store, with a real projector behind it.

use std::sync::Arc;

use onefold_door::{Door, DoorClock, DoorForecast, DoorOptions, system_time};
use onefold_event::{EmptyKeyRing, Event, EventLimits, HubKey};
use onefold_log_embedded::EmbeddedLog;
use onefold_projector::Projector;
use onefold_stage::{Stage, StepProgress};
use onefold_store_sqlite::{SqliteOptions, SqliteStore};
use onefold_testkit::logged_events;
use tempfile::TempDir;

pub(crate) struct Hub {
    _dir: TempDir,
    pub(crate) log: Arc<EmbeddedLog>,
    store: SqliteStore,
    clock: DoorClock,
    pub(crate) door: Door,
}

fn key() -> HubKey {
    HubKey::new(&[7; 32])
}

impl Hub {
    pub(crate) async fn open() -> Self {
        Self::by(Arc::new(system_time)).await
    }

    /// One whose door has this clock.
    pub(crate) async fn by(clock: DoorClock) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log = Arc::new(EmbeddedLog::open(&dir.path().join("log"), Default::default()).unwrap());
        let options = SqliteOptions { partitions: 3, ..SqliteOptions::default() };
        let store = SqliteStore::open(&dir.path().join("store"), options).unwrap();
        let door = open_door(&log, &store, &clock).await;
        Self { _dir: dir, log, store, clock, door }
    }

    /// The door of a process that starts again.
    pub(crate) async fn reopen_door(&mut self) {
        self.door = open_door(&self.log, &self.store, &self.clock).await;
    }

    /// What somebody sees who only looks.
    pub(crate) async fn forecast(&self) -> DoorForecast {
        let (log, store) = (Arc::clone(&self.log) as _, Arc::new(self.store.clone()));
        DoorForecast::of_hub(log, store.clone(), store.as_ref(), key(), EventLimits::default()).await.unwrap()
    }

    /// Folds what is in the log.
    pub(crate) async fn project(&self) {
        let (log, store) = (Arc::clone(&self.log) as _, Arc::new(self.store.clone()) as _);
        let mut projector = Projector::new(log, store, (key(), Arc::new(EmptyKeyRing)), Default::default());
        while projector.step().await.unwrap() != StepProgress::Idle {}
    }

    /// Everything in the log, by time of taking in.
    pub(crate) async fn events(&self) -> Vec<(i64, Event)> {
        logged_events(self.log.as_ref()).await
    }

    /// When they were taken in.
    pub(crate) async fn times(&self) -> Vec<i64> {
        self.events().await.into_iter().map(|(time, _)| time).collect()
    }
}

async fn open_door(log: &Arc<EmbeddedLog>, store: &SqliteStore, clock: &DoorClock) -> Door {
    let options = DoorOptions { clock: Arc::clone(clock), ..DoorOptions::new(3, EventLimits::default()) };
    let store = Arc::new(store.clone());
    Door::open(Arc::clone(log) as _, Arc::clone(&store) as _, store, key(), options).await.unwrap()
}
