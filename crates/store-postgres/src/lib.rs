#![doc = include_str!("../README.md")]

mod assemble;
mod contention;
mod copy;
mod db;
mod error;
mod follow;
mod history;
mod intake;
mod keys;
mod links;
mod load;
mod migrate;
mod project;
mod publish;
mod quarantine;
mod read;
mod resolve;
mod save;
mod scratch;
mod sums;
mod swap;
mod tell;
mod url;
mod verify;

pub use db::{PostgresOptions, PostgresStore};
pub use load::PostgresLoad;
pub use scratch::Scratch;
pub use swap::Beside;
