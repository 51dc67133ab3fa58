//! What goes from the reading thread to the door at once.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use onefold_mapping::{Connector, MappingOutcome};

use crate::Input;
use crate::drive::BatchSender;
use crate::fault;
use crate::ingest::fuse::Fuse;
use crate::ingest::{FileReport, FileState, IngestError};
use crate::map::{MappedRecord, MappingSink, RecordWatch};
use crate::read::{End, PlanCache, ReadSummary, read};
use crate::source::file::InputSource;

const EVENTS: usize = 1_000;
const RECORDS: usize = 4_000;
const BYTES: usize = 4 << 20;

/// Records in the order in which they were read; the end of an input closes its batch.
#[derive(Debug, Default)]
pub(crate) struct RecordBatch {
    pub(crate) records: Vec<MappedRecord>,
    pub(crate) ended: Option<Ended>,
    events: usize,
    bytes: usize,
}

/// An input that was read.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) summary: ReadSummary,
    pub(crate) report: FileReport,
    /// First bytes of what is refused or stopped as a whole.
    pub(crate) start: Option<Vec<u8>>,
    pub(crate) withheld: u64,
}

impl Ended {
    /// Whether all of its records were taken in.
    pub(crate) fn is_whole(&self) -> bool {
        self.report.state == FileState::Complete
    }
}

impl RecordBatch {
    pub(crate) fn push(&mut self, taken: MappedRecord) {
        if let MappingOutcome::Mapped { events, .. } = &taken.outcome {
            self.events += events.len();
        }
        self.bytes += taken.kept.raw.len();
        // Each entry of quarantine holds what stands around its record.
        if let (MappingOutcome::Quarantined(_), Some(around)) = (&taken.outcome, &taken.kept.around) {
            self.bytes += around.to_string().len();
        }
        self.records.push(taken);
    }

    fn is_full(&self) -> bool {
        self.events >= EVENTS || self.records.len() >= RECORDS || self.bytes >= BYTES
    }
}

/// Reads all inputs, one after the other, and sends what they say. It stops when nobody listens any more. Bytes are counted, and
/// somebody may watch what becomes of each record.
pub(crate) fn read_inputs(
    connector: &Connector,
    inputs: &[Input],
    (count, mut watch): (&Arc<AtomicU64>, Option<&mut dyn RecordWatch>),
    to: &BatchSender<RecordBatch>,
) -> Result<(), IngestError> {
    for input in inputs {
        let mut batch = RecordBatch::default();
        let mut fuse = Fuse::new(connector.read_settings().stop_after);
        let mut blown = None;
        let mut why: BTreeMap<String, u64> = BTreeMap::new();
        let mut gone = false;
        let mut sink = MappingSink::new(
            watch.as_mut().map(|watch| &mut **watch as &mut dyn RecordWatch),
            |taken: MappedRecord| {
                let failed = if let MappingOutcome::Quarantined(problems) = &taken.outcome {
                    let code = problems.first().map_or("", |p| p.code.as_ref());
                    *why.entry(code.to_owned()).or_default() += 1;
                    true
                } else {
                    false
                };
                let line = taken.kept.lines().0;
                batch.push(taken);
                if let Some((bad, of)) = fuse.note(failed) {
                    blown = Some((bad, of, line));
                    return ControlFlow::Break(());
                }
                if batch.is_full() {
                    gone = !to.send(std::mem::take(&mut batch));
                }
                if gone { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        );
        let summary = read(connector, &InputSource { input, count }, &mut PlanCache::default(), &mut sink);
        if gone {
            return Ok(());
        }
        let summary = summary.map_err(|error| IngestError::Read { input: input.to_string(), error });
        let summary = match summary {
            Ok(summary) => summary,
            Err(error) => {
                // What was whole before is the door's to take.
                to.send(batch);
                return Err(error);
            }
        };
        if let Some((bad, of, line)) = blown {
            // One entry for the file, in place of those that wait.
            batch.records.retain(|taken| !matches!(taken.outcome, MappingOutcome::Quarantined(_)));
            let why = why.iter().map(|(code, count)| format!("{count} × {code}")).collect::<Vec<_>>().join(", ");
            batch.ended = Some(ended(input, summary, Some(fault::fuse(bad, of, line, &why))));
        } else {
            batch.ended = Some(ended(input, summary, None));
        }
        if !to.send(batch) {
            return Ok(());
        }
    }
    Ok(())
}

fn ended(input: &Input, mut summary: ReadSummary, blown: Option<onefold_event::Problem>) -> Ended {
    let (state, problems, start, withheld) = match std::mem::replace(&mut summary.end, End::Complete) {
        End::Complete => (FileState::Complete, Vec::new(), None, 0),
        End::Incomplete(problem, open) => (FileState::Incomplete, vec![*problem], None, open),
        End::Refused(problems, start) => (FileState::Refused, problems, Some(start), 0),
        End::Stopped(start) => (FileState::Stopped, blown.into_iter().collect(), Some(start), 0),
    };
    let report = FileReport { input: input.to_string(), state, lines: summary.rows, problems };
    Ended { summary, report, start, withheld }
}
