//! Cells: where a value comes from and what is done to it, read and checked.

pub(crate) mod cell;
pub(crate) mod options;
pub(crate) mod settings;
pub(crate) mod validate;
