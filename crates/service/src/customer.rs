//! A customer's rows, found by whatever it is called.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::{Subject, SubjectKind};
use onefold_identity::{AtomHolder, IdentifierKey, OwnerAtom, OwnerKey, attribute};
use onefold_store::CustomerRows;
use serde::Serialize;

use crate::reference::identifier;
use crate::{CustomerReference, ErrorCode, Service, ServiceError};

/// A customer by id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CustomerName {
    /// The id it bears now.
    pub id: String,
    /// Its name, as the view shows it; empty: unknown.
    pub name: String,
    /// Its parties.
    pub parties: Vec<String>,
}

impl Service {
    /// The rows of the one customer that is meant. A document means the customer that it belongs to.
    pub(crate) async fn customer(&self, reference: &CustomerReference) -> Result<CustomerRows, ServiceError> {
        let rows = match reference {
            CustomerReference::Id(id) => self.store.customer_by_id(*id).await?,
            CustomerReference::Identifier(key) => self.holder(key).await?,
            CustomerReference::Subject(subject) if subject.kind() == SubjectKind::Party => {
                self.store.customer(subject.as_str()).await?
            }
            CustomerReference::Subject(subject) => self.owner(subject).await?,
        };
        rows.ok_or_else(|| ServiceError::not_found(format!("nothing is known of {reference}")))
    }

    async fn holder(&self, key: &IdentifierKey) -> Result<Option<CustomerRows>, ServiceError> {
        let holding = self.store.holders(key).await?;
        match holding.parties.as_slice() {
            [] => Ok(None),
            [party] => Ok(self.store.customer(party).await?),
            several => {
                let customers = self.names(several).await?;
                let named: Vec<_> = customers.iter().take(5).map(|c| format!("{} ({})", c.id, c.name)).collect();
                let more =
                    if customers.len() > 5 { format!(" and {} more", customers.len() - 5) } else { String::new() };
                let message = format!("{key} is held by {} customers: {}{more}", customers.len(), named.join(", "));
                Err(ServiceError { code: ErrorCode::Ambiguous, message, customers })
            }
        }
    }

    /// The customer of a document: in trade, else of the debt.
    async fn owner(&self, document: &Subject) -> Result<Option<CustomerRows>, ServiceError> {
        let state = self.state(document).await?;
        let keys = state.keys();
        for key in [&keys.trade, &keys.receivable].into_iter().chain(&keys.parts) {
            if let Some(rows) = self.customer_of_key(key).await? {
                return Ok(Some(rows));
            }
        }
        Err(ServiceError::not_found(format!("no customer holds {document}: it is unattributed")))
    }

    /// The customer that holds all of an owner key (rule C1).
    pub(crate) async fn customer_of_key(&self, key: &str) -> Result<Option<CustomerRows>, ServiceError> {
        let Some(owner) = OwnerKey::parse(key) else { return Ok(None) };
        let mut customers: Vec<CustomerRows> = Vec::new();
        let mut held = BTreeMap::new();
        for atom in owner.leaves() {
            let party = match atom {
                OwnerAtom::Identifier(value) => {
                    let holding = self.store.holders(value).await?;
                    match holding.parties.as_slice() {
                        _ if self.rules.is_hub(value.kind(), holding.ever) => Err(AtomHolder::Hub),
                        [] => Err(AtomHolder::Nobody),
                        [party] => Ok(party.clone()),
                        _ => Err(AtomHolder::Several),
                    }
                }
                party => Ok(party.to_string()),
            };
            let holder = match party {
                Ok(party) => self.place(&party, &mut customers).await?,
                Err(held) => held,
            };
            held.insert(atom, holder);
        }
        let place = attribute(&owner, &|atom| held.get(atom).copied().unwrap_or(AtomHolder::Nobody));
        Ok(place.filter(|place| *place < customers.len()).map(|place| customers.swap_remove(place)))
    }

    /// The place among customers of the one that holds a party.
    async fn place(&self, party: &str, among: &mut Vec<CustomerRows>) -> Result<AtomHolder<usize>, ServiceError> {
        if let Some(place) = among.iter().position(|rows| rows.parties.contains_key(party)) {
            return Ok(AtomHolder::Customer(place));
        }
        let Some(rows) = self.store.customer(party).await? else { return Ok(AtomHolder::Nobody) };
        among.push(rows);
        Ok(AtomHolder::Customer(among.len() - 1))
    }

    /// The row of a subject of which anything is known: an event about it, or that it ordered as a guest.
    pub(crate) async fn state(&self, subject: &Subject) -> Result<onefold_fold::SubjectState, ServiceError> {
        let found = self.store.subjects(&[subject.to_string()]).await?.into_iter().next().flatten();
        found
            .filter(|state| state.is_known() || state.fragment.is_some())
            .ok_or_else(|| ServiceError::not_found(format!("nothing is known of {subject}")))
    }

    /// The customers that hold an identifier: none, one, or those between whom it does not decide.
    ///
    /// # Errors
    /// The text is no identifier, or the read model cannot be read.
    pub async fn holders(&self, text: &str) -> Result<Vec<CustomerName>, ServiceError> {
        let holding = self.store.holders(&identifier(text)?).await?;
        self.names(&holding.parties).await
    }

    /// Names of the customers of these parties, each customer once.
    pub(crate) async fn names(&self, parties: &[String]) -> Result<Vec<CustomerName>, ServiceError> {
        let (mut names, mut seen) = (Vec::new(), BTreeSet::new());
        for party in parties {
            if seen.contains(party) {
                continue;
            }
            let Some(rows) = self.store.customer(party).await? else { continue };
            seen.extend(rows.parties.keys().cloned());
            names.push(self.name(&rows));
        }
        Ok(names)
    }
}
