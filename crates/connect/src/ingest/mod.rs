//! Inputs through a mapping and the door.

mod batch;
mod error;
mod fuse;
mod refused;
mod report;
mod retry;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use onefold_door::{Door, DoorVerdict};
use onefold_event::{Event, EventLimits};
use onefold_mapping::{Connector, MappingOutcome};
use onefold_store::{Quarantine, QuarantineEntry};

use crate::drive::{BatchSink, drive};
use crate::map::MappedRecord;
use crate::source::file::ReadJob;
use crate::{Input, fault};
use batch::Ended;
pub(crate) use batch::{RecordBatch, read_inputs};

pub use error::IngestError;
pub use report::{Example, FileReport, FileState, IngestReport, Seen};
pub use retry::{RetryError, RetryOutcome, TriedEntry, again, retry};

/// How far an ingest is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IngestProgress {
    /// Records done.
    pub records: u64,
    /// Events that the door has judged; in a rehearsal those mapped.
    pub events: u64,
    /// Bytes taken from the inputs, packed as they are.
    pub bytes: u64,
    /// Bytes of all inputs together; none where one of them is a stream.
    pub of_bytes: Option<u64>,
}

/// Where records go.
pub(crate) enum To<'t> {
    Hub(&'t Door, &'t dyn Quarantine),
    /// Nothing is written; events are held against these bounds all the same.
    Nowhere(EventLimits),
}

impl To<'_> {
    fn limits(&self) -> EventLimits {
        match self {
            Self::Hub(door, _) => door.limits(),
            Self::Nowhere(limits) => *limits,
        }
    }
}

/// Takes inputs in. What is in quarantine is durable before the events of its batch are; what the report counts as
/// accepted is durable. Stopped at any instant and run again, nothing is lost and nothing is there twice.
///
/// # Errors
/// The mapping fails its own tests, or the world fails. Nothing of a record is an error.
pub async fn ingest(
    connector: &Connector,
    inputs: &[Input],
    door: &Door,
    quarantine: &dyn Quarantine,
    progress: &(dyn Fn(IngestProgress) + Sync),
) -> Result<IngestReport, IngestError> {
    run(connector, inputs, To::Hub(door, quarantine), progress).await
}

/// Maps inputs and writes nothing: a dry run.
///
/// # Errors
/// The mapping fails its own tests, or an input cannot be read.
pub async fn rehearse(
    connector: &Connector,
    inputs: &[Input],
    limits: EventLimits,
    progress: &(dyn Fn(IngestProgress) + Sync),
) -> Result<IngestReport, IngestError> {
    run(connector, inputs, To::Nowhere(limits), progress).await
}

async fn run(
    connector: &Connector,
    inputs: &[Input],
    to: To<'_>,
    progress: &(dyn Fn(IngestProgress) + Sync),
) -> Result<IngestReport, IngestError> {
    let began = Instant::now();
    check_tests(connector)?;
    let of_bytes = inputs.iter().map(input_size).sum();
    let count = Arc::new(AtomicU64::new(0));
    let mut sink = RecordSink { to, report: IngestReport::default(), count: Arc::clone(&count), of_bytes, progress };
    let (connector, inputs) = (connector.clone(), ReadJob::whole(inputs));
    drive(&mut sink, move |to| read_inputs(&connector, &inputs, (&count, None), to)).await?;
    let mut report = sink.report;
    report.seconds = began.elapsed().as_secs_f64();
    debug_assert_eq!(report.records, report.mapped + report.skipped + report.quarantined);
    Ok(report)
}

/// Whether a mapping passes its own tests.
pub(crate) fn check_tests(connector: &Connector) -> Result<(), IngestError> {
    let failed: Vec<_> = connector.run_tests().into_iter().filter(|test| !test.problems.is_empty()).collect();
    if failed.is_empty() { Ok(()) } else { Err(IngestError::Tests(failed)) }
}

/// Records to quarantine and the door, and into the report.
struct RecordSink<'s> {
    to: To<'s>,
    report: IngestReport,
    /// Bytes read so far.
    count: Arc<AtomicU64>,
    of_bytes: Option<u64>,
    progress: &'s (dyn Fn(IngestProgress) + Sync),
}

#[async_trait]
impl BatchSink for RecordSink<'_> {
    type SinkBatch = RecordBatch;
    type Error = IngestError;

    async fn write(&mut self, batch: RecordBatch) -> Result<(), IngestError> {
        write(batch, &self.to, &mut self.report).await?;
        let (records, events) = (self.report.records, self.report.events);
        let bytes = self.count.load(Ordering::Relaxed);
        (self.progress)(IngestProgress { records, events, bytes, of_bytes: self.of_bytes });
        Ok(())
    }

    fn broken() -> IngestError {
        IngestError::Broken
    }
}

pub(crate) async fn write(batch: RecordBatch, to: &To<'_>, report: &mut IngestReport) -> Result<(), IngestError> {
    write_all(vec![batch], to, std::slice::from_mut(report)).await
}

/// Writes several batches at once, each counted in the report beside it.
pub(crate) async fn write_all(
    batches: Vec<RecordBatch>,
    to: &To<'_>,
    reports: &mut [IngestReport],
) -> Result<(), IngestError> {
    let (mut entries, mut events, mut mapped) = (Vec::new(), Vec::new(), Vec::new());
    for (batch, report) in batches.into_iter().zip(reports.iter_mut()) {
        let sorted = sort_batch(batch, to.limits(), report);
        entries.extend(sorted.entries);
        events.extend(sorted.events);
        mapped.push(sorted.mapped);
    }
    let To::Hub(door, quarantine) = to else { return Ok(()) };
    put(*quarantine, entries).await?;
    fail::fail_point!("ingest.after_quarantine");
    let conflicts = judge(door, events, mapped, reports).await?;
    put(*quarantine, conflicts).await
}

/// A batch by what is to become of its records.
#[derive(Debug, Default)]
pub(crate) struct SortedBatch {
    /// What goes into quarantine.
    pub(crate) entries: Vec<QuarantineEntry>,
    /// What goes to the door.
    pub(crate) events: Vec<Event>,
    /// The records of these, each with its number of them.
    pub(crate) mapped: Vec<(MappedRecord, usize)>,
}

/// Counts the records of a batch, and the end of their input.
pub(crate) fn sort_batch(batch: RecordBatch, limits: EventLimits, report: &mut IngestReport) -> SortedBatch {
    let SortedBatch { mut entries, mut events, mut mapped } = SortedBatch::default();
    for mut taken in batch.records {
        let lines = taken.kept.lines();
        match bounded(std::mem::replace(&mut taken.outcome, MappingOutcome::Quarantined(Vec::new())), limits) {
            MappingOutcome::Mapped { events: own, findings } => {
                report.records += 1;
                report.mapped += 1;
                report.events += own.len() as u64;
                report.findings += findings.len() as u64;
                report.warn(&taken.origin.resource, lines, &findings);
                mapped.push((taken, own.len()));
                events.extend(own);
            }
            MappingOutcome::Skipped { reason } => report.skip(reason),
            MappingOutcome::Quarantined(problems) => {
                report.quarantine(&taken.origin.resource, lines, &problems);
                entries.push(taken.origin.entry(&taken.kept, taken.item, &problems));
            }
        }
    }
    if let Some(ended) = batch.ended {
        end(ended, report, &mut entries);
    }
    SortedBatch { entries, events, mapped }
}

/// A record one of whose events is more than an event may be is refused whole.
pub(crate) fn bounded(outcome: MappingOutcome, limits: EventLimits) -> MappingOutcome {
    let MappingOutcome::Mapped { events, .. } = &outcome else { return outcome };
    let beyond: Vec<_> = events.iter().flat_map(|event| limits.check_event(event)).collect();
    if beyond.is_empty() { outcome } else { MappingOutcome::Quarantined(fault::event(&beyond)) }
}

/// Notes the end of an input; one that is refused or stopped is a record of its own, in quarantine.
fn end(ended: Ended, report: &mut IngestReport, entries: &mut Vec<QuarantineEntry>) {
    report.lines += ended.summary.rows;
    for warning in &ended.summary.warnings {
        let line = warning.lines.first().copied().unwrap_or(ended.summary.line);
        report.warn(&ended.summary.origin.resource, (line, line), std::slice::from_ref(warning));
    }
    report.withheld += ended.withheld;
    if let Some(start) = &ended.start {
        let line = ended.summary.line.max(1);
        report.quarantine(&ended.summary.origin.resource, (line, line), &ended.report.problems);
        entries.push(ended.summary.origin.file_entry(start, line, &ended.report.problems));
    } else {
        report.see(&ended.summary.origin.resource, (ended.summary.line, ended.summary.line), &ended.report.problems);
    }
    report.files.push(ended.report);
}

/// Brings events to the door; answers the entries of records that contradict what came earlier.
async fn judge(
    door: &Door,
    events: Vec<Event>,
    mapped: Vec<Vec<(MappedRecord, usize)>>,
    reports: &mut [IngestReport],
) -> Result<Vec<QuarantineEntry>, IngestError> {
    let ids: Vec<_> = events.iter().map(|event| (event.header.id, event.header.subject.to_string())).collect();
    let mut verdicts = door.accept(events).await?.into_iter().zip(ids);
    let mut entries = Vec::new();
    for (records, report) in mapped.into_iter().zip(reports) {
        for (taken, count) in records {
            let mut problems = Vec::new();
            for (verdict, (id, subject)) in verdicts.by_ref().take(count) {
                match verdict {
                    DoorVerdict::Accepted { .. } | DoorVerdict::Remapped { .. } => report.accepted += 1,
                    DoorVerdict::Duplicate => report.duplicates += 1,
                    DoorVerdict::OlderMapping(earlier) => report.older_mapping(&earlier),
                    // The log itself takes less than the limits say.
                    DoorVerdict::Refused(beyond) => problems.extend(fault::event(&beyond)),
                    DoorVerdict::Conflict(earlier) => {
                        report.conflicts += 1;
                        problems.push(fault::conflict(&subject, id, &fault::place(&earlier)));
                    }
                }
            }
            if !problems.is_empty() {
                report.see(&taken.origin.resource, taken.kept.lines(), &problems);
                entries.push(taken.origin.entry(&taken.kept, taken.item, &problems));
            }
        }
    }
    Ok(entries)
}

pub(crate) async fn put(quarantine: &dyn Quarantine, entries: Vec<QuarantineEntry>) -> Result<(), IngestError> {
    if entries.is_empty() {
        return Ok(());
    }
    quarantine.put(entries).await.map(drop).map_err(IngestError::Quarantine)
}

/// Bytes of a file, packed as it is; none of a stream.
pub(crate) fn input_size(input: &Input) -> Option<u64> {
    match input {
        Input::File(path) => std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|m| m.len()),
        Input::Stdin => None,
    }
}
