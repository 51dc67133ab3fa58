#![doc = include_str!("../README.md")]

mod health;
mod run;

pub use health::{Health, StageHealth};
pub use run::{Progress, Stage, StageError, Stop, Wake, spawn};
