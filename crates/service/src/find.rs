//! Customers by what is said: names, identifiers, numbers, cities, the numbers of their documents.

use std::collections::BTreeSet;

use onefold_customer::CustomerRows;
use onefold_event::{Micros, Subject};
use onefold_fold::SubjectState;
use onefold_identity::normalise_identifier;
use onefold_view::{DocumentNumber, MatchNearness, NumberNearness, SearchTerm};
use serde::Serialize;

use crate::customer::name_of;
use crate::document::rows::SubjectReader;
use crate::document::timeline::row;
use crate::{CustomerReference, Document, ErrorCode, Service, ServiceError};

/// Customers that one search answers at most.
pub const MOST_FOUND: usize = 100;
/// Documents whose numbers fit that are looked at: one of each kind and year of every source.
const MOST_NUMBERED: usize = 500;
/// Phones and mail addresses that tell people of one name apart.
const TELLING: usize = 2;

/// A customer that was found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct SearchHit {
    /// The id it bears now; empty: nobody holds the document that was found.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its parties.
    pub parties: Vec<String>,
    /// The words that it is found by.
    pub found_by: Vec<String>,
    /// Its first phones and mail addresses, by which people of one name are told apart.
    pub reached_by: Vec<String>,
    /// Where it is.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// Its last document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<Document>,
    /// The document by whose number it was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
}

/// The number by which a document is found: its subject's, or the one that stands on it, whichever is nearer to what was asked.
struct NumberedBy {
    nearness: NumberNearness,
    text: String,
}

impl NumberedBy {
    fn of(asked: &DocumentNumber, subject: &Subject, state: &SubjectState) -> Option<Self> {
        let written = state.fragment.as_ref().map_or("", |fragment| fragment.written_number());
        let near = |text: &str| {
            let nearness = asked.nearness(&DocumentNumber::of(text)?)?;
            Some(Self { nearness, text: text.to_owned() })
        };
        [subject.number(), written].into_iter().filter_map(near).min_by_key(|by| by.nearness)
    }
}

/// A document that has a number, and how near that comes to what was asked.
struct NumberedDocument {
    by: NumberedBy,
    /// When it happened, which orders timelines too.
    at: Micros,
    subject: Subject,
    document: Document,
}

impl Service {
    /// Customers that all the words fit, or whose documents have the number that was asked, the nearest first; no word need be
    /// complete, and digits may be said in groups. Where more than [`MOST_FOUND`] texts fit, the nearest of as many: further
    /// words tell them apart.
    ///
    /// # Errors
    /// There is no word to look for, or the read model cannot be read.
    pub async fn find(&self, text: &str, limit: usize) -> Result<Vec<SearchHit>, ServiceError> {
        if !text.chars().any(char::is_alphanumeric) {
            return Err(ServiceError::invalid(format!("`{text}` holds no word to look for")));
        }
        let limit = limit.clamp(1, MOST_FOUND);
        let mut numbered = self.numbered(text).await?;
        numbered.truncate(limit);
        let meant = numbered.partition_point(|one| one.by.nearness < NumberNearness::Ending);
        let ending = numbered.split_off(meant);
        let (words, beginnings) = self.found_by_words(text, limit).await?;
        let mut hits = self.holders_of(numbered).await?;
        // A number that ends so is nearer than a word that only begins so.
        for hit in words.into_iter().chain(self.holders_of(ending).await?).chain(beginnings) {
            let known = hit.document.is_none() && hits.iter().any(|known| known.id == hit.id);
            if !known && hits.len() < limit {
                hits.push(hit);
            }
        }
        let shown = hits.iter_mut().flat_map(|hit| hit.last.iter_mut().chain(&mut hit.document)).collect();
        SubjectReader::Now(self).date_deliveries(shown).await?;
        let nobodys = hits.iter_mut().filter(|hit| hit.id.is_empty());
        self.state_whose(nobodys.filter_map(|hit| hit.document.as_mut()).collect()).await?;
        Ok(hits)
    }

    /// Customers that all the words fit: those that have them whole, and those of whom a word only begins so.
    async fn found_by_words(&self, text: &str, limit: usize) -> Result<(Vec<SearchHit>, Vec<SearchHit>), ServiceError> {
        let (mut asked, mut fitting) = (text.to_owned(), Vec::new());
        for reading in readings(text, &self.region) {
            fitting = self.store.find(&reading, MOST_FOUND).await?;
            asked = reading;
            if !fitting.is_empty() {
                break;
            }
        }
        fitting.sort_by_cached_key(|found| MatchNearness::of(&found.text, &asked));
        // Only who is answered is read: a customer may fit by several texts of its own.
        let (mut nearest, mut seen) = (Vec::new(), BTreeSet::new());
        for found in fitting {
            let Some(party) = found.parties.first().cloned().filter(|party| !seen.contains(party)) else { continue };
            seen.extend(found.parties.iter().cloned());
            nearest.push((party, found));
            if nearest.len() == limit {
                break;
            }
        }
        let first: Vec<String> = nearest.iter().map(|(party, _)| party.clone()).collect();
        let customers: Vec<SearchHit> =
            self.customers().profiles(&first).await?.iter().map(|rows| self.hit(rows)).collect();
        let (mut whole, mut beginnings) = (Vec::<SearchHit>::new(), Vec::<SearchHit>::new());
        for (party, found) in &nearest {
            if whole.iter().chain(&beginnings).any(|hit| hit.parties.contains(party)) {
                continue;
            }
            // Whoever is found by words is known: left out, one that is damaged would seem not to exist.
            let Some(customer) = customers.iter().find(|customer| customer.parties.contains(party)) else {
                let damaged =
                    format!("`{party}` is found by its words and is nobody: `onefold rebuild` makes the views again");
                return Err(ServiceError::new(ErrorCode::Damaged, damaged));
            };
            let found_by = found.text.lines().map(str::to_owned).collect();
            let hit = SearchHit { found_by, ..customer.clone() };
            match MatchNearness::of(&found.text, &asked) {
                MatchNearness::Beginnings => beginnings.push(hit),
                _ => whole.push(hit),
            }
        }
        Ok((whole, beginnings))
    }

    /// A customer as it is told apart from others of its name.
    fn hit(&self, rows: &CustomerRows) -> SearchHit {
        let view = rows.view(&self.rules, None, None);
        let of_kind = |kind: &'static str| {
            let held = view.identifiers.iter().filter(move |one| one.kind == kind && one.state != "withdrawn");
            held.map(|one| one.value.clone()).take(TELLING)
        };
        let address = view.profile.iter().find(|(field, _)| field.ends_with("address"));
        SearchHit {
            name: name_of(&view),
            reached_by: of_kind("phone").chain(of_kind("email")).collect(),
            address: address.map(|(_, value)| value.value.clone()).unwrap_or_default(),
            last: view.latest.first().cloned(),
            id: view.id,
            parties: view.parties,
            ..SearchHit::default()
        }
    }

    /// Who holds documents, each with the number by which it is found.
    async fn holders_of(&self, numbered: Vec<NumberedDocument>) -> Result<Vec<SearchHit>, ServiceError> {
        let mut hits = Vec::new();
        for NumberedDocument { by, subject, document, .. } in numbered {
            let found_by = vec![by.text];
            let holder = match self.customer(&CustomerReference::Subject(subject)).await {
                Ok(rows) => self.hit(&rows),
                // Nobody's.
                Err(error) if error.code == ErrorCode::NotFound => SearchHit::default(),
                Err(error) => return Err(error),
            };
            hits.push(SearchHit { found_by, document: Some(document), ..holder });
        }
        Ok(hits)
    }

    /// Documents that have a number, the nearest first, of those the latest. A waybill of which its carrier has told nothing stands
    /// for what names it.
    async fn numbered(&self, text: &str) -> Result<Vec<NumberedDocument>, ServiceError> {
        let Some(number) = DocumentNumber::of(text).filter(|_| text.chars().any(|c| c.is_ascii_digit())) else {
            return Ok(Vec::new());
        };
        let mut asked: Vec<(Option<NumberedBy>, String)> =
            self.store.numbered(&number, MOST_NUMBERED).await?.into_iter().map(|key| (None, key)).collect();
        let mut found = Vec::new();
        // What is only named leads to what names it, which is looked at in a second round.
        for _ in 0..2 {
            let keys: Vec<String> = asked.iter().map(|(_, key)| key.clone()).collect();
            let states = self.store.subjects(&keys).await?;
            let mut naming = Vec::new();
            for ((named_by, key), state) in asked.into_iter().zip(states) {
                let (Some(state), Ok(subject)) = (state, key.parse::<Subject>()) else { continue };
                let Some(by) = named_by.or_else(|| NumberedBy::of(&number, &subject, &state)) else { continue };
                match row(&key, &state.contributions(&subject)) {
                    Some(document) => found.push(NumberedDocument { by, at: state.at(), subject, document }),
                    None => naming.extend(state.inbound.keys().next().map(|from| (Some(by), from.clone()))),
                }
            }
            asked = naming;
        }
        found.sort_by(|a, b| (a.by.nearness, b.at, &a.subject).cmp(&(b.by.nearness, a.at, &b.subject)));
        // It may be near by its own number and nearer by that of a waybill.
        let mut seen = BTreeSet::new();
        found.retain(|one| seen.insert(one.subject.clone()));
        Ok(found)
    }

    /// What a customer or document is called: an id, an identifier, a subject, or the number of one document alone. The number of
    /// one that is only named, as a waybill of which its carrier has told nothing, leads to what names it.
    ///
    /// # Errors
    /// It is none of these, several documents have the number, or the read model cannot be read.
    pub async fn read_reference(&self, text: &str) -> Result<CustomerReference, ServiceError> {
        let parsed = text.parse::<CustomerReference>();
        let Err(error) = parsed else { return parsed };
        if text.contains(':') || !text.chars().any(|c| c.is_ascii_digit()) {
            return Err(error);
        }
        let mut numbered = self.numbered(text).await?;
        let nearest = numbered.first().map(|one| one.by.nearness);
        numbered.retain(|one| Some(one.by.nearness) == nearest);
        match numbered.as_slice() {
            [] => Err(ServiceError::not_found(format!("no document has the number `{text}`: {}", error.message))),
            [one] => Ok(CustomerReference::Subject(one.subject.clone())),
            several => {
                let named: Vec<&str> = several.iter().take(10).map(|one| one.subject.as_str()).collect();
                let more = several.len().saturating_sub(named.len());
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                let message = format!(
                    "`{text}` is the number of {} documents: {}{more}; name one of them",
                    several.len(),
                    named.join(", ")
                );
                Err(ServiceError::new(ErrorCode::Ambiguous, message))
            }
        }
    }
}

/// What was said, the likeliest reading first: phones in the national form of the hub's region, digits in groups as one word, and the
/// words as they stand.
fn readings(text: &str, region: &str) -> Vec<String> {
    let spoken = SearchTerm::spoken(text);
    let international = |word: &str| -> Option<String> {
        let is_phone = !region.is_empty() && !word.starts_with('+') && word.bytes().all(|b| b.is_ascii_digit());
        let key = is_phone.then(|| normalise_identifier("phone", word, region).ok()).flatten()?.to_string();
        key.strip_prefix("phone:").map(str::to_owned)
    };
    // Word by word, since a name may stand before the phone.
    let joined = spoken.as_deref().unwrap_or(text);
    let read: Vec<Option<String>> = joined.split_whitespace().map(international).collect();
    let mut all = Vec::new();
    if read.iter().any(Option::is_some) {
        let words = joined.split_whitespace().zip(read);
        all.push(words.map(|(word, read)| read.unwrap_or_else(|| word.to_owned())).collect::<Vec<_>>().join(" "));
    }
    all.extend(spoken);
    all.push(text.to_owned());
    all
}

#[cfg(test)]
mod tests {
    use super::readings;

    #[test]
    fn a_phone_as_it_is_spoken_is_read_under_the_region_of_the_hub_first() {
        for (said, region, first) in [
            ("138 0013 8000", "CN", "+8613800138000"),
            ("王伟 138-0013-8000", "CN", "王伟 +8613800138000"),
            ("8 912 345-67-89", "RU", "+79123456789"),
            ("0171 1234567", "DE", "+491711234567"),
            ("138 0013 8000", "", "13800138000"),
            ("+86 138 0013 8000", "DE", "+8613800138000"),
            ("10643", "DE", "10643"),
            ("Anna 30", "CN", "Anna 30"),
        ] {
            let all = readings(said, region);
            assert_eq!((all[0].as_str(), all.last().map(String::as_str)), (first, Some(said)), "{said} {region}");
        }
    }
}
