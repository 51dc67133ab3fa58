//! STAGE: files of directories that are watched into events, by one connector.

mod after;
mod control;
mod cursor;
mod fault;
mod files;
mod scan;
mod stage;
mod take;

pub use control::{
    RewindSummary, SourceError, SourceSummary, WatchedFileSummary, pause_source, resume_source, rewind_source,
    summarise_source,
};
pub use cursor::{FileStanding, RecordCounts};
pub use stage::{FileWatch, WatchOptions};
