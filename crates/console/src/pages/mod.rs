//! The pages, each with what it shows.

pub(crate) mod caller;
pub(crate) mod customer;
pub(crate) mod document;
pub(crate) mod list;
pub(crate) mod search;
pub(crate) mod settings;
pub(crate) mod why;
mod worth;
