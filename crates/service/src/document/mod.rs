//! Documents: listed by time, and each from inside.

pub(crate) mod content;
pub(crate) mod inside;
pub(crate) mod owners;
pub(crate) mod related;
pub(crate) mod rows;
pub(crate) mod shipped;
mod stated;
pub(crate) mod timeline;
pub(crate) mod why;
