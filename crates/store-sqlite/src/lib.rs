#![doc = include_str!("../README.md")]

mod assemble;
mod checkpoint;
mod customer;
mod db;
mod follow;
mod keys;
mod numbers;
mod project;
mod quarantine;
mod read;
mod resolve;
mod status;
mod verify;

pub use db::{Options, SqliteStore};
