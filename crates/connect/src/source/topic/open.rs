//! The records of a message.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;

use onefold_format::{Charset, ReadUnit};
use onefold_mapping::{Connector, MappingOutcome};

use crate::entry::Origin;
use crate::fault;
use crate::map::{MappedRecord, MappingSink};
use crate::read::{End, PlanCache, ReadSummary, read};
use crate::record_bytes::RecordBytes;
use crate::source::ByteSource;
use crate::source::file::{Opened, open_bytes};
use crate::source::hook::with_headers;
use crate::source::topic::Message;

/// The bytes of a message.
struct MessageSource<'m> {
    resource: &'m str,
    value: &'m [u8],
}

impl ByteSource for MessageSource<'_> {
    fn resource(&self) -> String {
        self.resource.to_owned()
    }

    fn unit(&self) -> ReadUnit {
        ReadUnit::Message
    }

    fn open(&self) -> io::Result<Opened> {
        open_bytes(&Arc::from(self.value))
    }
}

/// Maps the records of a message of intake, with the headers that its connector reads.
pub(crate) fn open_message(connector: &Connector, message: &Message<'_>, planned: &mut PlanCache) -> Vec<MappedRecord> {
    let value = with_headers(connector, message.topic, &message.stored.record);
    open(connector, &message.resource(), &value, planned)
}

/// Maps the records of a message. One that cannot be read to its end is refused as a whole, since it is one document.
fn open(connector: &Connector, resource: &str, value: &[u8], planned: &mut PlanCache) -> Vec<MappedRecord> {
    let mut records = Vec::new();
    let mut sink = MappingSink::new(None, |taken| {
        records.push(taken);
        ControlFlow::Continue(())
    });
    let summary = read(connector, &MessageSource { resource, value }, planned, &mut sink);
    let (origin, problems) = match summary {
        Ok(ReadSummary { origin, end: End::Complete, .. }) if records.is_empty() => {
            let outcome = MappingOutcome::Skipped { reason: "no records in it".to_owned() };
            return vec![MappedRecord { origin, kept: RecordBytes::default(), item: None, outcome, shown: None }];
        }
        // Nobody stops it.
        Ok(ReadSummary { end: End::Complete | End::Stopped(_), warnings, .. }) => {
            let first = records.iter_mut().find_map(|taken| match &mut taken.outcome {
                MappingOutcome::Mapped { findings, .. } => Some(findings),
                _ => None,
            });
            if let Some(findings) = first {
                findings.extend(warnings);
            }
            return records;
        }
        Ok(ReadSummary { origin, end: End::Incomplete(problem, _), .. }) => (origin, vec![*problem]),
        Ok(ReadSummary { origin, end: End::Refused(problems, _), .. }) => (origin, problems),
        Err(error) => {
            let origin = Arc::new(Origin::new(connector, resource.to_owned(), Charset::UTF_8));
            (origin, vec![fault::cut_off(&error, 0, 0)])
        }
    };
    let kept = RecordBytes::message(value.to_vec());
    vec![MappedRecord { origin, kept, item: None, outcome: MappingOutcome::Quarantined(problems), shown: None }]
}

/// What the current mapping makes of a message that was refused as a whole: all its events, or all that is wrong.
pub(crate) fn reopen(resource: &str, value: &[u8], connector: &Connector, planned: &mut PlanCache) -> MappingOutcome {
    let (mut events, mut findings, mut problems, mut skipped) = (Vec::new(), Vec::new(), Vec::new(), None);
    for taken in open(connector, resource, value, planned) {
        match taken.outcome {
            MappingOutcome::Mapped { events: own, findings: found } => {
                events.extend(own);
                findings.extend(found);
            }
            MappingOutcome::Skipped { reason } => skipped = Some(reason),
            MappingOutcome::Quarantined(wrong) => problems.extend(wrong),
        }
    }
    match (problems.is_empty(), events.is_empty(), skipped) {
        (false, ..) => MappingOutcome::Quarantined(problems),
        (true, true, Some(reason)) => MappingOutcome::Skipped { reason },
        (true, ..) => MappingOutcome::Mapped { events, findings },
    }
}
