//! Where records go that are made anew: past what the log has of them, to quarantine and the door, or into a forecast.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Instant;

use async_trait::async_trait;
use onefold_door::{DoorError, DoorVerdict, EarlierCopy, EventForecast};
use onefold_event::{Event, EventId, Problem, decode};
use onefold_log::{EVENTS_TOPIC, Log};
use onefold_mapping::Connector;

use crate::drive::BatchSink;
use crate::fault;
use crate::ingest::{IngestError, IngestProgress, IngestReport, RecordBatch, SortedBatch, put, sort_batch};
use crate::map::MappedRecord;
use crate::remap::RemapTo;
use crate::remap::changes::ChangedFields;
use crate::remap::index::{KnownPlace, MadeEvents};
use crate::remap::report::{KeptOriginals, MovedEvent, RemapReport, UnkeptResource};
use crate::sample::ProgressParts;

/// Examples told of events that would be about another subject.
const EXAMPLES: usize = 5;
/// Names told of what the hub does not keep.
const MOST_RESOURCES: usize = 20;

pub(crate) struct RemapSink<'s> {
    to: RemapTo<'s>,
    log: &'s dyn Log,
    made: MadeEvents,
    pub(crate) report: IngestReport,
    remap: RemapReport,
    changes: ChangedFields,
    /// Names of what was read to its end.
    read: BTreeSet<String>,
    progress: ProgressParts<'s>,
}

/// What became of an event, or would.
enum RemapOutcome {
    New,
    Remapped,
    Known,
    Older(Box<EarlierCopy>),
    Refused(Vec<Problem>),
    Conflict(String),
    Moved,
}

impl<'s> RemapSink<'s> {
    pub(crate) fn new(to: RemapTo<'s>, log: &'s dyn Log, made: MadeEvents, progress: ProgressParts<'s>) -> Self {
        let (report, remap) = (IngestReport::default(), RemapReport::default());
        Self { to, log, made, report, remap, changes: ChangedFields::default(), read: BTreeSet::new(), progress }
    }

    /// What it did. Of what the hub keeps, how many messages were read; none of files.
    pub(crate) async fn finish(
        mut self,
        connector: &Connector,
        began: Instant,
        messages: Option<u64>,
    ) -> Result<IngestReport, IngestError> {
        (self.remap.left, self.remap.left_examples) = self.made.left(self.log, &self.read).await?;
        self.remap.changes = self.changes.finish();
        self.remap.originals = messages.map(|messages| {
            let mut unkept = self.made.unkept(&connector.intake_topics()).into_iter();
            let resources: Vec<UnkeptResource> = (unkept.by_ref().take(MOST_RESOURCES))
                .map(|(resource, events)| UnkeptResource { resource, events })
                .collect();
            let (mut more_resources, mut events) = (0, resources.iter().map(|one| one.events).sum());
            unkept.for_each(|(_, more)| (more_resources, events) = (more_resources + 1, events + more));
            KeptOriginals { messages, unkept: events, resources, more_resources }
        });
        self.report.remap = Some(self.remap);
        self.report.seconds = began.elapsed().as_secs_f64();
        Ok(self.report)
    }

    /// Notes that what bears this name was read to its end.
    pub(crate) fn note_read(&mut self, resource: &str) {
        if !self.read.contains(resource) {
            self.read.insert(resource.to_owned());
        }
    }

    async fn judge(&mut self, events: Vec<Event>, mapped: Vec<(MappedRecord, usize)>) -> Result<(), IngestError> {
        let (mut names, mut brought) = (Vec::with_capacity(events.len()), Vec::with_capacity(events.len()));
        for event in events {
            let place = self.made.meet(&event);
            names.push((event.header.id, event.header.subject.to_string(), place));
            match place {
                KnownPlace::Here => brought.push(event),
                KnownPlace::Elsewhere => self.note_moved(&event),
            }
        }
        // Each record keeps its own verdicts, though those that moved were not brought.
        let mut outcomes = self.bring(brought).await?.into_iter();
        let mut names = names.into_iter();
        let mut entries = Vec::new();
        for (taken, count) in mapped {
            let mut problems = Vec::new();
            for (id, subject, place) in names.by_ref().take(count) {
                let outcome = match place {
                    KnownPlace::Elsewhere => RemapOutcome::Moved,
                    KnownPlace::Here => outcomes.next().ok_or(DoorError::Broken)?,
                };
                problems.extend(self.count(outcome, id, &subject));
            }
            if !problems.is_empty() {
                self.report.see(&taken.origin.resource, taken.kept.lines(), &problems);
                entries.push(taken.origin.entry(&taken.kept, taken.item, &problems));
            }
        }
        match &self.to {
            RemapTo::Hub(_, quarantine) => put(*quarantine, entries).await,
            RemapTo::Nowhere(_) => Ok(()),
        }
    }

    fn note_moved(&mut self, event: &Event) {
        if self.remap.moved_examples.len() < EXAMPLES {
            let place = event.header.locator.as_ref().map_or_else(String::new, fault::locator_place);
            self.remap.moved_examples.push(MovedEvent { subject: event.header.subject.to_string(), place });
        }
    }

    /// Counts what became of an event; answers what puts its record into quarantine.
    fn count(&mut self, outcome: RemapOutcome, id: EventId, subject: &str) -> Vec<Problem> {
        match outcome {
            RemapOutcome::New => self.report.accepted += 1,
            RemapOutcome::Remapped => self.remap.remapped += 1,
            RemapOutcome::Known => self.report.duplicates += 1,
            RemapOutcome::Older(earlier) => self.report.older_mapping(&earlier),
            RemapOutcome::Moved => self.remap.moved += 1,
            RemapOutcome::Refused(problems) => return problems,
            RemapOutcome::Conflict(place) => {
                self.report.conflicts += 1;
                return vec![fault::conflict(subject, id, &place)];
            }
        }
        Vec::new()
    }

    async fn bring(&mut self, events: Vec<Event>) -> Result<Vec<RemapOutcome>, IngestError> {
        match &mut self.to {
            RemapTo::Hub(door, _) => Ok(door.remap(events).await?.into_iter().map(verdict_outcome).collect()),
            RemapTo::Nowhere(forecast) => {
                let told = forecast.foresee(events.clone()).await?;
                self.note_changes(&events, &told).await?;
                Ok(told.into_iter().map(forecast_outcome).collect())
            }
        }
    }

    /// Compares what would be appended with what stands.
    async fn note_changes(&mut self, events: &[Event], told: &[EventForecast]) -> Result<(), IngestError> {
        let anew: Vec<(&Event, &EarlierCopy)> = (events.iter().zip(told))
            .filter_map(|(event, forecast)| match forecast {
                EventForecast::OlderMapping(earlier) if earlier.is_outranked => Some((event, earlier.as_ref())),
                _ => None,
            })
            .collect();
        let places: Vec<(u32, u64)> = anew.iter().map(|(_, earlier)| (earlier.partition, earlier.offset)).collect();
        let found = self.log.fetch(EVENTS_TOPIC, &places).await.map_err(DoorError::from)?;
        for ((event, _), stored) in anew.iter().zip(&found) {
            // The door has just read it.
            if let Ok(before) = decode(&stored.record.value) {
                self.changes.note(&before, event);
            }
        }
        Ok(())
    }
}

#[async_trait]
impl BatchSink for RemapSink<'_> {
    type SinkBatch = RecordBatch;
    type Error = IngestError;

    async fn write(&mut self, batch: RecordBatch) -> Result<(), IngestError> {
        if let Some(ended) = batch.ended.as_ref().filter(|ended| ended.is_whole()) {
            let resource = ended.summary.origin.resource.clone();
            self.note_read(&resource);
        }
        let SortedBatch { entries, events, mapped } = sort_batch(batch, self.to.limits(), &mut self.report);
        if let RemapTo::Hub(_, quarantine) = &self.to {
            put(*quarantine, entries).await?;
        }
        self.judge(events, mapped).await?;
        let (count, of_bytes, tell) = &self.progress;
        let (records, events) = (self.report.records, self.report.events);
        tell(IngestProgress { records, events, bytes: count.load(Ordering::Relaxed), of_bytes: *of_bytes });
        Ok(())
    }

    fn broken() -> IngestError {
        IngestError::Broken
    }
}

fn verdict_outcome(verdict: DoorVerdict) -> RemapOutcome {
    match verdict {
        DoorVerdict::Accepted { .. } => RemapOutcome::New,
        DoorVerdict::Remapped { .. } => RemapOutcome::Remapped,
        DoorVerdict::Duplicate => RemapOutcome::Known,
        DoorVerdict::OlderMapping(earlier) => RemapOutcome::Older(earlier),
        DoorVerdict::Refused(beyond) => RemapOutcome::Refused(fault::event(&beyond)),
        DoorVerdict::Conflict(earlier) => RemapOutcome::Conflict(fault::place(&earlier)),
    }
}

fn forecast_outcome(forecast: EventForecast) -> RemapOutcome {
    match forecast {
        EventForecast::New | EventForecast::Amendment => RemapOutcome::New,
        EventForecast::Duplicate | EventForecast::Repeated(_) => RemapOutcome::Known,
        EventForecast::OlderMapping(earlier) if earlier.is_outranked => RemapOutcome::Remapped,
        EventForecast::OlderMapping(earlier) => RemapOutcome::Older(earlier),
        EventForecast::Refused(beyond) => RemapOutcome::Refused(fault::event(&beyond)),
        EventForecast::Conflict(earlier) => RemapOutcome::Conflict(fault::place(&earlier)),
        EventForecast::Contradicted(place) => RemapOutcome::Conflict(crate::sample::place_text(&place)),
    }
}
