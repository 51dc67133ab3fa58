//! The floor of the crate: where things stand in the connector file, and all that is wrong with it.

pub(crate) mod diagnostics;
pub(crate) mod nearest;
pub(crate) mod source_text;
