//! A real log and a real store in a directory of their own, and files to read.

use std::future::ready;
use std::io::Write;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use onefold_connect::{IngestReport, Input, RetryError, RetryOutcome, ingest};
use onefold_door::{Door, DoorOptions};
use onefold_event::{EmptyKeyRing, Event, EventLimits, HubKey};
use onefold_log_embedded::EmbeddedLog;
use onefold_mapping::Connector;
use onefold_projector::Projector;
use onefold_stage::{Stage, StepProgress};
use onefold_store::{Quarantine, QuarantineEntry, QuarantineFilter};
use onefold_store_sqlite::{SqliteOptions, SqliteStore};
use onefold_testkit::logged_events;
use tempfile::TempDir;

pub(crate) struct Hub {
    pub(crate) dir: TempDir,
    pub(crate) log: Arc<EmbeddedLog>,
    pub(crate) store: SqliteStore,
    pub(crate) door: Door,
}

pub(crate) fn key() -> HubKey {
    HubKey::new(&[7; 32])
}

impl Hub {
    pub(crate) async fn open() -> Self {
        Self::within(EventLimits::default()).await
    }

    /// One whose events have these bounds.
    pub(crate) async fn within(limits: EventLimits) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log = Arc::new(EmbeddedLog::open(&dir.path().join("log"), Default::default()).unwrap());
        let store =
            SqliteStore::open(&dir.path().join("store"), SqliteOptions { partitions: 3, ..SqliteOptions::default() })
                .unwrap();
        let door = open_door(&log, &store, limits).await;
        Self { dir, log, store, door }
    }

    /// The door of a process that starts again.
    pub(crate) async fn reopen_door(&mut self) {
        self.door = open_door(&self.log, &self.store, EventLimits::default()).await;
    }

    /// Folds what is in the log.
    pub(crate) async fn project(&self) {
        let (log, store) = (Arc::clone(&self.log) as _, Arc::new(self.store.clone()) as _);
        let mut projector = Projector::new(log, store, (key(), Arc::new(EmptyKeyRing)), Default::default());
        while projector.step().await.unwrap() != StepProgress::Idle {}
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) async fn ingest(&self, connector: &Connector, name: &str, bytes: impl AsRef<[u8]>) -> IngestReport {
        let input = Input::File(self.write(name, bytes));
        self.ingest_all(connector, &[input]).await
    }

    pub(crate) async fn ingest_all(&self, connector: &Connector, inputs: &[Input]) -> IngestReport {
        let report = ingest(connector, inputs, &self.door, &self.store, &|_| {}).await.unwrap();
        assert_eq!(report.records, report.mapped + report.skipped + report.quarantined);
        assert_eq!(report.events, report.accepted + report.duplicates + report.conflicts + report.older_mapping);
        report
    }

    pub(crate) async fn quarantined(&self) -> Vec<QuarantineEntry> {
        self.store.list(&QuarantineFilter::default(), 0, 10_000).await.unwrap()
    }

    /// Everything in the log, by time of taking in.
    pub(crate) async fn events(&self) -> Vec<(i64, Event)> {
        logged_events(self.log.as_ref()).await
    }

    pub(crate) async fn subjects(&self) -> Vec<String> {
        let mut subjects: Vec<String> =
            self.events().await.into_iter().map(|(_, e)| e.header.subject.to_string()).collect();
        subjects.sort();
        subjects
    }
}

async fn open_door(log: &Arc<EmbeddedLog>, store: &SqliteStore, limits: EventLimits) -> Door {
    let store = Arc::new(store.clone());
    Door::open(Arc::clone(log) as _, Arc::clone(&store) as _, store, key(), DoorOptions::new(3, limits)).await.unwrap()
}

/// Invoices, a row per line; `read` are further lines of `[read]`.
pub(crate) fn invoices(read: &str) -> Connector {
    parse(&invoices_text(read))
}

pub(crate) fn invoices_text(read: &str) -> String {
    format!(
        r##"
[connector]
name = "invoices"
source = "t"

[from]
kind = "file"
path = "/drop/*.csv"

[read]
format = "csv"
{read}

[assume]
date = "yyyy-MM-dd"
zone = "UTC"
number = "1234.56"
currency = "EUR"

[let]
state = {{ from = "note", pick = "last" }}

[skip]
draft = "state == 'draft'"

[event.invoice]
type = "finance.invoice_issued.v1"
subject = "no"
id = ["no"]
occurred_at = {{ from = "day", at = "00:00" }}

[event.invoice.refs]
bill_to = "who"

[event.invoice.set]
number = "no"
issued_on = "day"
total = {{ from = "amount", pick = "sum" }}

[event.invoice.set.lines]
each = "#rows"
name = "note"
amount = "amount"
"##
    )
}

pub(crate) fn parse(text: &str) -> Connector {
    Connector::parse("test.toml", text, &|name| Err(format!("there is no {name}"))).unwrap_or_else(|problems| {
        panic!("{}", problems.iter().map(ToString::to_string).collect::<String>());
    })
}

pub(crate) const HEADING: &str = "no,who,day,amount,note";

/// A file of these rows under the heading.
pub(crate) fn table(rows: &[&str]) -> String {
    format!("{HEADING}\n{}\n", rows.join("\n"))
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// Tries one entry again.
pub(crate) async fn retry(
    entry: &QuarantineEntry,
    connector: Option<&Connector>,
    door: &Door,
    quarantine: &dyn Quarantine,
    why: &str,
) -> Result<RetryOutcome, RetryError> {
    let pages = stream::once(ready(Ok(vec![entry.clone()])));
    let mut tried = pin!(onefold_connect::retry(pages, connector, door, quarantine, why));
    tried.next().await.expect("a page")?.remove(0).outcome
}
