//! Records of files into a topic of intake, one message each, as they stand.

use std::ops::ControlFlow;
use std::sync::Arc;

use async_trait::async_trait;
use onefold_door::system_time;
use onefold_event::Problem;
use onefold_format::{RawRow, RowContent};
use onefold_log::{Log, LogError, LogRecord, partition_of};
use onefold_mapping::{Connector, MappingOutcome};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::Input;
use crate::drive::{BatchSender, BatchSink, drive};
use crate::fault;
use crate::map::glimpse;
use crate::read::{DocumentSink, End, InputContext, PlanCache, ReadSummary, read};
use crate::record_bytes::RecordBytes;
use crate::source::file::{InputSource, ReadJob};
use crate::source::topic::CONNECTOR;
use crate::window::SourceDocument;

const MESSAGES: usize = 1_000;
const BYTES: usize = 1 << 20;

/// What was sent.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SendReport {
    /// Messages, durable in the topic.
    pub messages: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Records that were not sent, since they could not be told from their neighbours or are too long.
    pub left_out: Vec<LeftOut>,
}

/// A record that was not sent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LeftOut {
    /// Its file.
    pub resource: String,
    /// Its first line.
    pub first_line: u64,
    /// Its last line.
    pub last_line: u64,
    /// Why.
    pub problems: Vec<Problem>,
}

/// Why sending stopped. What was sent before is sent; sending it again changes nothing, since ids come from the records.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum SendError {
    #[error("{input} could not be read: {error}")]
    Read { input: String, error: std::io::Error },
    #[error("{input} could not be read to its end: {}", told(.problems))]
    Refused { input: String, problems: Vec<Problem> },
    #[error("the messages were not sent: {0}")]
    Log(#[from] LogError),
    #[error("the reader broke off; this is a defect of the program")]
    Broken,
}

fn told(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

enum SendPart {
    Message(String, Vec<u8>),
    LeftOut(LeftOut),
}

/// Sends each record of the inputs to a topic, as one message with its source's own bytes and, where the format has one, its
/// heading; rows that [`group_by`](onefold_mapping::ReadSettings::group_by) makes one document travel together. The key is the
/// subject of the record's first event, so that what is said about one stays in order. The topic is made where it is absent.
///
/// # Errors
/// An input cannot be read to its end, or the log takes nothing.
pub async fn send(
    connector: &Connector,
    inputs: &[Input],
    log: &dyn Log,
    topic: &str,
    partitions: u32,
    told: &(dyn Fn(&SendReport) + Sync),
) -> Result<SendReport, SendError> {
    let partitions = log.topic(topic, partitions).await?;
    let mut sink = TopicSink { log, topic, partitions, connector: connector.name(), sent: SendReport::default(), told };
    let (connector, inputs) = (connector.clone(), inputs.to_vec());
    drive(&mut sink, move |to| read_inputs(&connector, &inputs, to)).await?;
    Ok(sink.sent)
}

/// Messages into a topic, and into the report.
struct TopicSink<'s> {
    log: &'s dyn Log,
    topic: &'s str,
    partitions: u32,
    /// Whom they are for.
    connector: &'s str,
    sent: SendReport,
    told: &'s (dyn Fn(&SendReport) + Sync),
}

#[async_trait]
impl BatchSink for TopicSink<'_> {
    type SinkBatch = Vec<SendPart>;
    type Error = SendError;

    async fn write(&mut self, parts: Vec<SendPart>) -> Result<(), SendError> {
        let mut batch = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                SendPart::Message(key, value) => {
                    self.sent.messages += 1;
                    self.sent.bytes += value.len() as u64;
                    let partition = partition_of(key.as_bytes(), self.partitions);
                    let mut record = LogRecord::new(key, value, system_time());
                    record.headers.push((CONNECTOR.to_owned(), self.connector.to_owned().into()));
                    batch.push((partition, record));
                }
                SendPart::LeftOut(left_out) => self.sent.left_out.push(left_out),
            }
        }
        self.log.append(self.topic, batch).await?;
        (self.told)(&self.sent);
        Ok(())
    }

    fn broken() -> SendError {
        SendError::Broken
    }
}

/// Makes parts of documents, and hands them on some at a time.
struct PartSink<'s> {
    resource: String,
    parts: Vec<SendPart>,
    bytes: usize,
    to: &'s BatchSender<Vec<SendPart>>,
    /// Nobody listens any more.
    gone: bool,
}

impl DocumentSink for PartSink<'_> {
    fn take(&mut self, context: &InputContext<'_>, document: SourceDocument) -> ControlFlow<()> {
        let part = part(context, document, &self.resource);
        self.bytes += if let SendPart::Message(_, value) = &part { value.len() } else { 0 };
        self.parts.push(part);
        if self.parts.len() >= MESSAGES || self.bytes >= BYTES {
            self.hand_on();
        }
        if self.gone { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl PartSink<'_> {
    fn hand_on(&mut self) {
        self.bytes = 0;
        self.gone |= !self.to.send(std::mem::take(&mut self.parts));
    }
}

/// Reads all inputs, one after the other. It stops when nobody listens any more.
fn read_inputs(connector: &Connector, inputs: &[Input], to: &BatchSender<Vec<SendPart>>) -> Result<(), SendError> {
    for job in &ReadJob::whole(inputs) {
        let (input, count) = (&job.input, Arc::default());
        let source = InputSource::new(job, &count);
        let mut sink = PartSink { resource: input.resource(), parts: Vec::new(), bytes: 0, to, gone: false };
        let summary = read(connector, &source, &mut PlanCache::default(), &mut sink);
        // What was whole before something went wrong is sent.
        if !sink.gone {
            sink.hand_on();
        }
        if sink.gone {
            return Ok(());
        }
        let ReadSummary { end, .. } = summary.map_err(|error| SendError::Read { input: input.to_string(), error })?;
        let problems = match end {
            End::Complete | End::Stopped(_) => continue,
            End::Incomplete(problem, _) => vec![*problem],
            End::Refused(problems, _) => problems,
        };
        return Err(SendError::Refused { input: input.to_string(), problems });
    }
    Ok(())
}

fn part(context: &InputContext<'_>, document: SourceDocument, resource: &str) -> SendPart {
    let outcome = glimpse(context.connector, &context.plan, resource, &document.rows);
    let mut problems = document.spoiled;
    let bad = |row: &RawRow| match &row.content {
        RowContent::Bad(problem, _) => Some((**problem).clone()),
        _ => None,
    };
    let unread: Vec<Problem> = document.rows.iter().filter_map(bad).collect();
    // A row that cannot be read spoils its own document, which travels as it is; what it may have swallowed does not.
    problems.retain(|problem| problem.code == "R0307" || problem.code == "R0308");
    // Of a JSON document that has no records there is nothing around it: it travels as it stands.
    let whole = !context.closing.is_empty()
        && matches!(document.rows.as_slice(), [RawRow { content: RowContent::Json(_), .. }]);
    let kept = RecordBytes::of(document.rows, context.origin.charset);
    if kept.is_cut() {
        problems.extend(unread);
    }
    if !kept.filled.is_empty() {
        problems.push(fault::taken_from_above(kept.lines().0));
    }
    if !problems.is_empty() || kept.is_cut() {
        let (first_line, last_line) = kept.lines();
        return SendPart::LeftOut(LeftOut { resource: resource.to_owned(), first_line, last_line, problems });
    }
    let key = match &outcome {
        MappingOutcome::Mapped { events, .. } => events.first().map(|event| event.header.subject.to_string()),
        _ => None,
    };
    let key = key.unwrap_or_else(|| hex::encode(Sha256::digest(&kept.raw)).get(..16).unwrap_or_default().to_owned());
    let message = match whole {
        true => kept.raw,
        false => [context.prelude.as_slice(), &kept.raw, &context.closing].concat(),
    };
    SendPart::Message(key, message)
}
