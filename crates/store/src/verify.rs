//! What a verification reads: every derived row as it is stored, in terms of keys instead of the engine's own numbers.

use async_trait::async_trait;
use onefold_view::DigestSum;

use crate::StoreError;

/// A derived table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Table {
    Subjects,
    Owners,
    Documents,
    OpenItems,
    Holders,
    Decisions,
    Members,
    Search,
    Keys,
    SetMembers,
}

impl Table {
    /// All derived tables.
    pub const ALL: [Self; 10] = [
        Self::Subjects,
        Self::Owners,
        Self::Documents,
        Self::OpenItems,
        Self::Holders,
        Self::Decisions,
        Self::Members,
        Self::Search,
        Self::Keys,
        Self::SetMembers,
    ];

    /// What it is called in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Subjects => "subjects",
            Self::Owners => "owners",
            Self::Documents => "documents",
            Self::OpenItems => "open items",
            Self::Holders => "holders",
            Self::Decisions => "decisions",
            Self::Members => "members",
            Self::Search => "search",
            Self::Keys => "keys",
            Self::SetMembers => "set members",
        }
    }
}

/// One stored row in terms of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRow {
    /// Subject or owner key by which a person finds whom it concerns.
    pub key: String,
    /// Canonical bytes of the rest.
    pub bytes: Vec<u8>,
}

impl TableRow {
    /// A row of columns, each with its length before it.
    pub fn new(key: &str, columns: &[&[u8]]) -> Self {
        let mut bytes = Vec::with_capacity(columns.iter().map(|c| c.len() + 8).sum());
        for column in columns {
            bytes.extend_from_slice(&(column.len() as u64).to_be_bytes());
            bytes.extend_from_slice(column);
        }
        Self { key: key.to_owned(), bytes }
    }
}

/// Contract: `scan` gives each row once, as stored now, whatever it says of itself. Of `Keys` it gives the key of each row
/// of `Subjects` (marked `subject`) and `Owners` (marked `owner`) that is found by its key, and all that leads nowhere; of
/// `SetMembers` the members, each with its set, of the sets that have a bundle, and all that belongs to no set.
#[async_trait]
pub trait VerifyStore: Send + Sync {
    /// Calls `each` with every row of a table.
    async fn scan(&self, table: Table, each: &mut (dyn for<'a> FnMut(TableRow) + Send)) -> Result<(), StoreError>;

    /// Positions, digest and ids digest that live has kept.
    async fn kept(&self) -> Result<(Vec<u64>, DigestSum, DigestSum), StoreError>;
}
