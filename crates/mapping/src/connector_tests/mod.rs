//! The connector file's own tests, run.

pub(crate) mod checks;
pub(crate) mod records;
pub(crate) mod run;
