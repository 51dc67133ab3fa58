//! What the projector needs: the rows of a batch's subjects and owners, written with the position in one transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use onefold_event::Subject;
use onefold_fold::{FactState, SubjectState, asserted_identifiers};
use onefold_identity::{IdentifierKey, OwnerKey};
use onefold_view::{Bundle, Digest, DigestSum, OpenItem};

use crate::{DocumentRow, FactsOf, Note, NumberRow, QuarantineEntry, StoreError};

/// The row of an owner key.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OwnerRow {
    /// All contributions to it.
    pub bundle: Bundle,
    /// Least effective `recorded_at` of any event about or naming it; parties only.
    pub first_seen: Option<i64>,
    /// Digest of key and bundle, as kept with the row; none where the row is new.
    pub digest: Option<Digest>,
    /// Of a row that is saved, the bundle's bytes: the digest is of these.
    pub encoded: Vec<u8>,
}

/// The parties and identifiers by which the owner key of several is found, as they stand in rows; none for any other key.
pub fn set_members(owner: &str) -> Vec<String> {
    OwnerKey::key_members(owner)
}

/// What changed of a party, for the resolver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartyChange {
    /// Subject of the party.
    pub party: String,
    /// Valid identifiers that it ever asserted; true where it holds them now.
    pub asserted: BTreeMap<IdentifierKey, bool>,
    /// Those that a copy asserted which no longer stands, so that it never did. Whoever else holds one of these MUST be
    /// put into the inbox: it may have been a hub value and be one no longer.
    pub gone: BTreeSet<IdentifierKey>,
}

impl PartyChange {
    /// Of a party that was named for the first time: it holds its own number from then on (rule B3).
    pub fn named(party: &str) -> Option<Self> {
        let subject = party.parse::<Subject>().ok()?;
        Some(Self { party: party.to_owned(), asserted: asserted_identifiers(&subject, None), gone: BTreeSet::new() })
    }
}

/// What a batch, or a portion of it, changes. Rows are shared with whoever changes them again meanwhile.
#[derive(Debug, Default)]
pub struct RowChanges {
    /// Subjects' rows, by key.
    pub subjects: Vec<(String, Arc<SubjectState>)>,
    /// Further rows of long histories: facts by their subject's key, new and changed ones.
    pub facts: Vec<(String, FactState)>,
    /// Owners' rows, by key.
    pub owners: Vec<(String, Arc<OwnerRow>)>,
    /// Documents' rows that begin.
    pub documents_added: Vec<DocumentRow>,
    /// Documents' rows that end; of one that moves to another time, under the old one.
    pub documents_removed: Vec<DocumentRow>,
    /// Open items that begin.
    pub open_added: Vec<OpenItem>,
    /// Open items that end.
    pub open_removed: Vec<OpenItem>,
    /// Parties whose assertions changed.
    pub parties: Vec<PartyChange>,
    /// (decision, party) pairs that begin: who is named by which decision.
    pub decisions_added: Vec<(String, String)>,
    /// (decision, party) pairs that end.
    pub decisions_removed: Vec<(String, String)>,
    /// (key, subject) pairs that begin in the index of former owners: [`SubjectState::former_keys`].
    pub former_added: Vec<(String, String)>,
    /// (key, subject) pairs that end there.
    pub former_removed: Vec<(String, String)>,
    /// Numbers beside those of their subjects that begin.
    pub numbers_added: Vec<NumberRow>,
    /// Those that end.
    pub numbers_removed: Vec<NumberRow>,
    /// Subjects about which a decision of a person stands from now on.
    pub decided: Vec<String>,
    /// Subjects about which none stands any longer.
    pub undecided: Vec<String>,
    /// Parties that the resolver must look at.
    pub inbox: BTreeSet<String>,
    /// Owner keys whose customer must be materialised again though no event of the batch names them.
    pub marks: BTreeSet<String>,
    /// What no event of the batch names, for the publisher.
    pub notes: Vec<Note>,
    /// Records that are no events, or none any more. One whose key is in quarantine already, decided or not, SHALL leave that entry
    /// as it is: a record is met again where views are made again.
    pub refused: Vec<QuarantineEntry>,
    /// New and changed bundles less the old ones.
    pub bundles_digest: DigestSum,
    /// Clusters of parties that were first named.
    pub clusters_digest: DigestSum,
    /// Ids of the same.
    pub ids_digest: DigestSum,
}

impl RowChanges {
    /// Notes what changes for reads of the past, and of the number that stands on it, where a subject's state becomes another.
    pub fn note_index_changes(&mut self, subject: &Subject, old: Option<&SubjectState>, new: &SubjectState) {
        let before = old.map(|old| old.former_keys(subject)).unwrap_or_default();
        let after = new.former_keys(subject);
        let pair = |key: &String| (key.clone(), subject.to_string());
        self.former_removed.extend(before.difference(&after).map(pair));
        self.former_added.extend(after.difference(&before).map(pair));
        let (before, after) = (old.and_then(|old| NumberRow::of(subject, old)), NumberRow::of(subject, new));
        if before != after {
            self.numbers_removed.extend(before);
            self.numbers_added.extend(after);
        }
    }

    /// Rows that are written or deleted for it, one per subject, owner, pair, open item and identifier.
    pub fn rows(&self) -> usize {
        let pairs = [&self.decisions_added, &self.decisions_removed, &self.former_added, &self.former_removed];
        let identifiers = self.parties.iter().map(|party| party.asserted.len() + party.gone.len());
        self.subjects.len()
            + self.facts.len()
            + self.owners.len()
            + self.documents_added.len()
            + self.documents_removed.len()
            + pairs.into_iter().map(Vec::len).sum::<usize>()
            + self.numbers_added.len()
            + self.numbers_removed.len()
            + self.open_added.len()
            + self.open_removed.len()
            + identifiers.sum::<usize>()
            + self.decided.len()
            + self.undecided.len()
            + self.inbox.len()
            + self.marks.len()
            + self.notes.len()
            + self.refused.len()
    }
}

/// Contract: a transaction begins by moving each position from the value given (rule D1); where another has moved it,
/// `begin` MUST fail with [`StoreError::Fenced`] and write nothing. What is saved becomes visible with `commit`, all of
/// it with the new positions or none; a transaction dropped without `commit` SHALL leave no trace.
#[async_trait]
pub trait ProjectStore: Send + Sync {
    /// Next offset to project, per partition.
    async fn positions(&self) -> Result<Vec<u64>, StoreError>;

    /// Begins a transaction that moves positions: (partition, from, to).
    async fn begin(&self, moves: &[(u32, u64, u64)]) -> Result<Box<dyn ProjectTx>, StoreError>;
}

/// One transaction of the projector.
#[async_trait]
pub trait ProjectTx: Send {
    /// Rows of subjects, in the order asked; none where the key is unknown. A long history's has no facts.
    async fn subjects(&mut self, keys: &[String]) -> Result<Vec<Option<SubjectState>>, StoreError>;

    /// Further rows of long histories, in the order asked; nothing of any other.
    async fn facts(&mut self, asked: &[FactsOf]) -> Result<Vec<Vec<FactState>>, StoreError>;

    /// Rows of owners, in the order asked; none where the key is unknown.
    async fn owners(&mut self, keys: &[String]) -> Result<Vec<Option<OwnerRow>>, StoreError>;

    /// Subjects of an owner's documents, all of them.
    async fn documents(&mut self, owner: &str) -> Result<Vec<String>, StoreError>;

    /// Whether publishing is switched on: else notes are not kept.
    fn publishes(&self) -> bool;

    /// Writes what changed. It MAY be called several times: what comes later is based on what came before, and what is read
    /// from here on MUST show it.
    async fn save(&mut self, changes: RowChanges) -> Result<(), StoreError>;

    /// Commits, positions included.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}
