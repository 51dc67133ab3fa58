#![doc = include_str!("../README.md")]

mod assemble;
mod checkpoint;
mod db;
mod follow;
mod format;
mod found;
mod history;
mod intake;
mod keys;
mod links;
mod load;
mod numbers;
mod owned;
mod project;
mod publish;
mod quarantine;
mod read;
mod resolve;
mod seal;
mod verify;

pub use db::{SqliteOptions, SqliteStore};
pub use load::SqliteLoad;
