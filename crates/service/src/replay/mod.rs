//! History again: the events of the log in the order in which they were taken in, and a customer or document step by step.

mod filter;
mod reader;
mod steps;

pub use filter::{ReplayFilter, ReplaySpan};
pub use reader::{ReplayBatch, ReplayCursor, ReplayReader, ReplayedEvent};
pub use steps::ReplaySteps;
