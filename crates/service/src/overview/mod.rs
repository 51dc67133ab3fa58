//! A customer on one screen: the view, what to know first, what is open, and the latest documents.

mod notice;
mod open;

use std::collections::BTreeSet;

use onefold_event::Subject;
use onefold_fold::SubjectState;
use onefold_store::{DocumentPlace, ListingOrder};
use onefold_view::{Contribution, CustomerView, OpenItem};
use serde::Serialize;

pub use notice::{Notice, NoticeLevel};
pub use open::{OpenEntry, OpenKind, OpenNow};

use self::open::OpenShipment;
use crate::document::rows::SubjectReader;
use crate::document::timeline::{Cursor, row, unknown};
use crate::past::{row_place, unheard_of};
use crate::{CustomerReference, Document, Page, PastAnswer, ReadClocks, Service, ServiceError};

/// The latest documents that an overview holds, and among which shipments under way are looked for.
pub const MOST_LATEST: usize = 100;

/// A customer on one screen: one question, so that a figure and the list behind it are told together.
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
        let view = rows.view(&self.rules, Some(today), tallies.as_ref());
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
        gathered.into_overview(view, rows.open, today, &SubjectReader::Now(self)).await
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
        let view = view.ok_or_else(|| unheard_of(reference))?;
        let owners = world.owners_of(&party);
        let mut places: Vec<(DocumentPlace, &SubjectState)> = world.documents_of(&owners).map(row_place).collect();
        places.sort_by(|(one, _), (other, _)| ListingOrder::NewestFirst.compare(one, other));
        let mut gathered = LatestDocuments::default();
        for (place, state) in &places {
            if gathered.is_full() {
                break;
            }
            gathered.note_document(place, state, &owners);
        }
        let items: Vec<OpenItem> =
            world.model.open_items().into_iter().filter(|item| owners.contains(&item.owner)).collect();
        let answer = gathered.into_overview(view, items, today, &SubjectReader::Past(&world)).await?;
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
        let Ok(subject) = place.subject.parse::<Subject>() else { return };
        let mut own = state.contributions(&subject);
        own.retain(|owner, _| owners.contains(owner));
        let Some(document) = row(&place.subject, &own) else { return };
        if self.items.len() == MOST_LATEST {
            self.more = true;
            return;
        }
        let is_failed = own.values().any(|adds| adds.failed_shipments() > 0);
        if is_failed || own.values().any(|adds| adds.open_shipments() > 0) {
            let promised = own.values().find_map(Contribution::promised_day);
            self.shipments.push(OpenShipment { document: document.clone(), promised, is_failed });
        }
        self.items.push(document);
        self.last = Some(place.clone());
    }

    async fn into_overview(
        mut self,
        view: CustomerView,
        mut invoices: Vec<OpenItem>,
        today: i64,
        reader: &SubjectReader<'_>,
    ) -> Result<CustomerOverview, ServiceError> {
        reader.date_deliveries(self.items.iter_mut().collect()).await?;
        invoices.retain(OpenItem::is_owed);
        let open = OpenNow::new(&view, &invoices, self.shipments, today);
        let notices = Notice::all_of(&view, &invoices, today);
        let next = self.last.filter(|_| self.more).map(|place| Cursor(place).to_string());
        Ok(CustomerOverview { view, notices, open, latest: Page { items: self.items, next } })
    }
}
