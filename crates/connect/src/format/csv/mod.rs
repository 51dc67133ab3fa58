//! Tables: fields between delimiters, quotes, line breaks within quotes.

mod fields;
mod rows;

pub(crate) use rows::{CsvRows, Opening};
