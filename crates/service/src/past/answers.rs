//! Questions about the past: the same answers as now, with the clocks that they hold for.

use std::collections::BTreeMap;

use onefold_event::Subject;
use onefold_fold::SubjectState;
use onefold_store::{DocumentPlace, ListingOrder};
use onefold_view::{CustomerView, MoneyTotals};
use serde::Serialize;

use super::{AnsweredClocks, PastWorld, ReadClocks, unheard_of};
use crate::document::owners::document_row;
use crate::document::rows::SubjectReader;
use crate::document::timeline::{Cursor, MOST, listed};
use crate::status::currency_sums;
use crate::{
    CurrencySums, CustomerName, CustomerReference, Document, DocumentOwner, DocumentOwners, EventPlace, Page,
    SearchHit, Service, ServiceError, Shown,
};

/// An answer, and the clocks that it holds for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PastAnswer<T> {
    /// The clocks.
    pub clocks: AnsweredClocks,
    /// What was asked for.
    #[serde(flatten)]
    pub answer: T,
}

/// What the hub counts of one customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CustomerStatus {
    /// The id that it bears.
    pub id: String,
    /// Its name; empty: unknown.
    pub name: String,
    /// Its parties.
    pub parties: Vec<String>,
    /// Events about its parties and documents.
    pub events: u64,
    /// Those of them that contradict an earlier one.
    pub conflicts: u64,
    /// Documents that count as its own.
    pub documents: i64,
    /// Trade, by currency; of `net` all is its own.
    pub money: BTreeMap<String, CurrencySums>,
}

/// Customers that were found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FoundCustomers {
    /// One, or none.
    pub hits: Vec<SearchHit>,
}

impl Service {
    /// As [`Service::show`], at these clocks. Without a day to look from, what depends on it is seen from the day of business time.
    ///
    /// # Errors
    /// Nothing was known of the reference at the clocks (which says who it is today), several held it, more would have to be folded
    /// than is taken, or the log or the read model cannot be read.
    pub async fn past_show(
        &self,
        reference: &CustomerReference,
        clocks: &ReadClocks,
        today: Option<i64>,
    ) -> Result<PastAnswer<Shown>, ServiceError> {
        let (world, party) = self.past_world(reference, clocks).await?;
        let answer = self.show_world(&world, reference, party.as_ref(), today.or(clocks.business_day())).await?;
        Ok(PastAnswer { clocks: world.clocks, answer })
    }

    /// What a reference, which means the customer of this party, shows in a world, seen from a day.
    pub(crate) async fn show_world(
        &self,
        world: &PastWorld,
        reference: &CustomerReference,
        party: Option<&Subject>,
        today: Option<i64>,
    ) -> Result<Shown, ServiceError> {
        match reference.document() {
            Some(document) => {
                let whose = world.document_owners(document)?;
                let facts = world.facts.get(document).map(Vec::as_slice).unwrap_or_default();
                let state = world.state(document).ok_or_else(|| unheard_of(reference))?;
                let rows = SubjectReader::Past(world);
                Ok(Shown::Document(Box::new(self.look_inside(&rows, document, (whose, state), facts).await?)))
            }
            None => {
                let view = party.and_then(|party| world.view_of(party, today));
                Ok(Shown::Customer(Box::new(view.ok_or_else(|| unheard_of(reference))?)))
            }
        }
    }

    /// As [`Service::view`], at these clocks: the customer that a reference means, of a document whoever held it. Without a day to
    /// look from, what depends on it is seen from the day of business time.
    ///
    /// # Errors
    /// As [`Self::past_show`]; the document was nobody's.
    pub async fn past_view(
        &self,
        reference: &CustomerReference,
        clocks: &ReadClocks,
        today: Option<i64>,
    ) -> Result<PastAnswer<CustomerView>, ServiceError> {
        let (world, party) = self.past_customer(reference, clocks).await?;
        let view = world.view_of(&party, today.or(clocks.business_day()));
        Ok(PastAnswer { answer: view.ok_or_else(|| unheard_of(reference))?, clocks: world.clocks })
    }

    /// As [`Service::documents`], at these clocks, of those subjects that are wanted.
    ///
    /// # Errors
    /// As [`Self::past_show`]; the cursor is none.
    pub async fn past_documents(
        &self,
        reference: &CustomerReference,
        clocks: &ReadClocks,
        listing: ListingOrder,
        (cursor, limit): (Option<&str>, usize),
        is_wanted: impl Fn(&str) -> bool + Send,
    ) -> Result<PastAnswer<Page>, ServiceError> {
        let limit = limit.clamp(1, MOST);
        let after = cursor.map(|text| text.parse::<Cursor>()).transpose()?.map(|cursor| cursor.0);
        let (world, party) = self.past_customer(reference, clocks).await?;
        let owners = world.owners_of(&party);
        let mut rows: Vec<(DocumentPlace, &SubjectState)> = world.documents_of(&owners).map(row_place).collect();
        rows.sort_by(|(one, _), (other, _)| listing.compare(one, other));
        rows.retain(|(place, _)| is_wanted(&place.subject));
        rows.retain(|(place, _)| after.as_ref().is_none_or(|after| listing.compare(after, place).is_lt()));
        let shown =
            rows.into_iter().filter_map(|(place, state)| Some((listed(&place.subject, state, &owners)?, place)));
        // One more than wanted tells whether there is a next page.
        let mut shown: Vec<_> = shown.take(limit + 1).collect();
        let more = shown.len() > limit;
        shown.truncate(limit);
        let next = shown.last().filter(|_| more).map(|(_, place)| Cursor(place.clone()).to_string());
        let mut items: Vec<Document> = shown.into_iter().map(|(item, _)| item).collect();
        SubjectReader::Past(&world).date_deliveries(items.iter_mut().collect()).await?;
        Ok(PastAnswer { answer: Page { items, next }, clocks: world.clocks })
    }

    /// As [`Service::events`], at these clocks.
    ///
    /// # Errors
    /// As [`Self::past_show`].
    pub async fn past_events(
        &self,
        reference: &CustomerReference,
        clocks: &ReadClocks,
    ) -> Result<PastAnswer<Vec<EventPlace>>, ServiceError> {
        let (world, party) = self.past_world(reference, clocks).await?;
        let subjects = world.history_subjects(reference, party.as_ref());
        let mut all = world.places_of(subjects.iter().map(Subject::as_str));
        if all.is_empty() && reference.document().is_some() {
            return Err(unheard_of(reference));
        }
        all.sort();
        Ok(PastAnswer { answer: all, clocks: world.clocks })
    }

    /// The customer that an id, an identifier or a subject meant at these clocks; none where a document was nobody's.
    ///
    /// # Errors
    /// As [`Self::past_show`]; the text is none of the three, since words are found as they are now alone.
    pub async fn past_find(&self, text: &str, clocks: &ReadClocks) -> Result<PastAnswer<FoundCustomers>, ServiceError> {
        let reference: &CustomerReference = &text.parse().map_err(|error: ServiceError| {
            ServiceError::invalid(format!(
                "words are found as they are now alone: with a clock, name an id, an identifier or a subject ({error})"
            ))
        })?;
        let (world, party) = self.past_world(reference, clocks).await?;
        let name = party.and_then(|party| world.name_of(&party));
        let hit = |CustomerName { id, name, parties }| {
            let found_by = vec![reference.to_string()];
            SearchHit { id, name, parties, found_by, ..SearchHit::default() }
        };
        Ok(PastAnswer { answer: FoundCustomers { hits: name.map(hit).into_iter().collect() }, clocks: world.clocks })
    }

    /// What is counted of one customer, at these clocks.
    ///
    /// # Errors
    /// As [`Self::past_show`].
    pub async fn past_status(
        &self,
        reference: &CustomerReference,
        clocks: &ReadClocks,
    ) -> Result<PastAnswer<CustomerStatus>, ServiceError> {
        let (world, party) = self.past_customer(reference, clocks).await?;
        let CustomerName { id, name, parties } = world.name_of(&party).ok_or_else(|| unheard_of(reference))?;
        let (money, documents) = world.model.total_of(&party);
        let subjects = world.subjects_of(&party);
        let states = || subjects.iter().filter_map(|subject| world.model.state(subject));
        let answer = CustomerStatus {
            id,
            name,
            parties,
            events: states().map(SubjectState::copy_count).sum(),
            conflicts: states().map(SubjectState::conflict_count).sum(),
            documents,
            money: currency_sums(&money, &MoneyTotals::default()),
        };
        Ok(PastAnswer { answer, clocks: world.clocks })
    }
}

impl PastWorld {
    /// Whose a document was.
    fn document_owners(&self, subject: &Subject) -> Result<DocumentOwners, ServiceError> {
        let known = self.model.state(subject).filter(|state| state.is_known() || state.fragment.is_some());
        let state = known.ok_or_else(|| unheard_of(&CustomerReference::Subject(subject.clone())))?;
        let document = document_row(subject, state)?;
        let keys = state.owner_keys();
        let owner = |key: &String| DocumentOwner {
            key: key.clone(),
            customer: self.customer_of(key).and_then(|party| self.name_of(&party)),
        };
        let parts = keys.parts.iter().map(owner).collect();
        Ok(DocumentOwners { document, trade: owner(&keys.trade), receivable: owner(&keys.receivable), parts })
    }
}

pub(crate) fn row_place<'a>((subject, state): (&Subject, &'a SubjectState)) -> (DocumentPlace, &'a SubjectState) {
    (DocumentPlace { at: state.at(), subject: subject.to_string() }, state)
}
