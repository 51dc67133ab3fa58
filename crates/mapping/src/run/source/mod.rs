//! A record as it comes in, and where the program's paths stand in it.

pub(crate) mod coverage;
pub(crate) mod fill_down;
pub(crate) mod json;
pub(crate) mod plan;
pub(crate) mod record;
