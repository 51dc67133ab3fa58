#![doc = include_str!("../README.md")]

mod health;
mod run;

pub use health::{HealthRegistry, StageHealth};
pub use run::{Stage, StageError, StepProgress, StopSignal, WakeSignal, spawn};
