#![doc = include_str!("../README.md")]

mod admit;
mod batch;
mod indirect;
mod link;
mod prefetch;
mod projector;
mod read;
mod row;
mod settle;
mod table;
mod transaction;
mod work;

pub use projector::{Projector, ProjectorOptions};
pub use work::{WorkCounters, WorkDone, WorkPart};
