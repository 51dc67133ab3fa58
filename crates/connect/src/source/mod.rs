//! Where records come from: a folder per source.

pub(crate) mod file;
pub(crate) mod post;
pub(crate) mod topic;
