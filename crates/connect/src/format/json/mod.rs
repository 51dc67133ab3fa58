//! One JSON value, over as many lines as it likes.

mod rows;

pub(crate) use rows::OneRow;
