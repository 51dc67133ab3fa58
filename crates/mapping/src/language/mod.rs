//! Phase 1: the connector file as it is written. Text to a tree with places, and to syntax; names and types come later.

pub(crate) mod hook;
pub(crate) mod input;
pub(crate) mod lexer;
pub(crate) mod node;
pub(crate) mod options;
pub(crate) mod parser;
pub(crate) mod path;
pub(crate) mod reading;
pub(crate) mod syntax;
pub(crate) mod toml_text;
