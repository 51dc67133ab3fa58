//! How far sources were read: topics of intake, and files.

mod items;
mod topics;
