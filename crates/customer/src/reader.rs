//! What may be asked of customers.

use std::collections::{BTreeSet, HashMap};
use std::slice;

use onefold_identity::{IdentifierKey, IdentityRules};
use onefold_store::{CustomerParties, DocumentPlace, DocumentRow, HolderQuery, ListingOrder, ReadStore, StoreError};
use uuid::Uuid;

use crate::attribution::ownerships;
use crate::composition::customers;
use crate::neighbours::neighbours;
use crate::status::{each_unattributed, status};
use crate::{CustomerRows, IdentifierHolding, StatusRows};

/// Holders of a value that are told of.
const MOST_TOLD: u64 = 100;

/// Customers of a read model, under the rules of identity that it was made under. Each call answers from one committed state.
#[derive(Clone, Copy)]
pub struct CustomerReader<'a> {
    store: &'a dyn ReadStore,
    rules: &'a IdentityRules,
}

impl<'a> CustomerReader<'a> {
    /// Of a read model that was made under these rules.
    pub fn new(store: &'a dyn ReadStore, rules: &'a IdentityRules) -> Self {
        Self { store, rules }
    }

    /// The customer that holds a party now; none where the party was never named.
    ///
    /// # Errors
    /// The read model cannot be read, or is damaged; so for all that follow.
    pub async fn customer(self, party: &str) -> Result<Option<CustomerRows>, StoreError> {
        let mut tx = self.store.begin_read().await?;
        let found = customers(&mut *tx, &[party.to_owned()], self.rules).await?;
        Ok(found.into_iter().next())
    }

    /// The customer that holds the party with this id now; none where it was never named.
    ///
    /// # Errors
    /// As for [`customer`](Self::customer).
    pub async fn customer_by_id(self, id: Uuid) -> Result<Option<CustomerRows>, StoreError> {
        let mut tx = self.store.begin_read().await?;
        let Some(party) = tx.party_by_id(id).await? else { return Ok(None) };
        let found = customers(&mut *tx, &[party], self.rules).await?;
        Ok(found.into_iter().next())
    }

    /// The customer that holds all of an owner key (rule C1); none where nobody does, or several do.
    ///
    /// # Errors
    /// As for [`customer`](Self::customer).
    pub async fn customer_of_key(self, owner: &str) -> Result<Option<CustomerRows>, StoreError> {
        let mut tx = self.store.begin_read().await?;
        let owner = owner.to_owned();
        let ownership = ownerships(&mut *tx, [&owner], self.rules).await?.remove(&owner);
        let Some(head) = ownership.filter(|held| held.whole && held.customers.len() == 1) else { return Ok(None) };
        let found = customers(&mut *tx, &head.customers, self.rules).await?;
        Ok(found.into_iter().next())
    }

    /// The customers that hold these owner keys now, each once; and around the parties among `around`, whoever holds one of
    /// their identifiers, or a share in a document with one: of an identifier that linked nobody before either, nobody.
    ///
    /// # Errors
    /// As for [`customer`](Self::customer).
    pub async fn customers_of(self, owners: &[String], around: &[String]) -> Result<Vec<CustomerRows>, StoreError> {
        let mut tx = self.store.begin_read().await?;
        let held = ownerships(&mut *tx, owners.iter().chain(around), self.rules).await?;
        let mut parties: BTreeSet<String> = held.into_values().flat_map(|held| held.customers).collect();
        parties.extend(neighbours(&mut *tx, around, self.rules).await?);
        customers(&mut *tx, &parties.into_iter().collect::<Vec<_>>(), self.rules).await
    }

    /// The customers of these parties, each once, in the order in which their parties are asked for, with nothing but their
    /// parties' own bundles: as much as says what a customer is called and by what it is found.
    ///
    /// # Errors
    /// As for [`customer`](Self::customer).
    pub async fn profiles(self, parties: &[String]) -> Result<Vec<CustomerRows>, StoreError> {
        let mut found = self.store.begin_read().await?.customers(parties).await?;
        let places: HashMap<&String, usize> = parties.iter().rev().zip((0..parties.len()).rev()).collect();
        let asked =
            |customer: &CustomerParties| customer.parties.keys().filter_map(|party| places.get(party)).min().copied();
        found.sort_by_key(asked);
        Ok(found.into_iter().map(CustomerRows::of_parties).collect())
    }

    /// Who holds an identifier.
    ///
    /// # Errors
    /// As for [`customer`](Self::customer).
    pub async fn holding(self, identifier: &IdentifierKey) -> Result<IdentifierHolding, StoreError> {
        let mut tx = self.store.begin_read().await?;
        let asked = HolderQuery { identifier: identifier.clone(), ever: u64::MAX, present: MOST_TOLD };
        let rows = tx.holders(slice::from_ref(&asked)).await?.into_iter().next().unwrap_or_default();
        let parties: BTreeSet<String> = tx.heads(&rows.present).await?.into_iter().collect();
        Ok(IdentifierHolding { parties: parties.into_iter().collect(), ever: rows.ever })
    }

    /// Documents of owner keys, from after a place. One that stands under several of the owners comes once for each, one after
    /// the other.
    ///
    /// # Errors
    /// As for [`customer`](Self::customer).
    pub async fn documents(
        self,
        owners: &[String],
        listing: ListingOrder,
        after: Option<&DocumentPlace>,
        limit: usize,
    ) -> Result<Vec<DocumentRow>, StoreError> {
        self.store.begin_read().await?.documents(owners, listing, after, limit).await
    }

    /// The same of what no customer holds, or of which a part is nobody's.
    ///
    /// # Errors
    /// As for [`customer`](Self::customer).
    pub async fn unattributed_documents(
        self,
        listing: ListingOrder,
        after: Option<&DocumentPlace>,
        limit: usize,
    ) -> Result<Vec<DocumentRow>, StoreError> {
        let mut tx = self.store.begin_read().await?;
        let mut owners = Vec::new();
        each_unattributed(&mut *tx, self.rules, |key, _| owners.push(key)).await?;
        tx.documents(&owners, listing, after, limit).await
    }

    /// Counts and sums over everything.
    ///
    /// # Errors
    /// As for [`customer`](Self::customer).
    pub async fn status(self) -> Result<StatusRows, StoreError> {
        let mut tx = self.store.begin_read().await?;
        status(&mut *tx, self.rules).await
    }
}
