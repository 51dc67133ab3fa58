#![doc = include_str!("../README.md")]

mod answer;
mod assemble;
mod fence;
mod history;
mod intake;
mod older;
mod project;
mod publish;
mod quarantine;
mod read;
mod resolve;
mod rows;
mod suite;
mod verify;

pub use older::{facts, given, placed, reserved};
pub use suite::{PARTITIONS, all};
