//! Rows by key, all of one committed state.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use onefold_fold::SubjectState;
use onefold_identity::IdentifierKey;
use onefold_view::{Bundle, OpenItem};
use uuid::Uuid;

use crate::{DocumentPlace, DocumentRow, DocumentTotals, ListingOrder, StoreCounts, StoreError};

/// A customer's own rows: its parties, each with its bundle.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CustomerParties {
    /// Key of the party whose id the customer bears.
    pub head: String,
    /// All of its parties, by key.
    pub parties: BTreeMap<String, PartyBundle>,
}

/// A party that some accepted event named.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PartyBundle {
    /// Its least effective `recorded_at`, in microseconds.
    pub first_seen: i64,
    /// What stands under the party's own key.
    pub bundle: Bundle,
}

/// Who holds an identifier: the value, and how far it is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HolderQuery {
    /// The value.
    pub identifier: IdentifierKey,
    /// Up to how many parties that ever asserted it are counted.
    pub ever: u64,
    /// How many parties that hold it now are named.
    pub present: u64,
}

/// The parties of an identifier.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HolderRows {
    /// Parties that ever asserted it, up to what was asked for.
    pub ever: u64,
    /// Keys of parties that hold it now, up to what was asked for.
    pub present: Vec<String>,
}

/// A decision that names a party.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedDecision {
    /// Key of the party.
    pub party: String,
    /// Key of the decision.
    pub decision: String,
    /// The decision's row.
    pub state: SubjectState,
}

/// Some owner keys that are no party's own and under which something stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OwnerPage {
    /// Each key with what stands under it.
    pub owners: Vec<(String, DocumentTotals)>,
    /// Where the next page begins, in words of the store's own; none: this was the last.
    pub next: Option<String>,
}

/// Contract: all calls answer from the one state that was committed at the first of them, whatever is written meanwhile. A row that was
/// damaged is [`StoreError::Corrupt`], never an absent one. Which of the rows are a customer's is not for the store to say.
#[async_trait]
pub trait ReadTx: PartyRows + OwnerRows {
    /// Rows of subjects, in the order asked.
    async fn subjects(&mut self, keys: &[String]) -> Result<Vec<Option<SubjectState>>, StoreError>;

    /// Counts and sums over everything; a customer is counted as full from so many parties on.
    async fn counts(&mut self, full_from: u64) -> Result<StoreCounts, StoreError>;
}

/// Who there is, and who is one customer. Contract: as for [`ReadTx`].
#[async_trait]
pub trait PartyRows: Send {
    /// The party with this id, where some event named it.
    async fn party_by_id(&mut self, id: Uuid) -> Result<Option<String>, StoreError>;

    /// The customers that hold these parties, each once. A party that shares its customer with none is one alone; one that no
    /// event named is left out.
    async fn customers(&mut self, parties: &[String]) -> Result<Vec<CustomerParties>, StoreError>;

    /// The head of the customer of each party, in the order asked; of a party alone, or that no event named, itself.
    async fn heads(&mut self, parties: &[String]) -> Result<Vec<String>, StoreError>;

    /// Holders of identifiers, in the order asked.
    async fn holders(&mut self, asked: &[HolderQuery]) -> Result<Vec<HolderRows>, StoreError>;

    /// Of the parties that ever asserted each identifier, how many are `among` these, or are named by a [`Note`](crate::Note)
    /// that waits.
    async fn unpublished_holders(
        &mut self,
        identifiers: &[IdentifierKey],
        among: &[String],
    ) -> Result<Vec<u64>, StoreError>;

    /// When each party was first seen, in the order asked: in microseconds, least effective `recorded_at` of any event about or
    /// naming it. None where no event named it.
    async fn first_seen(&mut self, parties: &[String]) -> Result<Vec<Option<i64>>, StoreError>;

    /// Decisions that name any of these parties, once for each that they name.
    async fn decisions(&mut self, parties: &[String]) -> Result<Vec<NamedDecision>, StoreError>;
}

/// What stands under owner keys. Contract: as for [`ReadTx`].
#[async_trait]
pub trait OwnerRows: Send {
    /// Owner keys of several members of which any is among these.
    async fn sets_with(&mut self, members: &[String]) -> Result<BTreeSet<String>, StoreError>;

    /// What stands under owner keys, in the order asked; empty where nothing does.
    async fn bundles(&mut self, owners: &[String]) -> Result<Vec<Bundle>, StoreError>;

    /// Open items of owner keys, in the order asked: of each the first by due day, at most `limit`.
    async fn open_items(&mut self, owners: &[String], limit: usize) -> Result<Vec<Vec<OpenItem>>, StoreError>;

    /// Documents of owner keys, from after a place. One that stands under several of the owners comes once for each, one after
    /// the other.
    async fn documents(
        &mut self,
        owners: &[String],
        listing: ListingOrder,
        after: Option<&DocumentPlace>,
        limit: usize,
    ) -> Result<Vec<DocumentRow>, StoreError>;

    /// Subjects that named each key, a party's, a document's, a decision's or an identifier's owner key, at some time, where no other
    /// index says so ([`SubjectState::former_keys`]); in the order asked, of each at most `limit`, the least by key or by number.
    async fn former_subjects(&mut self, keys: &[String], limit: usize) -> Result<Vec<Vec<String>>, StoreError>;

    /// A page of the owner keys that are no party's own and under which something stands, from where a page ended.
    async fn owner_page(&mut self, from: Option<&str>, limit: usize) -> Result<OwnerPage, StoreError>;
}
