//! What a verification reads: a print of every derived row as it is stored, in terms of keys instead of the engine's own
//! numbers.

use std::sync::Arc;

use async_trait::async_trait;
use onefold_view::{Bundle, DigestSum};
use sha2::{Digest as _, Sha256};

use crate::StoreError;

/// Stands for a key where it is the full-text index itself that is wrong.
pub const SEARCH_INDEX: &str = "the full-text index";

/// A derived table: its key, then its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StoredTable {
    /// Subject; state.
    Subjects,
    /// Owner key; bundle, its digest, first seen.
    Owners,
    /// Owner key; subject, when it happened.
    Documents,
    /// Owner key; invoice, due, item.
    OpenItems,
    /// Party; owner key of the identifier, whether it holds it now.
    Holders,
    /// Party; decision.
    Decisions,
    /// Party; first party of its customer.
    Members,
    /// Party; text.
    Search,
    /// The store's own index of keys.
    Keys,
    /// Owner key of one member; set. Of sets that have a bundle.
    SetMembers,
    /// Subject.
    Decided,
    /// Subject; row id, copy.
    Facts,
    /// Key of whom or what it once named; subject.
    Former,
    /// Subject; place of the number that stands on it, what stands before its last digits.
    Numbers,
}

impl StoredTable {
    /// All derived tables.
    pub const ALL: [Self; 14] = [
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
        Self::Decided,
        Self::Facts,
        Self::Former,
        Self::Numbers,
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
            Self::Decided => "decided",
            Self::Facts => "facts",
            Self::Former => "former owners",
            Self::Numbers => "numbers",
        }
    }
}

/// Stands for a key within a [`RowPrint`]: the first 8 bytes of its SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyPrint(pub u64);

impl KeyPrint {
    /// Of a subject or an owner key.
    pub fn of(key: &str) -> Self {
        let mut short = [0; 8];
        short.copy_from_slice(&Sha256::digest(key.as_bytes())[..8]);
        Self(u64::from_be_bytes(short))
    }

    /// As a column of a row.
    pub fn bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }
}

/// What a row is compared by: the first 16 bytes of a SHA-256 over its table, key and columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowPrint(pub u128);

impl RowPrint {
    /// Of a row in the columns that [`StoredTable`] names; a key among them stands as its print, a number as 8 bytes, what is
    /// absent as none.
    pub fn of(table: StoredTable, key: KeyPrint, columns: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        hash.update([table as u8]);
        hash.update(key.bytes());
        for column in columns {
            hash.update((column.len() as u64).to_be_bytes());
            hash.update(column);
        }
        let mut short = [0; 16];
        short.copy_from_slice(&hash.finalize()[..16]);
        Self(u128::from_be_bytes(short))
    }
}

/// Whether the digest that stands in an owner's row is not that of its key and bundle: no program wrote the row so.
pub fn is_torn(key: &str, bundle: &[u8], digest: &[u8]) -> bool {
    match bundle {
        [] => !digest.is_empty(),
        _ => Bundle::digest(key, bundle).0.as_slice() != digest,
    }
}

/// What live has kept beside its rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoredSums {
    /// Next offset per partition: all that is below has been projected.
    pub positions: Vec<u64>,
    /// Sum of the digests of bundles and clusters.
    pub digest: DigestSum,
    /// Sum of the digests of ids.
    pub ids_digest: DigestSum,
    /// Something waits for resolver or assembler: clusters and search rows are not those of the positions yet.
    pub waiting: bool,
}

/// Hears each row: its print, and how to have its key as text, which nobody asks for unless the row is wrong.
pub type EachRow = Arc<dyn Fn(RowPrint, &dyn Fn() -> String) + Send + Sync>;

/// Where a verification reads.
#[async_trait]
pub trait VerifyStore: Send + Sync {
    /// The whole read model as it is committed now; what is written later is not seen.
    async fn snapshot(&self) -> Result<Arc<dyn VerifySnapshot>, StoreError>;
}

/// Contract: `scan` gives each row once, as stored in the snapshot, whatever it says of itself, and of rows that several
/// transactions of a store could leave behind though they say nothing (a subject without state, an owner without anything)
/// none. Of `Keys`, the store's own, it gives only what is wrong: a row that its key does not lead to, and a key that
/// leads nowhere. Of `Search` it gives, beside or instead of the row, another one for each text that its own words would not
/// find, or that others would; and one under [`SEARCH_INDEX`] where the index of words cannot be read, or contradicts itself.
#[async_trait]
pub trait VerifySnapshot: Send + Sync {
    /// What live had kept.
    fn kept(&self) -> &StoredSums;

    /// Calls `each` with every row of a table.
    async fn scan(&self, table: StoredTable, each: EachRow) -> Result<(), StoreError>;

    /// How many owners' rows are not what they were stored as: those of which [`is_torn`] says so.
    async fn torn(&self) -> Result<u64, StoreError>;
}
