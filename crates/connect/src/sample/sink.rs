//! Where records of a sample go: into the counts, and past the door.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use onefold_door::{DoorForecast, EventForecast, SamplePlace};
use onefold_event::Event;

use crate::drive::BatchSink;
use crate::fault;
use crate::ingest::{IngestError, IngestProgress, IngestReport, RecordBatch, sort_batch};
use crate::map::MappedRecord;
use crate::sample::report::{SampleInput, SampleVerdict};

/// How far it is, and whom to tell.
pub(crate) type ProgressParts<'s> = (Arc<AtomicU64>, Option<u64>, &'s (dyn Fn(IngestProgress) + Sync));

pub(crate) struct SampleSink<'s> {
    pub(crate) forecast: DoorForecast,
    pub(crate) counts: IngestReport,
    pub(crate) inputs: Vec<SampleInput>,
    pub(crate) new: u64,
    pub(crate) amended: u64,
    /// Of the records that are shown.
    pub(crate) verdicts: BTreeMap<usize, Vec<Option<SampleVerdict>>>,
    progress: ProgressParts<'s>,
}

impl<'s> SampleSink<'s> {
    pub(crate) fn new(forecast: DoorForecast, progress: ProgressParts<'s>) -> Self {
        Self {
            forecast,
            counts: IngestReport::default(),
            inputs: Vec::new(),
            new: 0,
            amended: 0,
            verdicts: BTreeMap::new(),
            progress,
        }
    }

    async fn judge(&mut self, events: Vec<Event>, mapped: Vec<(MappedRecord, usize)>) -> Result<(), IngestError> {
        let names: Vec<_> = events.iter().map(|event| (event.header.id, event.header.subject.to_string())).collect();
        let has_hub = self.forecast.has_hub();
        let mut told = self.forecast.foresee(events).await?.into_iter().zip(names);
        for (taken, count) in mapped {
            let mut problems = Vec::new();
            let mut verdicts = Vec::new();
            for (forecast, (id, subject)) in told.by_ref().take(count) {
                match &forecast {
                    EventForecast::New => self.new += 1,
                    EventForecast::Amendment => self.amended += 1,
                    EventForecast::Duplicate | EventForecast::Repeated(_) => self.counts.duplicates += 1,
                    EventForecast::OlderMapping(earlier) => self.counts.older_mapping(earlier),
                    EventForecast::Refused(beyond) => problems.extend(fault::event(beyond)),
                    EventForecast::Conflict(earlier) => {
                        self.counts.conflicts += 1;
                        problems.push(fault::conflict(&subject, id, &fault::place(earlier)));
                    }
                    EventForecast::Contradicted(place) => {
                        self.counts.conflicts += 1;
                        problems.push(fault::conflict(&subject, id, &place_text(place)));
                    }
                }
                // Where no hub is asked, only what the sample says itself is known.
                verdicts.push(Some(verdict(&forecast)).filter(|told| has_hub || !told.earlier.is_empty()));
            }
            if !problems.is_empty() {
                self.counts.see(&taken.origin.resource, taken.kept.lines(), &problems);
            }
            if let Some(shown) = taken.shown {
                self.verdicts.insert(shown, verdicts);
            }
        }
        Ok(())
    }
}

#[async_trait]
impl BatchSink for SampleSink<'_> {
    type SinkBatch = RecordBatch;
    type Error = IngestError;

    async fn write(&mut self, batch: RecordBatch) -> Result<(), IngestError> {
        // Only now: charset and heading are known once an input was opened, and its rows once it ended.
        if let Some(ended) = &batch.ended {
            let (origin, rows) = (&ended.summary.origin, ended.summary.rows);
            let delimiter = origin.layout.delimiter;
            self.inputs.push(SampleInput {
                resource: origin.resource.clone(),
                charset: origin.charset.name().to_owned(),
                delimiter: (delimiter != 0).then_some(char::from(delimiter)),
                columns: origin.layout.heading.len(),
                rows,
            });
        }
        // Nothing is kept of what would wait in quarantine: the record itself is shown.
        let sorted = sort_batch(batch, self.forecast.limits(), &mut self.counts);
        self.judge(sorted.events, sorted.mapped).await?;
        let (count, of_bytes, tell) = &self.progress;
        let (records, events) = (self.counts.records, self.counts.events);
        tell(IngestProgress { records, events, bytes: count.load(Ordering::Relaxed), of_bytes: *of_bytes });
        Ok(())
    }

    fn broken() -> IngestError {
        IngestError::Broken
    }
}

fn verdict(forecast: &EventForecast) -> SampleVerdict {
    let (word, earlier) = match forecast {
        EventForecast::New => ("new", String::new()),
        EventForecast::Amendment => ("amendment", String::new()),
        EventForecast::Duplicate => ("duplicate", String::new()),
        EventForecast::Repeated(place) => ("duplicate", place_text(place)),
        EventForecast::Conflict(earlier) => ("conflict", fault::place(earlier)),
        EventForecast::Contradicted(place) => ("conflict", place_text(place)),
        EventForecast::OlderMapping(earlier) => ("older-mapping", fault::place(earlier)),
        EventForecast::Refused(_) => ("refused", String::new()),
    };
    SampleVerdict { word, earlier }
}

pub(crate) fn place_text(place: &SamplePlace) -> String {
    match place.line {
        0 => place.resource.to_string(),
        line => format!("{}:{line}", place.resource),
    }
}
