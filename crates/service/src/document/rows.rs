//! Rows and events of subjects as they are now, or as they were at the clocks of a past.

use onefold_event::Subject;
use onefold_fold::SubjectState;
use onefold_store::FactsOf;
use onefold_view::OwnerKeys;

use crate::events::{EventPlace, places};
use crate::past::PastWorld;
use crate::{Service, ServiceError};

/// Subjects whose facts are read at once.
const CHUNK: usize = 500;

/// Where rows are read.
pub(crate) enum SubjectReader<'a> {
    Now(&'a Service),
    Past(&'a PastWorld),
}

impl SubjectReader<'_> {
    /// Rows of subjects, in the order asked.
    pub(crate) async fn states(&self, keys: &[String]) -> Result<Vec<Option<SubjectState>>, ServiceError> {
        match self {
            _ if keys.is_empty() => Ok(Vec::new()),
            Self::Now(service) => Ok(service.store.subjects(keys).await?),
            Self::Past(world) => {
                let state = |key: &String| key.parse().ok().and_then(|subject: Subject| world.state(&subject)).cloned();
                Ok(keys.iter().map(state).collect())
            }
        }
    }

    /// Places of the events of subjects, by business time.
    pub(crate) async fn places(&self, keys: &[String]) -> Result<Vec<EventPlace>, ServiceError> {
        let mut all = match self {
            Self::Now(service) => {
                let mut all = Vec::new();
                for some in keys.chunks(CHUNK) {
                    let asked: Vec<FactsOf> = some.iter().map(|key| FactsOf::all(key)).collect();
                    service.store.facts(&asked).await?.iter().for_each(|facts| all.extend(places(facts)));
                }
                all
            }
            Self::Past(world) => world.places_of(keys.iter().map(String::as_str)),
        };
        all.sort();
        Ok(all)
    }

    /// The name of the customer that holds each party, in the order asked; empty where it has none.
    pub(crate) async fn party_names(&self, parties: &[String]) -> Result<Vec<String>, ServiceError> {
        let customers = match self {
            _ if parties.is_empty() => return Ok(Vec::new()),
            Self::Now(service) => service.names(parties).await?,
            Self::Past(world) => {
                let named = parties.iter().filter_map(|party| world.name_of(&party.parse().ok()?));
                named.collect()
            }
        };
        let name = |party: &String| customers.iter().find(|customer| customer.parties.contains(party));
        Ok(parties.iter().map(|party| name(party).map(|customer| customer.name.clone()).unwrap_or_default()).collect())
    }

    /// The documents whose owner is a document's too, each with its owner keys.
    pub(crate) async fn parents(&self, state: &SubjectState) -> Result<Vec<(Subject, OwnerKeys)>, ServiceError> {
        let parents = state.parents();
        let keys: Vec<String> = parents.iter().map(Subject::to_string).collect();
        let states = self.states(&keys).await?;
        Ok(parents.into_iter().zip(states).filter_map(|(parent, state)| Some((parent, state?.owner_keys()))).collect())
    }
}
