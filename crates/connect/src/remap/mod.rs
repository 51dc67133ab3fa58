//! What an older mapping made, made anew: kept source records through the current mapping, as newer versions of the same events.

mod changes;
mod index;
mod report;
mod sink;
mod topics;
mod withdrawal;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use onefold_door::{Door, DoorForecast};
use onefold_event::EventLimits;
use onefold_log::Log;
use onefold_mapping::Connector;
use onefold_store::Quarantine;

use crate::drive::drive;
use crate::ingest::{IngestError, IngestProgress, IngestReport, input_size, read_inputs};
use crate::source::file::ReadJob;
use crate::{Input, ingest};
use index::MadeEvents;
use sink::RemapSink;

pub use report::{ChangeExample, FieldChange, KeptOriginals, MovedEvent, RemapReport, UnkeptResource};
pub use topics::remap_topics;

/// Where what is made anew goes.
pub enum RemapTo<'t> {
    /// Into the log, by its door.
    Hub(&'t Door, &'t dyn Quarantine),
    /// Nowhere: it is told what would change.
    Nowhere(Box<DoorForecast>),
}

impl RemapTo<'_> {
    fn limits(&self) -> EventLimits {
        match self {
            Self::Hub(door, _) => door.limits(),
            Self::Nowhere(forecast) => forecast.limits(),
        }
    }
}

/// Takes inputs in as [`crate::ingest()`] does, and appends what an older mapping made otherwise as newer versions of the same
/// events. Stopped at any instant and run again, nothing is lost and nothing is there twice. The views SHOULD show all that is in
/// the log. Where an event's subject is another now, what its fact said of the one before is withdrawn. Memory grows by some 40 bytes
/// for each event in the log that this connector made.
///
/// # Errors
/// The mapping fails its own tests, or the world fails. Nothing of a record is an error.
pub async fn remap_files(
    connector: &Connector,
    inputs: &[Input],
    log: &dyn Log,
    to: RemapTo<'_>,
    progress: &(dyn Fn(IngestProgress) + Sync),
) -> Result<IngestReport, IngestError> {
    let began = Instant::now();
    ingest::check_tests(connector)?;
    let of_bytes = inputs.iter().map(input_size).sum();
    let count = Arc::new(AtomicU64::new(0));
    let made = MadeEvents::read(log, connector).await?;
    let mut sink = RemapSink::new(connector, (to, log), made, (Arc::clone(&count), of_bytes, progress));
    let (read_by, files) = (connector.clone(), ReadJob::whole(inputs));
    drive(&mut sink, move |to| read_inputs(&read_by, &files, (&count, None), to)).await?;
    sink.finish(connector, began, None).await
}
