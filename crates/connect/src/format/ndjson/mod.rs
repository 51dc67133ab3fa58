//! One JSON value per line.

mod rows;

pub(crate) use rows::{JsonRows, parse};
