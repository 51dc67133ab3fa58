//! The records of a message.

use std::ops::ControlFlow;
use std::sync::Arc;

use onefold_mapping::{Connector, MappingOutcome};

use crate::charset::Charset;
use crate::entry::Origin;
use crate::fault;
use crate::kept::Kept;
use crate::pass::{End, MappedRecord, Passed, Planned, To, Unit, read};
use crate::source::file::open_bytes;

/// Maps the records of a message. One that cannot be read to its end is refused as a whole, since it is one document.
pub(crate) fn open(connector: &Connector, resource: &str, value: &[u8], planned: &mut Planned) -> Vec<MappedRecord> {
    let mut records = Vec::new();
    let mut take = |taken| {
        records.push(taken);
        ControlFlow::Continue(())
    };
    let mut all = |to| {
        let opened = open_bytes(&Arc::from(value))?;
        read(connector, resource.to_owned(), opened, (Unit::Message, planned), to)
    };
    let (origin, problems) = match all(To::Mapped(&mut take)) {
        Ok(Passed { origin, end: End::Complete, .. }) if records.is_empty() => {
            let outcome = MappingOutcome::Skipped { reason: "no records in it".to_owned() };
            return vec![MappedRecord { origin, kept: Kept::default(), item: None, outcome }];
        }
        // Nobody stops it.
        Ok(Passed { end: End::Complete | End::Stopped(_), warnings, .. }) => {
            let first = records.iter_mut().find_map(|taken| match &mut taken.outcome {
                MappingOutcome::Mapped { findings, .. } => Some(findings),
                _ => None,
            });
            if let Some(findings) = first {
                findings.extend(warnings);
            }
            return records;
        }
        Ok(Passed { origin, end: End::Incomplete(problem, _), .. }) => (origin, vec![*problem]),
        Ok(Passed { origin, end: End::Refused(problems, _), .. }) => (origin, problems),
        Err(error) => {
            let plain = Charset { encoding: encoding_rs::UTF_8 };
            let origin = Arc::new(Origin::new(connector, resource.to_owned(), plain));
            (origin, vec![fault::cut_off(&error, 0, 0)])
        }
    };
    let kept = Kept::message(value.to_vec());
    vec![MappedRecord { origin, kept, item: None, outcome: MappingOutcome::Quarantined(problems) }]
}

/// What the current mapping makes of a message that was refused as a whole: all its events, or all that is wrong.
pub(crate) fn again(resource: &str, value: &[u8], connector: &Connector) -> MappingOutcome {
    let (mut events, mut findings, mut problems, mut skipped) = (Vec::new(), Vec::new(), Vec::new(), None);
    for taken in open(connector, resource, value, &mut Planned::default()) {
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
