//! Phase 2: the language to the program. Every name is found, every type fits, and all that is wrong is said at once, before
//! any data is seen.

pub(crate) mod assume;
pub(crate) mod cells;
pub(crate) mod compiler;
pub(crate) mod connector_file;
pub(crate) mod connector_tests;
pub(crate) mod events;
pub(crate) mod expression;
pub(crate) mod fields;
pub(crate) mod lets;
pub(crate) mod names;
pub(crate) mod references;
pub(crate) mod unused;
pub(crate) mod word_tables;
