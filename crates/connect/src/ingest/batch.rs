//! What goes from the reading thread to the door at once.

use std::collections::BTreeMap;
use std::io;
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
use crate::source::file::{FileMark, InputSource, ReadJob};

const EVENTS: usize = 1_000;
const RECORDS: usize = 4_000;
const BYTES: usize = 4 << 20;

/// Records in the order in which they were read; the end of an input closes its batch.
#[derive(Debug, Default)]
pub(crate) struct RecordBatch {
    pub(crate) records: Vec<MappedRecord>,
    pub(crate) ended: Option<Ended>,
    /// Which input.
    pub(crate) job: usize,
    /// How far a file that is watched was read with it.
    pub(crate) mark: Option<FileMark>,
    /// Why a file that is watched could not be read further.
    pub(crate) failed: Option<io::Error>,
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

    pub(crate) fn is_full(&self) -> bool {
        self.events >= EVENTS || self.records.len() >= RECORDS || self.bytes >= BYTES
    }
}

/// Reads all inputs, one after the other, and sends what they say. It stops when nobody listens any more, and where an input cannot
/// be read that nobody watches. Bytes are counted, and somebody may watch what becomes of each record.
pub(crate) fn read_inputs(
    connector: &Connector,
    jobs: &[ReadJob],
    (count, mut watch): (&Arc<AtomicU64>, Option<&mut dyn RecordWatch>),
    to: &BatchSender<RecordBatch>,
) -> Result<(), IngestError> {
    for (number, job) in jobs.iter().enumerate() {
        let watch = watch.as_mut().map(|watch| &mut **watch as &mut dyn RecordWatch);
        let Some(last) = read_input(connector, (number, job), (count, watch), to) else { return Ok(()) };
        match last {
            Ok(batch) => {
                if !to.send(batch) {
                    return Ok(());
                }
            }
            Err((batch, error)) if job.watched.is_some() => {
                if !to.send(RecordBatch { failed: Some(error), ..batch }) {
                    return Ok(());
                }
            }
            Err((batch, error)) => {
                // What was whole before is the door's to take.
                to.send(batch);
                return Err(IngestError::Read { input: job.input.to_string(), error });
            }
        }
    }
    Ok(())
}

/// Reads one input; answers its last batch, with why it ends there where it cannot be read further. None: nobody listens.
fn read_input(
    connector: &Connector,
    (number, job): (usize, &ReadJob),
    (count, watch): (&Arc<AtomicU64>, Option<&mut dyn RecordWatch>),
    to: &BatchSender<RecordBatch>,
) -> Option<Result<RecordBatch, (RecordBatch, io::Error)>> {
    let source = InputSource::new(job, count);
    let new_batch = || RecordBatch { job: number, ..RecordBatch::default() };
    let mut batch = new_batch();
    let mut fuse = Fuse::new(connector.read_settings().stop_after);
    let mut blown = None;
    let mut why: BTreeMap<String, u64> = BTreeMap::new();
    let (mut gone, mut unmarked) = (false, None);
    let mut sink = MappingSink::new(watch, |taken: MappedRecord| {
        if batch.is_full() {
            // Behind the last document of this batch; the record at hand is of the next.
            match source.mark() {
                Ok(mark) => batch.mark = mark,
                Err(error) => unmarked = Some(error),
            }
            gone = !to.send(std::mem::replace(&mut batch, new_batch()));
        }
        if gone || unmarked.is_some() {
            return ControlFlow::Break(());
        }
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
        ControlFlow::Continue(())
    });
    let summary = read(connector, &source, &mut PlanCache::default(), &mut sink);
    if gone {
        return None;
    }
    let marked = unmarked.map_or_else(|| source.mark(), Err);
    let (summary, mark) = match summary.and_then(|summary| Ok((summary, marked?))) {
        Ok(read) => read,
        Err(error) => {
            batch.mark = source.mark().ok().flatten();
            return Some(Err((batch, error)));
        }
    };
    batch.mark = mark;
    if let Some((bad, of, line)) = blown {
        // One entry for the file, in place of those that wait.
        batch.records.retain(|taken| !matches!(taken.outcome, MappingOutcome::Quarantined(_)));
        let why = why.iter().map(|(code, count)| format!("{count} × {code}")).collect::<Vec<_>>().join(", ");
        batch.ended = Some(ended(&job.input, summary, Some(fault::fuse(bad, of, line, &why))));
    } else {
        batch.ended = Some(ended(&job.input, summary, None));
    }
    Some(Ok(batch))
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
