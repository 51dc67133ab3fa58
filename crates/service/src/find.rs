//! Customers by words: names, identifiers, numbers, cities.

use serde::Serialize;

use crate::{Service, ServiceError};

/// Customers that one search answers at most.
pub const MOST_FOUND: usize = 100;

/// A customer that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hit {
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
    /// Customers that all the words fit; the last word need not be complete.
    ///
    /// # Errors
    /// There is no word to look for, or the read model cannot be read.
    pub async fn find(&self, text: &str, limit: usize) -> Result<Vec<Hit>, ServiceError> {
        if !text.chars().any(char::is_alphanumeric) {
            return Err(ServiceError::invalid(format!("`{text}` holds no word to look for")));
        }
        let mut hits: Vec<Hit> = Vec::new();
        for found in self.store.find(text, limit.clamp(1, MOST_FOUND)).await? {
            let Some(party) = found.parties.first() else { continue };
            if hits.iter().any(|hit| hit.parties.contains(party)) {
                continue;
            }
            let Some(rows) = self.store.customer(party).await? else { continue };
            let name = self.name(&rows);
            let found_by = found.text.lines().map(str::to_owned).collect();
            hits.push(Hit { id: name.id, name: name.name, parties: name.parties, found_by });
        }
        Ok(hits)
    }
}
