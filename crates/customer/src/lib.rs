#![doc = include_str!("../README.md")]

mod attribution;
mod composition;
mod neighbours;
mod reader;
mod rows;
mod status;

pub use reader::CustomerReader;
pub use rows::{CustomerRows, IdentifierHolding, StatusRows};
