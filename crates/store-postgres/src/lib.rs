#![doc = include_str!("../README.md")]

mod assemble;
mod attribute;
mod contention;
mod customer;
mod db;
mod error;
mod follow;
mod keys;
mod migrate;
mod project;
mod quarantine;
mod read;
mod resolve;
mod save;
mod scratch;
mod status;
mod sums;
mod verify;

pub use db::{Options, PostgresStore};
pub use scratch::Scratch;
