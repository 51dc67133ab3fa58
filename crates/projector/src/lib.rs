#![doc = include_str!("../README.md")]

mod admit;
mod ahead;
mod batch;
mod link;
mod projector;
mod read;
mod row;
mod settle;
mod table;
mod transaction;
mod unnamed;
mod work;

pub use projector::{Projector, ProjectorOptions};
pub use work::{Done, WorkCounters, WorkPart};
