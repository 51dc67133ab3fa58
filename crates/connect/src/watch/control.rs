//! What people ask of a source: how it stands, to pause, to go on, to begin again.

use onefold_door::system_time;
use onefold_event::{Micros, Problem};
use onefold_store::{SourceStore, StoreError};
use serde::Serialize;

use crate::watch::cursor::{FileStanding, RecordCounts};
use crate::watch::files::KeptFiles;

/// How often a change is tried that meets those of the process which reads.
const TRIES: u32 = 50;

/// Why a source does not do what it is asked.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum SourceError {
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error(
        "the source {0} changes so fast that it cannot be changed beside whoever reads it: pause it first, then try again"
    )]
    Busy(String),
    #[error(
        "no file of the source {source_name} is called {file}: `onefold connector status {source_name}` lists them"
    )]
    NoFile { source_name: String, file: String },
}

/// How a source stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SourceSummary {
    /// The connector's name.
    pub name: String,
    /// Nothing is read until somebody resumes it.
    pub paused: bool,
    /// Files seen so far, those too that are archived, deleted or gone by now.
    pub files_seen: u64,
    /// Files that are read or followed, or wait until they are finished.
    pub files_in_work: u64,
    /// Files read to their end.
    pub files_done: u64,
    /// Files that something is wrong with.
    pub files_wrong: u64,
    /// Files that went before they were read to their end, and are remembered by this count alone.
    pub files_lost: u64,
    /// What became of the records of all.
    pub counts: RecordCounts,
    /// Bytes of these files that were not read yet.
    pub bytes_behind: u64,
    /// What was wrong last.
    pub last_problem: Option<Problem>,
    /// When, in microseconds.
    pub last_problem_at: Option<Micros>,
    /// What is wrong with its directories now.
    pub wrong: Vec<Problem>,
    /// Every file that is remembered, by path.
    pub files: Vec<WatchedFileSummary>,
}

/// How one file stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WatchedFileSummary {
    /// Its path.
    pub path: String,
    /// Where it stands.
    pub standing: FileStanding,
    /// Bytes, as it was looked at last.
    pub size: u64,
    /// Bytes of it that were not read yet.
    pub behind: u64,
    /// What became of its records.
    pub counts: RecordCounts,
    /// Why it stands where it does, or what cannot be done with it.
    pub problem: Option<Problem>,
}

/// What rewinding came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RewindSummary {
    /// Files that are read again from their beginning.
    pub files: u64,
    /// Files that were archived, deleted or gone before, and are read again only if they are put back.
    pub past_files: u64,
}

async fn kept_files(store: &dyn SourceStore, name: &str) -> Result<KeptFiles, StoreError> {
    KeptFiles::parse(store.source_items(name).await?)
}

/// How a source stands, by what is remembered of it; all zero of one that was never run.
///
/// # Errors
/// The store does not answer.
pub async fn summarise_source(store: &dyn SourceStore, name: &str) -> Result<SourceSummary, StoreError> {
    let kept = kept_files(store, name).await?;
    let control = &kept.control;
    let mut counts = control.past_counts;
    kept.files.values().for_each(|file| counts.add(&file.cursor.counts));
    let standing =
        |of: &dyn Fn(FileStanding) -> bool| kept.files.values().filter(|file| of(file.cursor.standing)).count() as u64;
    use FileStanding as F;
    let files = (kept.files.iter()).map(|(path, file)| WatchedFileSummary {
        path: path.clone(),
        standing: file.cursor.standing,
        size: file.cursor.size,
        behind: file.cursor.behind(),
        counts: file.cursor.counts,
        problem: file.cursor.problem.clone(),
    });
    Ok(SourceSummary {
        name: name.to_owned(),
        paused: control.paused,
        files_seen: control.past_files + control.put_right_files + control.lost_files + kept.files.len() as u64,
        files_in_work: standing(&|s| matches!(s, F::Waiting | F::Reading | F::Following)),
        files_done: control.past_files + standing(&|s| s == F::Complete),
        files_wrong: standing(&|s| !matches!(s, F::Waiting | F::Reading | F::Following | F::Complete)),
        files_lost: control.lost_files,
        counts,
        bytes_behind: kept.files.values().map(|file| file.cursor.behind()).sum(),
        last_problem: control.last_problem.as_ref().map(|(_, problem)| problem.clone()),
        last_problem_at: control.last_problem.as_ref().map(|(at, _)| *at),
        wrong: control.wrong.clone(),
        files: files.collect(),
    })
}

/// Changes what is remembered, beside whoever reads.
async fn change<T>(
    store: &dyn SourceStore,
    name: &str,
    mut what: impl FnMut(&mut KeptFiles) -> Result<T, SourceError>,
) -> Result<T, SourceError> {
    for _ in 0..TRIES {
        let mut kept = kept_files(store, name).await?;
        let done = what(&mut kept)?;
        let moves = kept.moves(None);
        match store.move_items(name, &moves).await {
            Ok(()) => return Ok(done),
            // A batch was committed in between.
            Err(StoreError::Conflict) => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
            Err(error) => return Err(error.into()),
        }
    }
    Err(SourceError::Busy(name.to_owned()))
}

/// Has a source read nothing until it is resumed; what is being read goes in to the end of its batch. False: it was paused already.
///
/// # Errors
/// The store does not answer.
pub async fn pause_source(store: &dyn SourceStore, name: &str) -> Result<bool, SourceError> {
    change(store, name, |kept| Ok(!std::mem::replace(&mut kept.control.paused, true))).await
}

/// Has a source go on where it was. False: it was not paused.
///
/// # Errors
/// The store does not answer.
pub async fn resume_source(store: &dyn SourceStore, name: &str) -> Result<bool, SourceError> {
    change(store, name, |kept| Ok(std::mem::replace(&mut kept.control.paused, false))).await
}

/// Has a source read its files, or these alone (by path, or by name), again from their beginning. What is known of them already is
/// passed over at the door.
///
/// # Errors
/// A file of that name is not known, or the store does not answer.
pub async fn rewind_source(store: &dyn SourceStore, name: &str, only: &[String]) -> Result<RewindSummary, SourceError> {
    let is_of = |path: &str, asked: &String| path == asked || path.rsplit('/').next().is_some_and(|last| last == asked);
    change(store, name, |kept| {
        if let Some(file) = only.iter().find(|asked| !kept.files.keys().any(|path| is_of(path, asked))) {
            return Err(SourceError::NoFile { source_name: name.to_owned(), file: file.clone() });
        }
        let mut files = 0;
        for (path, file) in &mut kept.files {
            if only.is_empty() || only.iter().any(|asked| is_of(path, asked)) {
                file.cursor = file.cursor.afresh();
                files += 1;
            }
        }
        // Whoever reads learns of it by this.
        kept.control.rewound = Some(system_time());
        Ok(RewindSummary { files, past_files: kept.control.past_files })
    })
    .await
}
