//! Phase 3: the program over one record. Cells need names and names are cells, so working out recurs; it does so through
//! [`frame::Frame`] alone, which works a name out once and keeps it (`slots`).

pub(crate) mod adjust;
pub(crate) mod cell_value;
pub(crate) mod content;
pub(crate) mod convert;
pub(crate) mod event;
pub(crate) mod explain;
pub(crate) mod expression;
pub(crate) mod frame;
pub(crate) mod map;
pub(crate) mod message;
pub(crate) mod notes;
pub(crate) mod reporting;
pub(crate) mod slots;
pub(crate) mod source;
pub(crate) mod source_text;
