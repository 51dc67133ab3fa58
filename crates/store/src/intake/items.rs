//! What sources remember of the things that they read, such as how far a file was read: beside the views, since it stands nowhere else.

use async_trait::async_trait;

use crate::StoreError;

/// One thing that a source remembers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceItem {
    /// By what the source knows it, such as a path; unique within the source.
    pub item: String,
    /// What is remembered, in the source's own form.
    pub state: String,
}

/// A step of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceMove {
    /// Which one.
    pub item: String,
    /// Its state before, byte by byte; none: it is not there yet.
    pub from: Option<String>,
    /// Its state from here on; none: it is forgotten.
    pub to: Option<String>,
}

/// Contract: an item moves only from the state that it is in; where another has moved one of them, `move_items` MUST fail with
/// [`StoreError::Conflict`] and move none. States MAY go back in a crash, all of one call or none, and never on: what was read is
/// read again then.
#[async_trait]
pub trait SourceStore: Send + Sync {
    /// Names of all sources that remember something, in order.
    async fn source_names(&self) -> Result<Vec<String>, StoreError>;

    /// All items of a source, in the order of their names.
    async fn source_items(&self, source: &str) -> Result<Vec<SourceItem>, StoreError>;

    /// One item's state.
    async fn source_item(&self, source: &str, item: &str) -> Result<Option<String>, StoreError>;

    /// Moves items, all or none; none of them is named twice.
    async fn move_items(&self, source: &str, moves: &[SourceMove]) -> Result<(), StoreError>;
}
