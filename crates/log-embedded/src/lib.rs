#![doc = include_str!("../README.md")]

mod checkpoint;
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
mod watcher;
mod writer;

pub use embedded::EmbeddedLog;
pub use options::Options;
pub use schema::FORMAT;
