//! A customer's documents, merged into one timeline and read page by page from either end.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use onefold_customer::CustomerRows;
use onefold_event::{Subject, format_micros, parse_instant};
use onefold_fold::SubjectState;
use onefold_identity::{IdentityRules, OwnerKey};
use onefold_store::{DocumentPlace, DocumentRow, ListingOrder};
use onefold_view::{Bundle, Contribution, LatestView, ViewInput, assemble};
use serde::Serialize;

use crate::document::rows::SubjectReader;
use crate::{CustomerReference, ErrorCode, Service, ServiceError};

/// Documents on a page at most.
pub const MOST: usize = 500;
/// Rows read at once.
const CHUNK: usize = 1_000;

/// A document as it stands on a timeline.
pub type Document = LatestView;

/// Some documents, and how to ask for the next ones.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Page {
    /// The documents.
    pub items: Vec<Document>,
    /// To be given as `cursor` for the next page; none: this was the last.
    pub next: Option<String>,
}

impl Service {
    /// Documents of a customer by time, from the end that is asked for; without a reference, those that nobody holds, or of which a part is nobody's.
    ///
    /// # Errors
    /// Nothing is known of the reference, the cursor is none, or the read model cannot be read.
    pub async fn documents(
        &self,
        of: Option<&CustomerReference>,
        listing: ListingOrder,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page, ServiceError> {
        let limit = limit.clamp(1, MOST);
        let mut after = cursor.map(|text| text.parse::<Cursor>()).transpose()?.map(|cursor| cursor.0);
        let owners = match of {
            Some(reference) => self.customer(reference).await?.bundles.into_keys().collect(),
            None => Vec::new(),
        };
        let mut items = Vec::new();
        if of.is_some() && owners.is_empty() {
            return Ok(Page { items, next: None });
        }
        loop {
            // One more than wanted tells whether there is a next page.
            let (found, more) = self.next_documents(&owners, listing, after.as_ref(), (limit + 1).max(100)).await?;
            let keys: Vec<String> = found.iter().map(|(place, _)| place.subject.clone()).collect();
            let states = self.store.subjects(&keys).await?;
            let (mut rest, mut full) = (found.into_iter().zip(states), false);
            for ((place, owners), state) in rest.by_ref() {
                let state = state.ok_or_else(|| unknown(&place.subject))?;
                items.extend(document(&place.subject, &state, &owners, of.is_none()));
                after = Some(place);
                full = items.len() == limit;
                if full {
                    break;
                }
            }
            if full || !more {
                SubjectReader::Now(self).date_deliveries(items.iter_mut().collect()).await?;
                if of.is_none() {
                    self.state_whose(items.iter_mut().collect()).await?;
                }
                let next = after.filter(|_| more || rest.next().is_some()).map(|place| Cursor(place).to_string());
                return Ok(Page { items, next });
            }
        }
    }

    /// The next documents, each with all of the owners that it stands under, and whether there may be more.
    pub(crate) async fn next_documents(
        &self,
        owners: &[String],
        listing: ListingOrder,
        after: Option<&DocumentPlace>,
        rows: usize,
    ) -> Result<(Vec<(DocumentPlace, BTreeSet<String>)>, bool), ServiceError> {
        let found = match owners {
            [] => self.customers().unattributed_documents(listing, after, rows).await?,
            owners => self.customers().documents(owners, listing, after, rows).await?,
        };
        let more = found.len() == rows;
        let mut documents: Vec<(DocumentPlace, BTreeSet<String>)> = Vec::new();
        for DocumentRow { place, owner } in found {
            match documents.last_mut() {
                Some((last, owners)) if *last == place => drop(owners.insert(owner)),
                _ => documents.push((place, BTreeSet::from([owner]))),
            }
        }
        if more && documents.len() > 1 {
            // Its other owners may come next.
            documents.pop();
        }
        Ok((documents, more))
    }

    /// Subjects of all documents of a customer, by time.
    pub(crate) async fn all_documents(&self, rows: &CustomerRows) -> Result<Vec<String>, ServiceError> {
        let owners: Vec<String> = rows.bundles.keys().cloned().collect();
        if owners.is_empty() {
            return Ok(Vec::new());
        }
        // What moves to another time meanwhile may be met twice.
        let (mut seen, mut all, mut after) = (BTreeSet::new(), Vec::new(), None);
        loop {
            let (found, more) = self.next_documents(&owners, ListingOrder::OldestFirst, after.as_ref(), CHUNK).await?;
            after = found.last().map(|(place, _)| place.clone());
            let subjects = found.into_iter().map(|(place, _)| place.subject);
            all.extend(subjects.filter(|subject| seen.insert(subject.clone())));
            if !more {
                return Ok(all);
            }
        }
    }

    /// What each document of a customer adds to it.
    pub(crate) async fn contributions(
        &self,
        rows: &CustomerRows,
    ) -> Result<Vec<(String, BTreeMap<String, Contribution>)>, ServiceError> {
        let keys = self.all_documents(rows).await?;
        let mut all = Vec::new();
        for chunk in keys.chunks(CHUNK) {
            for (key, state) in chunk.iter().zip(self.store.subjects(chunk).await?) {
                let (Some(state), Ok(subject)) = (state, key.parse::<Subject>()) else { return Err(unknown(key)) };
                let mut of = state.contributions(&subject);
                of.retain(|owner, _| rows.bundles.contains_key(owner));
                all.push((key.clone(), of));
            }
        }
        Ok(all)
    }
}

/// What stands among documents is never taken away.
pub(crate) fn unknown(subject: &str) -> ServiceError {
    ServiceError::new(
        ErrorCode::Damaged,
        format!(
            "{subject} stands among the documents of an owner, and nothing is known of it: the read model is damaged; \
             `onefold rebuild --accept` makes it again from the log"
        ),
    )
}

/// A document as it stands under some of its owners. Of those that nobody holds, `unattributed`, only what counts is listed: an
/// invoice whose buyer is known counts there, whoever owes it.
fn document(key: &str, state: &SubjectState, owners: &BTreeSet<String>, unattributed: bool) -> Option<Document> {
    let subject: Subject = key.parse().ok()?;
    let mut contributions = state.contributions(&subject);
    let among = |key: &String| match OwnerKey::parse(key) {
        Some(OwnerKey::Each(parts)) => parts.iter().any(|part| owners.contains(&part.key_for(&subject))),
        _ => owners.contains(key),
    };
    if unattributed && !contributions.iter().any(|(owner, adds)| adds.document_count() > 0 && among(owner)) {
        return None;
    }
    contributions.retain(|owner, _| owners.contains(owner));
    row(key, &contributions)
}

/// A document as it stands under some of its owners; none where it shows nothing there.
pub(crate) fn listed(key: &str, state: &SubjectState, owners: &BTreeSet<String>) -> Option<Document> {
    document(key, state, owners, false)
}

/// The row of a document under some of its owners; none where it shows nothing there.
pub(crate) fn row(key: &str, contributions: &BTreeMap<String, Contribution>) -> Option<Document> {
    let bundle = |(owner, contribution): (&String, &Contribution)| {
        let mut bundle = Bundle::default();
        bundle.add(contribution);
        (owner.clone(), bundle)
    };
    let bundles: BTreeMap<String, Bundle> = contributions.iter().map(bundle).collect();
    let view = assemble(&ViewInput {
        id: "",
        parties: &[],
        bundles: &bundles,
        hubs: &BTreeSet::new(),
        decisions: &[],
        rules: &IdentityRules::default(),
        open_items: &[],
        today: None,
        tallies: None,
    });
    let findings = view.findings.latest;
    view.latest.into_iter().find(|row| row.subject == key).map(|row| Document { findings, ..row })
}

/// After which document the next page begins, as callers are given it and give it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub DocumentPlace);

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", format_micros(self.0.at), self.0.subject)
    }
}

impl FromStr for Cursor {
    type Err = ServiceError;

    fn from_str(text: &str) -> Result<Self, ServiceError> {
        let no_cursor = || ServiceError::no_cursor(text);
        let (at, subject) = text.split_once('/').ok_or_else(no_cursor)?;
        let at = parse_instant(at).ok_or_else(no_cursor)?;
        let subject: Subject = subject.parse().map_err(|_| no_cursor())?;
        Ok(Self(DocumentPlace { at, subject: subject.to_string() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back() {
        let at = parse_instant("2026-03-09T09:05:11.25Z").unwrap();
        let cursor = Cursor(DocumentPlace { at, subject: "order:erp:a/b".to_owned() });
        assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
        for wrong in ["order:erp:1", "2026-03-09T09:05:11.25Z", "2026-03-09T09:05:11.25Z/1", "yesterday/order:erp:1"] {
            assert_eq!(wrong.parse::<Cursor>().unwrap_err().code, crate::ErrorCode::Invalid, "{wrong}");
        }
    }
}
