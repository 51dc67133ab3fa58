//! Commands that only ask: of a customer, of a document, or of everything.

pub(crate) mod diff;
pub(crate) mod documents;
pub(crate) mod events;
pub(crate) mod find;
pub(crate) mod show;
pub(crate) mod status;
