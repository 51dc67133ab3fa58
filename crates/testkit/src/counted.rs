//! What a projector or a resolver costs, in rows.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use async_trait::async_trait;
use onefold_fold::{FactState, SubjectState};
use onefold_identity::IdentifierKey;
use onefold_store::{
    ClusterChange, ClusterRow, FactsOf, IdentifierHolders, OwnerRow, PartyRow, ProjectStore, ProjectTx, ResolveStore,
    ResolveTx, RowChanges, StoreError,
};
use prost::Message;

/// Rows that went through a store, and the bytes of the subjects' rows among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rows {
    /// Rows read.
    pub read: u64,
    /// Rows written or deleted.
    pub written: u64,
    /// Bytes of the subjects' rows that were written.
    pub bytes: u64,
}

#[derive(Debug, Default)]
struct Counts {
    read: AtomicU64,
    written: AtomicU64,
    bytes: AtomicU64,
}

/// A store before which rows are counted, for the stage whose port `S` is.
pub struct CountedStore<S: ?Sized> {
    store: Arc<S>,
    counts: Arc<Counts>,
}

impl<S: ?Sized> Clone for CountedStore<S> {
    fn clone(&self) -> Self {
        Self { store: Arc::clone(&self.store), counts: Arc::clone(&self.counts) }
    }
}

impl<S: ?Sized> CountedStore<S> {
    /// Counts what goes through to a store.
    pub fn new(store: Arc<S>) -> Self {
        Self { store, counts: Arc::default() }
    }

    /// Rows since the last time that this was asked.
    pub fn take(&self) -> Rows {
        let Counts { read, written, bytes } = &*self.counts;
        Rows { read: read.swap(0, Relaxed), written: written.swap(0, Relaxed), bytes: bytes.swap(0, Relaxed) }
    }
}

#[async_trait]
impl ProjectStore for CountedStore<dyn ProjectStore> {
    async fn positions(&self) -> Result<Vec<u64>, StoreError> {
        self.store.positions().await
    }

    async fn begin(&self, moves: &[(u32, u64, u64)]) -> Result<Box<dyn ProjectTx>, StoreError> {
        Ok(Box::new(Counted { tx: self.store.begin(moves).await?, counts: Arc::clone(&self.counts) }))
    }
}

struct Counted {
    tx: Box<dyn ProjectTx>,
    counts: Arc<Counts>,
}

impl Counted {
    fn read(&self, rows: usize) {
        self.counts.read.fetch_add(rows as u64, Relaxed);
    }
}

#[async_trait]
impl ProjectTx for Counted {
    async fn subjects(&mut self, keys: &[String]) -> Result<Vec<Option<SubjectState>>, StoreError> {
        let rows = self.tx.subjects(keys).await?;
        self.read(rows.iter().flatten().count());
        Ok(rows)
    }

    async fn facts(&mut self, asked: &[FactsOf]) -> Result<Vec<Vec<FactState>>, StoreError> {
        let facts = self.tx.facts(asked).await?;
        self.read(facts.iter().map(Vec::len).sum());
        Ok(facts)
    }

    async fn owners(&mut self, keys: &[String]) -> Result<Vec<Option<OwnerRow>>, StoreError> {
        let rows = self.tx.owners(keys).await?;
        self.read(rows.iter().flatten().count());
        Ok(rows)
    }

    async fn documents(&mut self, owner: &str) -> Result<Vec<String>, StoreError> {
        let keys = self.tx.documents(owner).await?;
        self.read(keys.len());
        Ok(keys)
    }

    fn publishes(&self) -> bool {
        self.tx.publishes()
    }

    async fn save(&mut self, changes: RowChanges) -> Result<(), StoreError> {
        self.counts.written.fetch_add(changes.rows() as u64, Relaxed);
        let bytes = changes.subjects.iter().map(|(_, state)| state.encoded_len() as u64).sum();
        self.counts.bytes.fetch_add(bytes, Relaxed);
        self.tx.save(changes).await
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        self.tx.commit().await
    }
}

#[async_trait]
impl ResolveStore for CountedStore<dyn ResolveStore> {
    async fn begin(&self, max: usize) -> Result<Option<Box<dyn ResolveTx>>, StoreError> {
        let Some(tx) = self.store.begin(max).await? else { return Ok(None) };
        Ok(Some(Box::new(CountedResolve { tx, counts: Arc::clone(&self.counts) })))
    }
}

struct CountedResolve {
    tx: Box<dyn ResolveTx>,
    counts: Arc<Counts>,
}

impl CountedResolve {
    fn read(&self, rows: usize) {
        self.counts.read.fetch_add(rows as u64, Relaxed);
    }
}

#[async_trait]
impl ResolveTx for CountedResolve {
    fn claimed(&self) -> &[String] {
        self.tx.claimed()
    }

    async fn parties(&mut self, keys: &[String]) -> Result<Vec<PartyRow>, StoreError> {
        let rows = self.tx.parties(keys).await?;
        self.read(rows.len());
        Ok(rows)
    }

    async fn holders(&mut self, values: &[IdentifierKey], limit: usize) -> Result<Vec<IdentifierHolders>, StoreError> {
        let holders = self.tx.holders(values, limit).await?;
        self.read(holders.iter().map(|holders| holders.present.len()).sum());
        Ok(holders)
    }

    async fn clusters(&mut self, parties: &[String]) -> Result<Vec<ClusterRow>, StoreError> {
        let clusters = self.tx.clusters(parties).await?;
        self.read(clusters.iter().map(|cluster| cluster.parties.len()).sum());
        Ok(clusters)
    }

    async fn decisions(&mut self, keys: &[String]) -> Result<Vec<Option<SubjectState>>, StoreError> {
        let rows = self.tx.decisions(keys).await?;
        self.read(rows.iter().flatten().count());
        Ok(rows)
    }

    async fn save(&mut self, change: ClusterChange) -> Result<(), StoreError> {
        let formed: usize = change.formed.iter().map(|cluster| cluster.parties.len()).sum();
        let rows = change.dissolved.len() + formed + change.marks.len() + change.notes.len();
        self.counts.written.fetch_add(rows as u64, Relaxed);
        self.tx.save(change).await
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        self.tx.commit().await
    }
}
