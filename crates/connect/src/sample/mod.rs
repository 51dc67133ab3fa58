//! A sample through a connector: what became of every record and how, over the same road as an ingest. Nothing is written.

mod field;
mod record;
mod report;
mod sink;
mod tally;
mod test;
mod watch;

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use onefold_door::DoorForecast;
use onefold_mapping::Connector;

use crate::Input;
use crate::drive::drive;
use crate::ingest::{IngestError, IngestProgress, read_inputs};
use crate::source::file::ReadJob;
pub(crate) use record::visit_leaves;
use sink::SampleSink;
pub(crate) use sink::{ProgressParts, place_text};
pub(crate) use tally::clip_text;
use watch::SampleWatch;

pub use report::{
    EnumSummary, FieldFailure, FieldOccurrence, FieldSummary, RecordFate, SampleEvent, SampleField, SampleInput,
    SampleOptions, SampleRecord, SampleReport, SampleVerdict, SourceValue, ValueSummary, WordCount,
};

/// Maps a sample and says what became of it. It goes on where the connector fails its own tests, and names them. Memory is
/// bounded whatever the size of the sample.
///
/// # Errors
/// An input cannot be read, or the hub that is asked what it knows does not answer.
pub async fn try_sample(
    connector: &Connector,
    inputs: &[Input],
    forecast: DoorForecast,
    options: SampleOptions,
    progress: &(dyn Fn(IngestProgress) + Sync),
) -> Result<SampleReport, IngestError> {
    let began = Instant::now();
    let failed_tests =
        connector.run_tests().into_iter().filter(|test| !test.problems.is_empty()).map(|test| test.name).collect();
    let of_bytes = inputs.iter().map(crate::ingest::input_size).sum();
    let count = Arc::new(AtomicU64::new(0));
    let watch = Arc::new(Mutex::new(SampleWatch::new(connector, options, forecast.limits())));
    let mut sink = SampleSink::new(forecast, (Arc::clone(&count), of_bytes, progress));
    let (read_by, watched, files) = (connector.clone(), Arc::clone(&watch), ReadJob::whole(inputs));
    drive(&mut sink, move |to| {
        let mut watch = watched.lock().unwrap_or_else(PoisonError::into_inner);
        read_inputs(&read_by, &files, (&count, Some(&mut *watch)), to)
    })
    .await?;
    let mut watch = watch.lock().unwrap_or_else(PoisonError::into_inner);
    let SampleSink { forecast, mut counts, inputs, new, amended, verdicts, .. } = sink;
    counts.seconds = began.elapsed().as_secs_f64();
    let mut told = verdicts;
    let mut records = std::mem::take(&mut watch.shown);
    for (n, record) in records.iter_mut().enumerate() {
        let verdicts = told.remove(&n).unwrap_or_default();
        record.events.iter_mut().zip(verdicts).for_each(|(event, verdict)| event.verdict = verdict);
    }
    Ok(SampleReport {
        connector: connector.name().to_owned(),
        source: connector.source().to_owned(),
        mapping: connector.mapping(),
        digest: hex::encode(connector.digest()),
        counts,
        new,
        amended,
        has_hub: forecast.has_hub(),
        failed_tests,
        unused_assumptions: connector.unused_assumptions().to_vec(),
        inputs,
        selected: watch.selected,
        records,
        columns: watch.column_summaries(),
        fields: watch.field_summaries(),
        enums: watch.enum_summaries(connector),
        field: watch.field_summary(),
        test: watch.test.take(),
    })
}
