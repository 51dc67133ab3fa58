//! How far sources were read: topics of intake, and files.

mod items;
mod topics;

pub use items::{SourceItem, SourceMove, SourceStore};
pub use topics::IntakeStore;
