#![doc = include_str!("../README.md")]

mod belongs;
mod draft;
mod drive;
mod entry;
mod fault;
mod ingest;
mod intake;
mod map;
mod read;
mod record_bytes;
mod remap;
mod sample;
mod send;
mod source;
mod watch;
mod window;

pub use draft::{DraftError, draft};
pub use entry::entry_text;
pub use ingest::{
    Example, FileReport, FileState, IngestError, IngestProgress, IngestReport, RetryError, RetryOutcome, Seen,
    TriedEntry, again, ingest, rehearse, retry,
};
pub use intake::{Intake, IntakeOptions};
pub use remap::{
    ChangeExample, FieldChange, KeptOriginals, MovedEvent, RemapReport, RemapTo, UnkeptResource, remap_files,
    remap_topics,
};
pub use sample::{
    EnumSummary, FieldFailure, FieldOccurrence, FieldSummary, RecordFate, SampleEvent, SampleField, SampleInput,
    SampleOptions, SampleRecord, SampleReport, SampleVerdict, SourceValue, ValueSummary, WordCount, try_sample,
};
pub use send::{LeftOut, SendError, SendReport, send};
pub use source::file::{Input, InputError};
pub use source::hook::{Hook, HookError, HookPost, HookReceipt, HookSecrets, Hooks, SecretError};
pub use source::post::{BatchError, NoEvent, PostAnswer, PostedEvent, take_posted};
pub use watch::{
    FileStanding, FileWatch, RecordCounts, RewindSummary, SourceError, SourceSummary, WatchOptions, WatchedFileSummary,
    pause_source, resume_source, rewind_source, summarise_source,
};
