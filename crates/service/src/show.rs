//! The view of a customer, or whose a document is.

use std::collections::BTreeMap;

use onefold_customer::CustomerRows;
use onefold_event::Subject;
use onefold_fold::SubjectState;
use onefold_view::{Bundle, CustomerView, PurchaseTallies};
use serde::Serialize;

use crate::documents::{self, Document};
use crate::{CustomerName, CustomerReference, Service, ServiceError};

/// Documents up to which the preferred products are counted from the documents themselves.
const TALLIED_DOCUMENTS: i64 = 1_000;

/// What a reference shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Shown {
    /// A customer.
    Customer(Box<CustomerView>),
    /// A document.
    Document(Box<DocumentOwners>),
}

/// A document and whose it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DocumentOwners {
    /// As it stands on a timeline.
    #[serde(flatten)]
    pub document: Document,
    /// Who bought.
    pub trade: DocumentOwner,
    /// Who owes.
    pub receivable: DocumentOwner,
    /// Owners of its parts: a payment's allocations, a delivery's lines by order.
    pub parts: Vec<DocumentOwner>,
}

/// An owner and the customer that holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DocumentOwner {
    /// Party, identifier or set; begins with `none` where there is none.
    pub key: String,
    /// The customer; none: unattributed.
    pub customer: Option<CustomerName>,
}

impl Service {
    /// The view of a customer on a day (a day number; without one, what depends on today is left out), or whose a document is.
    ///
    /// # Errors
    /// Nothing is known of the reference, several hold it, or the read model cannot be read.
    pub async fn show(&self, reference: &CustomerReference, today: Option<i64>) -> Result<Shown, ServiceError> {
        match reference.document() {
            Some(subject) => self.whose(subject).await.map(|whose| Shown::Document(Box::new(whose))),
            None => self.view(reference, today).await.map(|view| Shown::Customer(Box::new(view))),
        }
    }

    /// The view of the customer that is meant; a document means the customer that it belongs to.
    ///
    /// # Errors
    /// As for [`Service::show`].
    pub async fn view(&self, reference: &CustomerReference, today: Option<i64>) -> Result<CustomerView, ServiceError> {
        let rows = self.customer(reference).await?;
        let tallies = self.tallies(&rows).await?;
        Ok(rows.view(&self.rules, today, tallies.as_ref()))
    }

    /// Id and name of a customer.
    pub(crate) fn name(&self, rows: &CustomerRows) -> CustomerName {
        let view = rows.view(&self.rules, None, None);
        CustomerName { id: view.id.clone(), name: name_of(&view), parties: view.parties }
    }

    /// Tallies of all documents, where the bundles hold too few and the documents are not too many.
    async fn tallies(&self, rows: &CustomerRows) -> Result<Option<PurchaseTallies>, ServiceError> {
        if !needs_tallies(&rows.bundles) {
            return Ok(None);
        }
        let mut tallies = PurchaseTallies::default();
        for (_, contributions) in self.contributions(rows).await? {
            contributions.values().filter_map(|c| c.tallies()).for_each(|t| tallies.add(t));
        }
        Ok(Some(tallies))
    }

    async fn whose(&self, subject: &Subject) -> Result<DocumentOwners, ServiceError> {
        let state = self.state(subject).await?;
        let (keys, document) = (state.owner_keys(), document_row(subject, &state)?);
        let mut parts = Vec::new();
        for key in &keys.parts {
            parts.push(self.owner_of(key).await?);
        }
        let (trade, receivable) = (self.owner_of(&keys.trade).await?, self.owner_of(&keys.receivable).await?);
        Ok(DocumentOwners { document, trade, receivable, parts })
    }

    async fn owner_of(&self, key: &str) -> Result<DocumentOwner, ServiceError> {
        let customer = self.customers().customer_of_key(key).await?.map(|rows| self.name(&rows));
        Ok(DocumentOwner { key: key.to_owned(), customer })
    }
}

/// A document as it stands under all of its owners.
pub(crate) fn document_row(subject: &Subject, state: &SubjectState) -> Result<Document, ServiceError> {
    documents::row(subject.as_str(), &state.contributions(subject)).ok_or_else(|| {
        ServiceError::invalid(format!("{subject} is neither a party nor a document: ask for its events instead"))
    })
}

/// Whether a customer's preferred products are counted from its documents: where its bundles hold too few of them, and the documents
/// are not too many.
pub(crate) fn needs_tallies(bundles: &BTreeMap<String, Bundle>) -> bool {
    let documents: i64 = bundles.values().map(Bundle::document_count).sum();
    documents <= TALLIED_DOCUMENTS && bundles.values().any(Bundle::has_many_lines)
}

/// The number by which views name a day.
pub fn day_number(day: jiff::civil::Date) -> i64 {
    onefold_event::Day::from(day).0
}

/// The name that a view shows.
pub(crate) fn name_of(view: &CustomerView) -> String {
    view.profile.get("name").map(|value| value.value.clone()).unwrap_or_default()
}
