//! What may be read, and what is counted over everything.

use async_trait::async_trait;
use onefold_fold::SubjectState;
use onefold_view::{Bundle, DigestSum, DocumentNumber, MoneyTotals};

use crate::{HistoryStore, ReadTx, StoreError};

/// A customer found by words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundCustomer {
    /// Its parties.
    pub parties: Vec<String>,
    /// What it was found by.
    pub text: String,
}

/// Documents and money, added up over bundles.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DocumentTotals {
    /// Documents, each counted once.
    pub documents: i64,
    /// Their money.
    pub money: MoneyTotals,
}

impl DocumentTotals {
    /// Those of a bundle's bytes.
    ///
    /// # Errors
    /// They are no bundle's.
    pub fn of(bytes: &[u8]) -> Result<Self, prost::DecodeError> {
        let (documents, money) = Bundle::decode_sums(bytes)?;
        Ok(Self { documents, money })
    }

    /// Adds others.
    pub fn add(&mut self, other: &Self) {
        self.documents += other.documents;
        self.money.add(&other.money);
    }

    /// Takes away others that are among them.
    pub fn subtract(&mut self, other: &Self) {
        self.documents -= other.documents;
        self.money.subtract(&other.money);
    }
}

/// What is counted over everything, all at one position.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StoreCounts {
    /// Next offset to project, per partition.
    pub positions: Vec<u64>,
    /// Subjects with at least one event.
    pub subjects: u64,
    /// Parties recorded or named.
    pub parties: u64,
    /// Customers.
    pub customers: u64,
    /// Those of them that have as many parties as was asked, or more.
    pub full_customers: u64,
    /// Copies of events that contradict an earlier one.
    pub conflicts: u64,
    /// Inbox rows and marks that wait.
    pub waiting: u64,
    /// Of all bundles.
    pub totals: DocumentTotals,
    /// Digest of bundles and clusters.
    pub digest: DigestSum,
    /// Digest of ids.
    pub ids_digest: DigestSum,
}

/// Contract: reads never wait for writers, and each call answers from one committed state.
#[async_trait]
pub trait ReadStore: HistoryStore {
    /// Begins to read at the state that is committed when it is first asked.
    async fn begin_read(&self) -> Result<Box<dyn ReadTx>, StoreError>;

    /// Rows of subjects, in the order asked.
    async fn subjects(&self, keys: &[String]) -> Result<Vec<Option<SubjectState>>, StoreError>;

    /// Documents whose number may be this one, at most `limit` and in an order of the store's own, each once: those that stand at its
    /// [place](DocumentNumber::place) and can have it, by their subject or by the number that stands on them.
    async fn numbered(&self, number: &DocumentNumber, limit: usize) -> Result<Vec<String>, StoreError>;

    /// Customers found by words, at most `limit`.
    async fn find(&self, text: &str, limit: usize) -> Result<Vec<FoundCustomer>, StoreError>;
}
