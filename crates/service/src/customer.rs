//! A customer's rows, found by whatever it is called.

use std::collections::BTreeSet;

use onefold_event::{Kind, Subject};
use onefold_identity::{Atom, IdentifierKey, Owner};
use onefold_store::CustomerRows;
use serde::Serialize;

use crate::reference::identifier;
use crate::{Code, Reference, Service, ServiceError};

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
    pub(crate) async fn customer(&self, reference: &Reference) -> Result<CustomerRows, ServiceError> {
        let rows = match reference {
            Reference::Id(id) => self.store.customer_by_id(*id).await?,
            Reference::Identifier(key) => self.holder(key).await?,
            Reference::Subject(subject) if subject.kind() == Kind::Party => {
                self.store.customer(subject.as_str()).await?
            }
            Reference::Subject(subject) => self.owner(subject).await?,
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
                Err(ServiceError { code: Code::Ambiguous, message, customers })
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
        let Some(owner) = Owner::parse(key) else { return Ok(None) };
        let mut found: Option<CustomerRows> = None;
        for atom in owner.atoms() {
            let party = match atom {
                Atom::Party(party) => party.to_string(),
                Atom::Identifier(value) => {
                    let holding = self.store.holders(value).await?;
                    if self.rules.is_hub(value.kind(), holding.ever) {
                        continue;
                    }
                    let [party] = holding.parties.as_slice() else { return Ok(None) };
                    party.clone()
                }
            };
            match &found {
                Some(rows) if rows.parties.contains_key(&party) => {}
                Some(_) => return Ok(None),
                None => found = self.store.customer(&party).await?,
            }
            if found.is_none() {
                return Ok(None);
            }
        }
        Ok(found)
    }

    /// The row of a subject of which anything is known: an event about it, or that it ordered as a guest.
    pub(crate) async fn state(&self, subject: &Subject) -> Result<onefold_store::SubjectState, ServiceError> {
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
