//! What compiling makes and running reads: data, and how to look things up in it. `compile` writes it, `run` reads it, and
//! neither knows the other.

pub(crate) mod cell;
pub(crate) mod compiled;
pub(crate) mod connector_test;
pub(crate) mod event;
pub(crate) mod expression;
pub(crate) mod layout;
pub(crate) mod names;
pub(crate) mod paths;
pub(crate) mod scope;
pub(crate) mod word_tables;
