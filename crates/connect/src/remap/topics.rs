//! Messages that the hub keeps in its topics of intake, read again.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use onefold_door::DoorError;
use onefold_event::Micros;
use onefold_log::{Log, StoredRecord};
use onefold_mapping::Connector;
use onefold_store::IntakeStore;

use crate::drive::BatchSink;
use crate::ingest::{self, IngestError, IngestProgress, IngestReport, RecordBatch};
use crate::read::PlanCache;
use crate::remap::RemapTo;
use crate::remap::index::MadeEvents;
use crate::remap::sink::RemapSink;
use crate::source::topic::{Message, open_message};

/// Messages that are read at once.
const AT_ONCE: usize = 1_000;

/// The same as [`crate::remap_files`] with what the hub keeps: messages of the connector's topics that it has read, those sent at
/// `since` or later. Positions stay where they are. What messages removed by retention made is told as left.
///
/// # Errors
/// As [`crate::remap_files`].
pub async fn remap_topics(
    connector: &Connector,
    (log, positions): (&dyn Log, &dyn IntakeStore),
    since: Option<Micros>,
    to: RemapTo<'_>,
    progress: &(dyn Fn(IngestProgress) + Sync),
) -> Result<IngestReport, IngestError> {
    let began = Instant::now();
    ingest::check_tests(connector)?;
    let made = MadeEvents::read(log, connector).await?;
    let mut sink = RemapSink::new(connector, (to, log), made, (Arc::new(AtomicU64::new(0)), None, progress));
    let (mut planned, mut messages) = (PlanCache::default(), 0);
    for topic in &connector.intake_topics() {
        let read = positions.intake(connector.group_key(), topic).await.map_err(DoorError::from)?;
        for (partition, to) in read {
            let mut from = 0;
            while from < to {
                let most = usize::try_from(to - from).map_or(AT_ONCE, |left| left.min(AT_ONCE));
                let records = log.read(topic, partition, from, most).await.map_err(DoorError::from)?;
                let Some(last) = records.last() else { break };
                from = last.offset + 1;
                // What was removed meanwhile may make the log answer with later messages.
                let chosen = |stored: &&StoredRecord| {
                    stored.offset < to && since.is_none_or(|since| stored.record.time >= since)
                };
                let mut batch = RecordBatch::default();
                for stored in records.iter().filter(chosen) {
                    let message = Message { topic, stored };
                    if message.passed_over(connector).is_some() {
                        continue;
                    }
                    messages += 1;
                    let records = open_message(connector, &message, &mut planned);
                    records.into_iter().for_each(|taken| batch.push(taken));
                }
                sink.write(batch).await?;
            }
        }
        // Of a part of them it cannot be said what the others would make.
        if since.is_none() {
            sink.note_read(topic);
        }
    }
    sink.finish(connector, began, Some(messages)).await
}
