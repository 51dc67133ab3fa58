//! Customers by words: names, identifiers, numbers, cities.

use std::collections::BTreeSet;

use onefold_view::MatchNearness;
use serde::Serialize;

use crate::{CustomerName, ErrorCode, Service, ServiceError};

/// Customers that one search answers at most.
pub const MOST_FOUND: usize = 100;

/// A customer that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SearchHit {
    /// The id it bears now.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its parties.
    pub parties: Vec<String>,
    /// The words that it is found by.
    pub found_by: Vec<String>,
}

impl Service {
    /// Customers that all the words fit, the nearest first; no word need be complete. Where more than [`MOST_FOUND`] texts
    /// fit, the nearest of as many: further words tell them apart.
    ///
    /// # Errors
    /// There is no word to look for, or the read model cannot be read.
    pub async fn find(&self, text: &str, limit: usize) -> Result<Vec<SearchHit>, ServiceError> {
        if !text.chars().any(char::is_alphanumeric) {
            return Err(ServiceError::invalid(format!("`{text}` holds no word to look for")));
        }
        let mut fitting = self.store.find(text, MOST_FOUND).await?;
        fitting.sort_by_cached_key(|found| MatchNearness::of(&found.text, text));
        // Only who is answered is read: a customer may fit by several texts of its own.
        let (mut nearest, mut seen) = (Vec::new(), BTreeSet::new());
        for found in fitting {
            let Some(party) = found.parties.first().cloned().filter(|party| !seen.contains(party)) else { continue };
            seen.extend(found.parties.iter().cloned());
            nearest.push((party, found));
            if nearest.len() == limit.clamp(1, MOST_FOUND) {
                break;
            }
        }
        let first: Vec<String> = nearest.iter().map(|(party, _)| party.clone()).collect();
        let customers: Vec<CustomerName> = self.names(&first).await?;
        let mut hits = Vec::<SearchHit>::new();
        for (party, found) in &nearest {
            if hits.iter().any(|hit| hit.parties.contains(party)) {
                continue;
            }
            // Whoever is found by words is known: left out, one that is damaged would seem not to exist.
            let Some(name) = customers.iter().find(|customer| customer.parties.contains(party)) else {
                let damaged =
                    format!("`{party}` is found by its words and is nobody: `onefold rebuild` makes the views again");
                return Err(ServiceError::new(ErrorCode::Damaged, damaged));
            };
            let CustomerName { id, name, parties } = name.clone();
            hits.push(SearchHit { id, name, parties, found_by: found.text.lines().map(str::to_owned).collect() });
        }
        Ok(hits)
    }
}
