//! A customer's documents: as they were taken in, page by page, or merged into one timeline, newest first.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::{Subject, format_micros, parse_instant};
use onefold_identity::Rules;
use onefold_store::{CustomerRows, SubjectState};
use onefold_view::{Bundle, Contribution, Given, LatestView, assemble, contribute};
use serde::Serialize;

use crate::{Reference, Service, ServiceError};

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
    /// Documents of a customer in the order in which the hub met them; without a reference, those that nobody holds.
    ///
    /// # Errors
    /// Nothing is known of the reference, the cursor is none, or the read model cannot be read.
    pub async fn documents(
        &self,
        of: Option<&Reference>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page, ServiceError> {
        let limit = limit.clamp(1, MOST);
        let owners = match of {
            Some(reference) => self.customer(reference).await?.bundles.into_keys().collect(),
            None => Vec::new(),
        };
        if of.is_some() && owners.is_empty() {
            return Ok(Page { items: Vec::new(), next: None });
        }
        if let Some(cursor) = cursor {
            cursor.parse::<Subject>().map_err(|_| no_cursor(cursor))?;
        }
        let (mut items, mut after) = (Vec::new(), cursor.map(str::to_owned));
        loop {
            // One more than wanted tells whether there is a next page; a document may stand under several owners.
            let asked = (limit + 1).max(100);
            let found = self.store.documents(&owners, after.as_deref(), asked).await?;
            let more = found.len() == asked;
            let mut by_subject: Vec<(String, BTreeSet<String>)> = Vec::new();
            for (owner, subject) in found {
                match by_subject.last_mut() {
                    Some((last, owners)) if *last == subject => {
                        owners.insert(owner);
                    }
                    _ => by_subject.push((subject, BTreeSet::from([owner]))),
                }
            }
            if more && by_subject.len() > 1 {
                // Its other owners may be on the next page.
                by_subject.pop();
            }
            let keys: Vec<String> = by_subject.iter().map(|(subject, _)| subject.clone()).collect();
            let states = self.store.subjects(&keys).await?;
            let mut full = false;
            for ((key, owners), state) in by_subject.into_iter().zip(states) {
                after = Some(key.clone());
                items.extend(state.and_then(|state| self.document(&key, &state, &owners)));
                if items.len() == limit {
                    full = true;
                    break;
                }
            }
            if full || !more {
                let next = if full { after } else { None };
                return Ok(Page { items, next });
            }
        }
    }

    /// A customer's documents, newest first.
    ///
    /// # Errors
    /// As for [`Service::documents`].
    pub async fn timeline(&self, of: &Reference, cursor: Option<&str>, limit: usize) -> Result<Page, ServiceError> {
        let limit = limit.clamp(1, MOST);
        let after = cursor.map(read_cursor).transpose()?;
        let rows = self.customer(of).await?;
        let owners: BTreeSet<String> = rows.bundles.keys().cloned().collect();
        let mut all: BTreeMap<(i64, String), SubjectState> = BTreeMap::new();
        let keys = self.all_documents(&rows).await?;
        for chunk in keys.chunks(CHUNK) {
            for (key, state) in chunk.iter().zip(self.store.subjects(chunk).await?) {
                let Some(state) = state else { continue };
                let Some(at) = state.fragment.as_ref().and_then(|f| f.at()) else { continue };
                let place = (at, key.clone());
                if after.as_ref().is_some_and(|after| place >= *after) {
                    continue;
                }
                all.insert(place, state);
                // The page and one document beyond it are enough; a reference that shows nothing is rare, so keep a few more.
                if all.len() > 2 * limit + 2 {
                    all.pop_first();
                }
            }
        }
        let (mut items, mut last) = (Vec::new(), None);
        let mut rest = all.into_iter().rev();
        for ((at, key), state) in rest.by_ref() {
            items.extend(self.document(&key, &state, &owners));
            last = Some((at, key));
            if items.len() == limit {
                break;
            }
        }
        let more = rest.next().is_some();
        let next = last.filter(|_| more).map(|(at, key)| format!("{}/{key}", format_micros(at)));
        Ok(Page { items, next })
    }

    /// Subjects of all documents of a customer.
    pub(crate) async fn all_documents(&self, rows: &CustomerRows) -> Result<Vec<String>, ServiceError> {
        let owners: Vec<String> = rows.bundles.keys().cloned().collect();
        let mut seen = BTreeSet::new();
        if owners.is_empty() {
            return Ok(Vec::new());
        }
        let mut all = Vec::new();
        let mut after: Option<String> = None;
        loop {
            // A page may begin with other owners of the document that ended the last one: they were seen.
            let found = self.store.documents(&owners, after.as_deref(), CHUNK).await?;
            let (full, last) = (found.len() == CHUNK, found.last().map(|(_, subject)| subject.clone()));
            all.extend(found.into_iter().map(|(_, subject)| subject).filter(|subject| seen.insert(subject.clone())));
            if !full {
                return Ok(all);
            }
            after = last;
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
                let (Some(state), Ok(subject)) = (state, key.parse::<Subject>()) else { continue };
                let mut of = contributions(&subject, &state);
                of.retain(|owner, _| rows.bundles.contains_key(owner));
                all.push((key.clone(), of));
            }
        }
        Ok(all)
    }

    fn document(&self, key: &str, state: &SubjectState, owners: &BTreeSet<String>) -> Option<Document> {
        let subject: Subject = key.parse().ok()?;
        let mut contributions = contributions(&subject, state);
        contributions.retain(|owner, _| owners.contains(owner));
        row(key, &contributions)
    }
}

/// What a document adds to whom.
pub(crate) fn contributions(subject: &Subject, state: &SubjectState) -> BTreeMap<String, Contribution> {
    let Some(fragment) = &state.fragment else { return BTreeMap::new() };
    contribute(subject, fragment, &state.inbound, &state.keys())
}

/// The row of a document under some of its owners; none where it shows nothing there.
pub(crate) fn row(key: &str, contributions: &BTreeMap<String, Contribution>) -> Option<Document> {
    let bundle = |(owner, contribution): (&String, &Contribution)| {
        let mut bundle = Bundle::default();
        bundle.add(contribution);
        (owner.clone(), bundle)
    };
    let bundles: BTreeMap<String, Bundle> = contributions.iter().map(bundle).collect();
    let view = assemble(&Given {
        id: "",
        parties: &[],
        bundles: &bundles,
        hubs: &BTreeSet::new(),
        rules: &Rules::default(),
        open_items: &[],
        today: None,
        tallies: None,
    });
    view.latest.into_iter().find(|row| row.subject == key)
}

fn read_cursor(cursor: &str) -> Result<(i64, String), ServiceError> {
    let (at, key) = cursor.split_once('/').ok_or_else(|| no_cursor(cursor))?;
    let at = parse_instant(at).ok_or_else(|| no_cursor(cursor))?;
    Ok((at, key.to_owned()))
}

fn no_cursor(cursor: &str) -> ServiceError {
    ServiceError::invalid(format!("`{cursor}` is no cursor: give back the `next` of the page before, unchanged"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back() {
        let at = parse_instant("2026-03-09T09:05:11.25Z").unwrap();
        let cursor = format!("{}/order:erp:a/b", format_micros(at));
        assert_eq!(read_cursor(&cursor).unwrap(), (at, "order:erp:a/b".to_owned()));
        assert_eq!(read_cursor("order:erp:1").unwrap_err().code, crate::Code::Invalid);
    }
}
