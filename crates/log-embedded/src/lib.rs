#![doc = include_str!("../README.md")]

mod checkpoint;
mod checksum;
mod embedded;
mod error;
mod fence;
mod guard;
mod headers;
mod membership;
mod options;
mod readers;
mod schema;
mod topics;
mod upgrade;
mod watcher;
mod writer;

pub use embedded::EmbeddedLog;
pub use options::EmbeddedOptions;
pub use schema::FORMAT;
