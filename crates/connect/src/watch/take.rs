//! What was read goes in, and then the cursors move.

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use onefold_door::system_time;
use onefold_event::{Micros, Problem};
use onefold_stage::{StageError, StepProgress};

use crate::ingest::{FileState, IngestError, IngestReport, RecordBatch, To, write_all};
use crate::intake::{count, stage_error};
use crate::source::file::{FileMark, WatchedFileError};
use crate::watch::cursor::FileStanding;
use crate::watch::fault;
use crate::watch::files::KeptFiles;
use crate::watch::stage::{ChosenFile, FileWatch, RETRY};

/// How long a step waits for the first batch.
const WAIT: Duration = Duration::from_millis(500);
/// How long it waits for more, where what it has is little: small files go in together.
const MORE: Duration = Duration::from_millis(3);
/// Records with which it waits no longer.
const ENOUGH: usize = 1_000;

/// How one batch leaves its file.
struct FileStep {
    file: ChosenFile,
    mark: Option<FileMark>,
    ended: Option<(FileState, Vec<Problem>)>,
    failed: Option<io::Error>,
}

impl FileWatch {
    /// Takes in what was read since the last step.
    pub(crate) async fn take_in(&mut self) -> Result<StepProgress, StageError> {
        self.lease_again().await?;
        let Some(reading) = &mut self.reading else { return Ok(StepProgress::Idle) };
        let (mut batches, mut records, mut over) = (Vec::new(), 0, false);
        while records < ENOUGH {
            let wait = if batches.is_empty() { WAIT } else { MORE };
            match tokio::time::timeout(wait, reading.thread.next()).await {
                Ok(Some(batch)) => {
                    records += batch.records.len();
                    batches.push(batch);
                }
                Ok(None) => {
                    over = true;
                    break;
                }
                Err(_) => break,
            }
        }
        if batches.is_empty() && !over {
            return Ok(StepProgress::Idle);
        }
        let steps: Vec<FileStep> = (batches.iter_mut())
            .filter_map(|batch| {
                let file = reading.files.get(batch.job)?.clone();
                Some(FileStep::of(batch, file))
            })
            .collect();
        // One append for all of them: a thousand small files cost no thousand syncs.
        let mut reports = vec![IngestReport::default(); batches.len()];
        let to = To::Hub(&self.door, self.quarantine.as_ref());
        write_all(batches, &to, &mut reports).await.map_err(stage_error)?;
        let now = system_time();
        let mut paths = BTreeSet::new();
        for (step, report) in steps.into_iter().zip(&reports) {
            count(self.connector.name(), report);
            paths.insert(step.file.path.clone());
            apply(&mut self.kept, step, report, (now, &self.mapping));
        }
        fail::fail_point!("watch.before_commit");
        // Only now, behind quarantine and door: a kill before it has this batch read once more, and the door knows it.
        self.save(Some(&paths)).await?;
        fail::fail_point!("watch.after_commit");
        self.finish_files(Some(&paths)).await?;
        if over && let Some(reading) = self.reading.take() {
            reading.thread.end(IngestError::Broken).await.map_err(stage_error)?;
        }
        Ok(StepProgress::Worked(records as u64))
    }
}

impl FileStep {
    fn of(batch: &mut RecordBatch, file: ChosenFile) -> Self {
        let ended = batch.ended.as_ref().map(|ended| (ended.report.state, ended.report.problems.clone()));
        Self { file, mark: batch.mark.take(), ended, failed: batch.failed.take() }
    }
}

/// Moves the cursor of a file behind what went in.
fn apply(kept: &mut KeptFiles, step: FileStep, report: &IngestReport, (now, mapping): (Micros, &str)) {
    let FileStep { file: ChosenFile { path, found, follows, .. }, mark, ended, failed } = step;
    let Some(file) = kept.files.get_mut(&path) else { return };
    let cursor = &mut file.cursor;
    cursor.counts.add_report(report);
    (cursor.size, cursor.modified) = (found.size, found.modified);
    mapping.clone_into(&mut cursor.mapping);
    if let Some(mark) = mark {
        cursor.mark = mark;
    }
    // Unless it ends with this batch.
    cursor.standing = FileStanding::Reading;
    let mut told = None;
    if let Some((state, problems)) = ended {
        let problem = problems.into_iter().next();
        cursor.lease = None;
        cursor.standing = match state {
            FileState::Complete if follows => FileStanding::Following,
            FileState::Complete => FileStanding::Complete,
            FileState::Incomplete => FileStanding::Incomplete,
            FileState::Refused => FileStanding::Refused,
            FileState::Stopped => FileStanding::Stopped,
        };
        told.clone_from(&problem);
        cursor.problem = problem;
    }
    if let Some(error) = failed {
        cursor.lease = None;
        let problem = match error.get_ref().and_then(|error| error.downcast_ref::<WatchedFileError>()) {
            Some(changed @ WatchedFileError::Changed) => {
                let begun = cursor.is_begun();
                if begun {
                    kept.control.lost_files += 1;
                    kept.control.past_counts.add(&cursor.counts);
                }
                *cursor = cursor.afresh();
                begun.then(|| fault::replaced(&path, &changed.to_string()))
            }
            Some(WatchedFileError::Packed) => {
                let problem = fault::packed(&path);
                (cursor.standing, cursor.problem) = (FileStanding::Refused, Some(problem.clone()));
                Some(problem)
            }
            // The next look finds out where it is.
            None if error.kind() == io::ErrorKind::NotFound => {
                cursor.standing = FileStanding::Waiting;
                None
            }
            None => {
                let problem = fault::unreadable(&path, &error);
                (cursor.standing, cursor.problem) = (FileStanding::Unreadable, Some(problem.clone()));
                file.retry_at = now + RETRY;
                Some(problem)
            }
        };
        file.found = None;
        told = problem;
    }
    if let Some(mut problem) = told {
        if !problem.found.contains(&path) {
            problem.path.clone_from(&path);
        }
        tracing::warn!(file = %path, code = %problem.code, "{}: {}", problem.message, problem.found);
        kept.tell(now, &problem);
    }
}
