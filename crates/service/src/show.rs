//! The view of a customer, or a document from inside.

use onefold_customer::CustomerRows;
use onefold_view::{CustomerView, PurchaseTallies};
use serde::Serialize;

use crate::customer::needs_tallies;
use crate::document::rows::SubjectReader;
use crate::{CustomerReference, DocumentView, Service, ServiceError};

/// What a reference shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Shown {
    /// A customer.
    Customer(Box<CustomerView>),
    /// A document.
    Document(Box<DocumentView>),
}

impl Service {
    /// The view of a customer on a day (a day number; without one, what depends on today is left out), or a document from inside.
    ///
    /// # Errors
    /// Nothing is known of the reference, several hold it, or the read model cannot be read.
    pub async fn show(&self, reference: &CustomerReference, today: Option<i64>) -> Result<Shown, ServiceError> {
        match reference.document() {
            Some(subject) => self.document(subject).await.map(|document| Shown::Document(Box::new(document))),
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
        let mut view = rows.view(&self.rules, today, tallies.as_ref());
        SubjectReader::Now(self).date_deliveries(view.latest.iter_mut().collect()).await?;
        Ok(view)
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
}

/// The number by which views name a day.
pub fn day_number(day: jiff::civil::Date) -> i64 {
    onefold_event::Day::from(day).0
}
