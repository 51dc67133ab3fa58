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
use crate::remap::index::MadeEvents;
use crate::remap::report::{KeptOriginals, MovedEvent, RemapReport, UnkeptResource};
use crate::remap::withdrawal::withdrawals;
use crate::sample::ProgressParts;

/// Examples told of events that would be about another subject.
const EXAMPLES: usize = 5;
/// Names told of what the hub does not keep.
const MOST_RESOURCES: usize = 20;

pub(crate) struct RemapSink<'s> {
    to: RemapTo<'s>,
    log: &'s dyn Log,
    /// Number of the mapping.
    mapping: i64,
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
}

/// How an event that a record gave goes on.
enum RemapStep {
    /// To the door.
    Bring,
    /// To the door, with what withdraws its fact from where it was.
    Move(MovedEvent),
    /// Nowhere: its fact is elsewhere, and cannot be withdrawn there.
    Keep(MovedEvent),
}

impl<'s> RemapSink<'s> {
    pub(crate) fn new(
        connector: &Connector,
        (to, log): (RemapTo<'s>, &'s dyn Log),
        made: MadeEvents,
        progress: ProgressParts<'s>,
    ) -> Self {
        let (report, remap, mapping) = (IngestReport::default(), RemapReport::default(), connector.mapping());
        Self {
            to,
            log,
            mapping,
            made,
            report,
            remap,
            changes: ChangedFields::default(),
            read: BTreeSet::new(),
            progress,
        }
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
        let (mut steps, mut brought, mut withdrawn) = (Vec::with_capacity(events.len()), Vec::new(), Vec::new());
        for event in events {
            let step = self.next_step(&event, &mut withdrawn).await?;
            steps.push((event.header.id, event.header.subject.to_string(), step));
            if !matches!(steps.last(), Some((.., RemapStep::Keep(_)))) {
                brought.push(event);
            }
        }
        // First, so that nobody ever sees the fact at both.
        for outcome in self.withdraw(withdrawn).await? {
            match outcome {
                RemapOutcome::New | RemapOutcome::Remapped => self.remap.withdrawn += 1,
                RemapOutcome::Known | RemapOutcome::Refused(_) => {}
                RemapOutcome::Older(earlier) => self.report.older_mapping(&earlier),
                RemapOutcome::Conflict(_) => self.report.conflicts += 1,
            }
        }
        // Each record keeps its own verdicts, though not all were brought.
        let mut outcomes = self.bring(brought).await?.into_iter();
        let mut steps = steps.into_iter();
        let mut entries = Vec::new();
        for (taken, count) in mapped {
            let mut problems = Vec::new();
            for (id, subject, step) in steps.by_ref().take(count) {
                if let RemapStep::Keep(kept) = step {
                    self.remap.unmoved += 1;
                    note_example(&mut self.remap.unmoved_examples, kept);
                    continue;
                }
                match (outcomes.next().ok_or(DoorError::Broken)?, step) {
                    (RemapOutcome::New, RemapStep::Move(moved)) => {
                        self.remap.moved += 1;
                        note_example(&mut self.remap.moved_examples, moved);
                    }
                    (outcome, _) => problems.extend(self.count(outcome, id, &subject)),
                }
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

    /// Where an event goes; what its fact said of other subjects is to be withdrawn from them.
    async fn next_step(&mut self, event: &Event, withdrawn: &mut Vec<Event>) -> Result<RemapStep, IngestError> {
        let known = self.made.meet(event);
        if known.elsewhere.is_empty() {
            return Ok(RemapStep::Bring);
        }
        let stored = self.log.fetch(EVENTS_TOPIC, &known.elsewhere).await.map_err(DoorError::from)?;
        let versions: Vec<Event> = stored.iter().filter_map(|stored| decode(&stored.record.value).ok()).collect();
        let from = versions.first().map_or_else(String::new, |version| version.header.subject.to_string());
        let place = event.header.locator.as_ref().map_or_else(String::new, fault::locator_place);
        let moved = MovedEvent { from, subject: event.header.subject.to_string(), place };
        // What no fact can be withdrawn from was never made by a mapping.
        let withdrawals = withdrawals(event, self.mapping, &versions).ok().flatten().unwrap_or_default();
        for one in &withdrawals {
            self.made.note_withdrawn(one.header.fact, &one.header.subject);
        }
        let is_withdrawn = !withdrawals.is_empty();
        withdrawn.extend(withdrawals);
        Ok(match (known.is_here, is_withdrawn) {
            (true, _) => RemapStep::Bring,
            (false, true) => RemapStep::Move(moved),
            (false, false) => RemapStep::Keep(moved),
        })
    }

    /// Brings what withdraws; of a rehearsal no fields are compared, since all of them go.
    async fn withdraw(&mut self, events: Vec<Event>) -> Result<Vec<RemapOutcome>, IngestError> {
        match &mut self.to {
            _ if events.is_empty() => Ok(Vec::new()),
            RemapTo::Hub(..) => self.bring(events).await,
            RemapTo::Nowhere(forecast) => {
                Ok(forecast.foresee(events).await?.into_iter().map(forecast_outcome).collect())
            }
        }
    }

    /// Counts what became of an event; answers what puts its record into quarantine.
    fn count(&mut self, outcome: RemapOutcome, id: EventId, subject: &str) -> Vec<Problem> {
        match outcome {
            RemapOutcome::New => self.report.accepted += 1,
            RemapOutcome::Remapped => self.remap.remapped += 1,
            RemapOutcome::Known => self.report.duplicates += 1,
            RemapOutcome::Older(earlier) => self.report.older_mapping(&earlier),
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

fn note_example(examples: &mut Vec<MovedEvent>, moved: MovedEvent) {
    if examples.len() < EXAMPLES {
        examples.push(moved);
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
