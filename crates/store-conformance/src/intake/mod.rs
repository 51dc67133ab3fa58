//! Claims about how far sources were read.

pub(crate) mod items;
pub(crate) mod topics;
