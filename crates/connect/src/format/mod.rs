//! How bytes become rows: a folder per format.

pub(crate) mod csv;
pub(crate) mod json;
pub(crate) mod ndjson;
