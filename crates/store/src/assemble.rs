//! What the assembler needs: parties whose customer must be found under other words.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use onefold_view::Bundle;

use crate::StoreError;

/// A customer's parties, each with its own bundle.
pub type PartyBundles = BTreeMap<String, Bundle>;

/// What a customer is found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchRow {
    /// Its parties, sorted; the row replaces those of all of them.
    pub parties: Vec<String>,
    /// Words, names and identifiers, as the view shows them; empty: nothing to be found by.
    pub text: String,
}

impl SearchRow {
    /// Every name, identifier, city and number of a customer's parties: no other bundle of a customer has words.
    pub fn of(parties: &PartyBundles) -> Self {
        let words = parties.values().flat_map(Bundle::search_words).collect();
        Self::of_words(parties.keys().cloned().collect(), words)
    }

    /// Of parties, sorted, and the words of their bundles.
    pub fn of_words(parties: Vec<String>, mut words: BTreeSet<String>) -> Self {
        words.extend(parties.iter().filter_map(|key| key.splitn(3, ':').nth(2)).map(str::to_owned));
        Self { parties, text: words.into_iter().collect::<Vec<_>>().join("\n") }
    }
}

/// Contract: marks are claimed by deleting them within the transaction that materialises what they ask for (rule D4).
#[async_trait]
pub trait AssembleStore: Send + Sync {
    /// Begins a transaction over at most `max` marks; none where there are none.
    async fn begin(&self, max: usize) -> Result<Option<Box<dyn AssembleTx>>, StoreError>;
}

/// One transaction of the assembler.
#[async_trait]
pub trait AssembleTx: Send {
    /// Parties whose customers are to be materialised.
    fn claimed(&self) -> &[String];

    /// The customers of these parties, each once.
    async fn customers(&mut self, parties: &[String]) -> Result<Vec<PartyBundles>, StoreError>;

    /// Writes search rows.
    async fn save(&mut self, rows: Vec<SearchRow>) -> Result<(), StoreError>;

    /// Commits; the claimed marks are gone.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}
