//! What was said of subjects, beside what became of it.

use async_trait::async_trait;
use onefold_fold::FactState;

use crate::{FactsOf, StoreError};

/// Contract: as for [`ReadStore`](crate::ReadStore), whose part it is.
#[async_trait]
pub trait HistoryStore: Send + Sync {
    /// Copies of facts, in the order asked, each list ordered as in a subject's row; wherever they stand.
    async fn facts(&self, asked: &[FactsOf]) -> Result<Vec<Vec<FactState>>, StoreError>;

    /// Subjects about which a decision of a person stands (decisions, documents, parties), in an order of the store's own,
    /// from after the last one seen.
    async fn decided(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, StoreError>;
}
