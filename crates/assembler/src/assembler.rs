//! The stage: marks in, search rows out.

use std::sync::Arc;

use async_trait::async_trait;
use onefold_stage::{Stage, StageError, StepProgress};
use onefold_store::{AssembleStore, SearchRow};
use serde::{Deserialize, Serialize};

/// Limits of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AssemblerOptions {
    /// Marks per batch at most.
    pub batch: usize,
}

impl Default for AssemblerOptions {
    fn default() -> Self {
        Self { batch: 1000 }
    }
}

/// Materialises what customers are found by.
pub struct Assembler {
    store: Arc<dyn AssembleStore>,
    options: AssemblerOptions,
}

impl Assembler {
    /// An assembler over a store.
    pub fn new(store: Arc<dyn AssembleStore>, options: AssemblerOptions) -> Self {
        Self { store, options }
    }
}

#[async_trait]
impl Stage for Assembler {
    fn name(&self) -> &str {
        "assembler"
    }

    async fn step(&mut self) -> Result<StepProgress, StageError> {
        let Some(mut tx) = self.store.begin(self.options.batch).await? else { return Ok(StepProgress::Idle) };
        let claimed = tx.claimed().to_vec();
        let rows = tx.customers(&claimed).await?.iter().map(SearchRow::of).collect();
        tx.save(rows).await?;
        tx.commit().await?;
        Ok(StepProgress::Worked(claimed.len() as u64))
    }
}
