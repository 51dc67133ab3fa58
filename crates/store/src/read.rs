//! What may be read of customers. Each call sees one committed state of the whole read model.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use onefold_event::{Subject, party_id};
use onefold_fold::SubjectState;
use onefold_identity::{IdentifierKey, IdentityRules, PartyDecision, head};
use onefold_view::{Bundle, CustomerView, DigestSum, MoneyTotals, OpenItem, PurchaseTallies, ViewInput, assemble};
use uuid::Uuid;

use crate::{DocumentPlace, DocumentRow, HistoryStore, ListingOrder, StoreError};

/// All rows that a customer's view is assembled from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CustomerRows {
    /// Its parties with their least effective `recorded_at`, by key.
    pub parties: BTreeMap<String, i64>,
    /// Bundles of the owner keys that it holds all of, by key.
    pub bundles: BTreeMap<String, Bundle>,
    /// Its open invoices, by due day; cut off at 1,000.
    pub open: Vec<OpenItem>,
    /// Those of its identifiers that link nobody, since too many hold them.
    pub hubs: BTreeSet<IdentifierKey>,
    /// Decisions that name its parties, and those that supersede them, by id.
    pub decisions: Vec<PartyDecision>,
}

impl CustomerRows {
    /// The party whose id the customer bears.
    pub fn head(&self) -> Option<Subject> {
        let parties: Vec<(Subject, i64)> =
            self.parties.iter().filter_map(|(key, seen)| Some((key.parse().ok()?, *seen))).collect();
        head(parties.iter().map(|(party, seen)| (party, *seen))).cloned()
    }

    /// The id that the customer bears.
    pub fn id(&self) -> Uuid {
        self.head().map_or(Uuid::nil(), |head| party_id(head.as_str()))
    }

    /// The view, under rules of identity, from a day (without one, what depends on it is left out), with tallies of all
    /// documents where the bundles hold too few.
    pub fn view(&self, rules: &IdentityRules, today: Option<i64>, tallies: Option<&PurchaseTallies>) -> CustomerView {
        let parties: Vec<Subject> = self.parties.keys().filter_map(|key| key.parse().ok()).collect();
        assemble(&ViewInput {
            id: &self.id().to_string(),
            parties: &parties,
            bundles: &self.bundles,
            hubs: &self.hubs,
            decisions: &self.decisions,
            rules,
            open_items: &self.open,
            today,
            tallies,
        })
    }
}

/// Who holds an identifier now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IdentifierHolding {
    /// One party of each customer that holds it.
    pub parties: Vec<String>,
    /// Parties that ever asserted it.
    pub ever: u64,
}

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
        let (documents, money) = Bundle::sums(bytes)?;
        Ok(Self { documents, money })
    }

    /// Adds others.
    pub fn add(&mut self, other: &Self) {
        self.documents += other.documents;
        self.money.add(&other.money);
    }
}

/// What `status` counts, all at one position.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StatusRows {
    /// Next offset to project, per partition.
    pub positions: Vec<u64>,
    /// Subjects with at least one event.
    pub subjects: u64,
    /// Parties recorded or named.
    pub parties: u64,
    /// Customers.
    pub customers: u64,
    /// Those of them that are full ([`IdentityRules::is_full`]).
    pub full_customers: u64,
    /// Copies of events that contradict an earlier one.
    pub conflicts: u64,
    /// Inbox rows and marks that wait.
    pub waiting: u64,
    /// Of bundles that some customer holds, or customers every part of.
    pub owned: DocumentTotals,
    /// Of bundles of which none holds all, or a part.
    pub unattributed: DocumentTotals,
    /// Digest of bundles and clusters.
    pub digest: DigestSum,
    /// Digest of ids.
    pub ids_digest: DigestSum,
}

/// Contract: reads never wait for writers, and each call answers from one committed state.
#[async_trait]
pub trait ReadStore: HistoryStore {
    /// The customer that holds a party now; none where the party was never named.
    async fn customer(&self, party: &str) -> Result<Option<CustomerRows>, StoreError>;

    /// The customer that holds the party with this id now; none where it was never named.
    async fn customer_by_id(&self, id: Uuid) -> Result<Option<CustomerRows>, StoreError>;

    /// Who holds an identifier.
    async fn holders(&self, identifier: &IdentifierKey) -> Result<IdentifierHolding, StoreError>;

    /// Rows of subjects, in the order asked.
    async fn subjects(&self, keys: &[String]) -> Result<Vec<Option<SubjectState>>, StoreError>;

    /// Documents of owner keys, from after a place; without owners: of what no customer holds. One that stands under several
    /// of the owners comes once for each, one after the other.
    async fn documents(
        &self,
        owners: &[String],
        listing: ListingOrder,
        after: Option<&DocumentPlace>,
        limit: usize,
    ) -> Result<Vec<DocumentRow>, StoreError>;

    /// Customers found by words, at most `limit`.
    async fn find(&self, text: &str, limit: usize) -> Result<Vec<FoundCustomer>, StoreError>;

    /// Counts and sums over everything.
    async fn status(&self) -> Result<StatusRows, StoreError>;
}
