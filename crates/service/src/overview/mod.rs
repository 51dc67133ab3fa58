//! A customer on one screen: the view, what to know first, what is open, and the latest documents.

mod notice;
mod open;

use std::collections::BTreeSet;

use onefold_event::Subject;
use onefold_fold::SubjectState;
use onefold_store::{DocumentPlace, ListingOrder};
use onefold_view::{CustomerView, OpenItem};
use serde::Serialize;

pub use notice::{Notice, NoticeLevel};
pub use open::{OpenEntry, OpenKind, OpenNow};

use self::open::OpenShipment;
use crate::document::rows::SubjectReader;
use crate::document::timeline::{Cursor, listed, unknown};
use crate::{CustomerReference, Document, Page, PastAnswer, ReadClocks, Service, ServiceError};

/// The latest documents that an overview holds, and among which shipments under way are looked for.
pub const MOST_LATEST: usize = 100;

/// A customer on one screen. All of it is from one reading of its rows, so that a figure and the list behind it agree.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CustomerOverview {
    /// The view.
    pub view: CustomerView,
    /// What to know before a word is said, the most urgent first.
    pub notices: Vec<Notice>,
    /// What is open.
    pub open: OpenNow,
    /// The latest documents, newest first.
    pub latest: Page,
}

impl Service {
    /// A customer on one screen, seen from a day (a day number); a document means the customer that it belongs to.
    ///
    /// # Errors
    /// Nothing is known of the reference, several hold it, or the read model cannot be read.
    pub async fn overview(&self, reference: &CustomerReference, today: i64) -> Result<CustomerOverview, ServiceError> {
        let rows = self.customer(reference).await?;
        let tallies = self.tallies(&rows).await?;
        let mut view = rows.view(&self.rules, Some(today), tallies.as_ref());
        let owners: Vec<String> = rows.bundles.keys().cloned().collect();
        let mut gathered = LatestDocuments::default();
        let mut after = None;
        // Documents that show nothing under these owners are passed over, so one reading may not be enough.
        while !owners.is_empty() && !gathered.is_full() {
            let (found, more) =
                self.next_documents(&owners, ListingOrder::NewestFirst, after.as_ref(), MOST_LATEST + 1).await?;
            let keys: Vec<String> = found.iter().map(|(place, _)| place.subject.clone()).collect();
            let states = self.store.subjects(&keys).await?;
            for ((place, owners), state) in found.into_iter().zip(states) {
                let state = state.ok_or_else(|| unknown(&place.subject))?;
                gathered.note_document(&place, &state, &owners);
                after = Some(place);
            }
            if !more {
                break;
            }
        }
        let reader = SubjectReader::Now(self);
        reader.date_deliveries(view.latest.iter_mut().collect()).await?;
        self.title_products(&mut view).await?;
        gathered.into_overview(view, &rows.open, today, &reader).await
    }

    /// The same at these clocks. Without a day to look from, what depends on it is seen from the day of business time, or of today.
    ///
    /// # Errors
    /// As [`Service::past_show`].
    pub async fn past_overview(
        &self,
        reference: &CustomerReference,
        clocks: &ReadClocks,
        today: i64,
    ) -> Result<PastAnswer<CustomerOverview>, ServiceError> {
        let (world, party) = self.past_customer(reference, clocks).await?;
        let today = clocks.business_day().unwrap_or(today);
        let view = world.view_of(&party, Some(today));
        let view = view.ok_or_else(|| ServiceError::not_found(format!("nothing was known of {reference} then")))?;
        let owners = world.owners_of(&party);
        let mut places: Vec<(DocumentPlace, &SubjectState)> = world
            .documents_of(&owners)
            .map(|(subject, state)| (DocumentPlace { at: state.at(), subject: subject.to_string() }, state))
            .collect();
        places.sort_by(|(one, _), (other, _)| ListingOrder::NewestFirst.compare(one, other));
        let mut gathered = LatestDocuments::default();
        for (place, state) in &places {
            gathered.note_document(place, state, &owners);
        }
        let items: Vec<OpenItem> =
            world.model.open_items().into_iter().filter(|item| owners.contains(&item.owner)).collect();
        let answer = gathered.into_overview(view, &items, today, &SubjectReader::Past(&world)).await?;
        Ok(PastAnswer { answer, clocks: world.clocks })
    }
}

/// The latest documents as they are gathered, newest first.
#[derive(Default)]
struct LatestDocuments {
    items: Vec<Document>,
    shipments: Vec<OpenShipment>,
    /// The last that is among them; and whether one follows.
    last: Option<DocumentPlace>,
    more: bool,
}

impl LatestDocuments {
    /// Whether it holds as many as an overview does, and knows that there are more.
    fn is_full(&self) -> bool {
        self.more
    }

    fn note_document(&mut self, place: &DocumentPlace, state: &SubjectState, owners: &BTreeSet<String>) {
        let Some(document) = listed(&place.subject, state, owners) else { return };
        if self.items.len() == MOST_LATEST {
            self.more = true;
            return;
        }
        let Ok(subject) = place.subject.parse::<Subject>() else { return };
        let contributions = state.contributions(&subject);
        let own = || contributions.iter().filter(|(owner, adds)| owners.contains(*owner) && adds.open_shipments() > 0);
        if own().next().is_some() {
            let promised = own().find_map(|(_, adds)| adds.promised_day());
            self.shipments.push(OpenShipment { document: document.clone(), promised });
        }
        self.items.push(document);
        self.last = Some(place.clone());
    }

    async fn into_overview(
        mut self,
        view: CustomerView,
        invoices: &[OpenItem],
        today: i64,
        reader: &SubjectReader<'_>,
    ) -> Result<CustomerOverview, ServiceError> {
        reader.date_deliveries(self.items.iter_mut().collect()).await?;
        let open = OpenNow::new(&view, invoices, self.shipments, today);
        let notices = Notice::all_of(&view, invoices, today);
        let next = self.last.filter(|_| self.more).map(|place| Cursor(place).to_string());
        Ok(CustomerOverview { view, notices, open, latest: Page { items: self.items, next } })
    }
}
