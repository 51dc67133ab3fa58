//! The view of a customer, or a document from inside.

use std::collections::BTreeSet;

use onefold_customer::CustomerRows;
use onefold_event::{Subject, SubjectKind};
use onefold_view::{CustomerView, PurchaseTallies};
use serde::Serialize;

use crate::customer::needs_tallies;
use crate::document::rows::SubjectReader;
use crate::{CustomerReference, DocumentView, Service, ServiceError};

/// Preferred products that are shown with their names.
const TITLED: usize = 5;

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
            None => Ok(Shown::Customer(Box::new(self.show_customer(reference, today).await?))),
        }
    }

    /// The view of a customer with the dates of arrivals and the names of products, which no bundle holds.
    pub(crate) async fn show_customer(
        &self,
        reference: &CustomerReference,
        today: Option<i64>,
    ) -> Result<CustomerView, ServiceError> {
        let mut view = self.view(reference, today).await?;
        SubjectReader::Now(self).date_deliveries(view.latest.iter_mut().collect()).await?;
        self.title_products(&mut view).await?;
        Ok(view)
    }

    /// The view of the customer that is meant, as it is published; a document means the customer that it belongs to.
    ///
    /// # Errors
    /// As for [`Service::show`].
    pub async fn view(&self, reference: &CustomerReference, today: Option<i64>) -> Result<CustomerView, ServiceError> {
        let rows = self.customer(reference).await?;
        let tallies = self.tallies(&rows).await?;
        Ok(rows.view(&self.rules, today, tallies.as_ref()))
    }

    /// Says what the products are called that the customer prefers, by the sources that know it: a number says nothing on the phone.
    pub(crate) async fn title_products(&self, view: &mut CustomerView) -> Result<(), ServiceError> {
        let preferred = view.trade.products.iter().flatten().take(TITLED);
        let subjects: Vec<Vec<Subject>> = preferred.map(|product| product_subjects(view, &product.name)).collect();
        let wanted: Vec<String> = subjects.iter().flatten().map(Subject::to_string).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let names = self.product_names(&wanted).await?;
        for (subjects, product) in subjects.iter().zip(view.trade.products.iter_mut().flatten()) {
            let title = subjects.iter().find_map(|subject| names.get(subject.as_str()));
            product.title = title.cloned().unwrap_or_default();
        }
        Ok(())
    }

    /// Tallies of all documents, where the bundles hold too few and the documents are not too many.
    pub(crate) async fn tallies(&self, rows: &CustomerRows) -> Result<Option<PurchaseTallies>, ServiceError> {
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

/// The subjects that may say what a product of a customer is called, of which the first that does counts: one of each source that knows
/// the customer or is among its latest documents.
pub(crate) fn product_subjects(view: &CustomerView, number: &str) -> Vec<Subject> {
    let subjects = view.parties.iter().chain(view.latest.iter().map(|document| &document.subject));
    let sources: BTreeSet<String> =
        subjects.filter_map(|key| key.parse().ok()).map(|subject: Subject| subject.source().to_owned()).collect();
    sources.iter().filter_map(|source| Subject::new(SubjectKind::Product, source, number).ok()).collect()
}

/// The number by which views name a day.
pub fn day_number(day: jiff::civil::Date) -> i64 {
    onefold_event::Day::from(day).0
}
