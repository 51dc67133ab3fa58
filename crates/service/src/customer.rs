//! A customer's rows, found by whatever it is called.

use std::collections::BTreeMap;

use onefold_customer::CustomerRows;
use onefold_event::{Subject, SubjectKind};
use onefold_identity::IdentifierKey;
use onefold_view::{Bundle, CustomerView};
use serde::Serialize;

use crate::reference::identifier;
use crate::{CustomerReference, ErrorCode, Service, ServiceError};

/// Documents up to which the preferred products are counted from the documents themselves.
const TALLIED_DOCUMENTS: i64 = 1_000;

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
            CustomerReference::Id(id) => self.customers().customer_by_id(*id).await?,
            CustomerReference::Identifier(key) => self.holder(key).await?,
            CustomerReference::Subject(subject) if subject.kind() == SubjectKind::Party => {
                self.customers().customer(subject.as_str()).await?
            }
            CustomerReference::Subject(subject) => self.owner(subject).await?,
        };
        rows.ok_or_else(|| ServiceError::not_found(format!("nothing is known of {reference}")))
    }

    async fn holder(&self, key: &IdentifierKey) -> Result<Option<CustomerRows>, ServiceError> {
        let holding = self.customers().holding(key).await?;
        match holding.parties.as_slice() {
            [] => Ok(None),
            [party] => Ok(self.customers().customer(party).await?),
            several => {
                let customers = self.names(several).await?;
                Err(held_by_several(&format!("{key} is held"), customers))
            }
        }
    }

    /// The customer of a document: in trade, else of the debt.
    async fn owner(&self, document: &Subject) -> Result<Option<CustomerRows>, ServiceError> {
        let state = self.state(document).await?;
        let keys = state.owner_keys();
        for key in keys.all() {
            if let Some(rows) = self.customers().customer_of_key(key).await? {
                return Ok(Some(rows));
            }
        }
        Err(ServiceError::not_found(format!("no customer holds {document}: it is unattributed")))
    }

    /// The row of a subject of which anything is known: an event about it, or that it ordered as a guest.
    pub(crate) async fn state(&self, subject: &Subject) -> Result<onefold_fold::SubjectState, ServiceError> {
        let found = self.store.subjects(&[subject.to_string()]).await?.into_iter().next().flatten();
        let named_by = |state: &onefold_fold::SubjectState| state.inbound.keys().next().cloned();
        let named_by =
            found.as_ref().and_then(named_by).map(|by| format!(" but that {by} names it")).unwrap_or_default();
        found
            .filter(|state| state.is_known() || state.fragment.is_some())
            .ok_or_else(|| ServiceError::not_found(format!("nothing is known of {subject}{named_by}")))
    }

    /// The customers that hold an identifier: none, one, or those between whom it does not decide.
    ///
    /// # Errors
    /// The text is no identifier, or the read model cannot be read.
    pub async fn holders(&self, text: &str) -> Result<Vec<CustomerName>, ServiceError> {
        let holding = self.customers().holding(&identifier(text)?).await?;
        self.names(&holding.parties).await
    }

    /// Id and name of the customer that is meant; a document means the customer that it belongs to.
    ///
    /// # Errors
    /// Nothing is known of the reference, several hold it, or the read model cannot be read.
    pub async fn customer_name(&self, reference: &CustomerReference) -> Result<CustomerName, ServiceError> {
        Ok(self.name(&self.customer(reference).await?))
    }

    /// Id and name of a customer.
    pub(crate) fn name(&self, rows: &CustomerRows) -> CustomerName {
        let view = rows.view(&self.rules, None, None);
        CustomerName { id: view.id.clone(), name: name_of(&view), parties: view.parties }
    }

    /// Names of the customers of these parties, each customer once.
    pub(crate) async fn names(&self, parties: &[String]) -> Result<Vec<CustomerName>, ServiceError> {
        Ok(self.customers().profiles(parties).await?.iter().map(|rows| self.name(rows)).collect())
    }
}

/// An identifier decides nothing between the customers that hold it, or held it; the first five are named.
pub(crate) fn held_by_several(what: &str, customers: Vec<CustomerName>) -> ServiceError {
    let named: Vec<_> = customers.iter().take(5).map(|c| format!("{} ({})", c.id, c.name)).collect();
    let more = if customers.len() > 5 { format!(" and {} more", customers.len() - 5) } else { String::new() };
    let message = format!("{what} by {} customers: {}{more}", customers.len(), named.join(", "));
    ServiceError { code: ErrorCode::Ambiguous, message, customers }
}

/// Whether a customer's preferred products are counted from its documents: where its bundles hold too few of them, and the documents
/// are not too many.
pub(crate) fn needs_tallies(bundles: &BTreeMap<String, Bundle>) -> bool {
    let documents: i64 = bundles.values().map(Bundle::document_count).sum();
    documents <= TALLIED_DOCUMENTS && bundles.values().any(Bundle::has_many_lines)
}

/// The name that a view shows.
pub(crate) fn name_of(view: &CustomerView) -> String {
    view.profile.get("name").map(|value| value.value.clone()).unwrap_or_default()
}
