//! The connector file's own tests, run; and a record of a sample made one of them.

pub(crate) mod checks;
pub(crate) mod drafted;
pub(crate) mod input;
pub(crate) mod records;
pub(crate) mod run;
