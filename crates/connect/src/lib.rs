#![doc = include_str!("../README.md")]

mod belongs;
mod charset;
mod entry;
mod evidence;
mod fault;
mod format;
mod ingest;
mod intake;
mod kept;
mod lines;
mod pass;
mod row;
mod send;
mod source;
mod window;

pub use ingest::{
    Example, FileReport, FileState, IngestError, IngestProgress, IngestReport, RetryError, RetryOutcome, Seen, again,
    ingest, rehearse, retry,
};
pub use intake::{Intake, IntakeOptions};
pub use send::{LeftOut, SendError, SendReport, send};
pub use source::file::{Input, InputError};
pub use source::post::{BatchError, NoEvent, PostAnswer, PostedEvent, take_posted};
