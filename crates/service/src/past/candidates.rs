//! Events of all subjects that may belong to a question about the past, found by key: through the indexes of what stands now and
//! that of former owners, round by round, so that it takes no longer the longer the log is.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::{DecodedEvent, Subject, decode_with};
use onefold_fold::FactState;
use onefold_identity::{IdentifierKey, OwnerAtom, guest_identifier};
use onefold_log::EVENTS_TOPIC;
use onefold_store::{DocumentPlace, FactsOf, HolderQuery, ListingOrder, ReadTx};
use onefold_view::bystander_key;

use super::subject_search::{MOST_SUBJECTS, SubjectSearch, check_bound};
use crate::{ErrorCode, Service, ServiceError};

/// Copies of events that a read in the past looks at, at most.
const MOST_EVENTS: usize = 100_000;
/// Subjects whose facts, and events, that are read at once.
const CHUNK: usize = 1_000;
/// Subjects that name a party of whom no more is wanted than who it was: enough to see that it was there.
const FEW: usize = 20;
/// Subjects that once named such a party, decisions on it among them.
const MOST_FORMER: usize = 1_000;
/// Parties of a value beyond its limit of which it is looked up whether they had asserted it by a time; of one with more it was a hub
/// then too.
const MOST_HOLDERS: u64 = 1_000;

/// A copy of an event, as the read model knows it, and what it says.
pub(super) struct EventCopy {
    pub(super) fact: FactState,
    pub(super) event: DecodedEvent,
}

/// The subjects that may belong to a question, with the copies of their events.
#[derive(Default)]
pub(super) struct PastCandidates {
    read: BTreeMap<Subject, Vec<EventCopy>>,
    events: usize,
    /// What was looked for, each by its own index.
    asked: BTreeSet<(Lookup, String)>,
}

/// What a key is looked for by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Lookup {
    /// All that stands under it, and whatever once named it.
    Owner,
    /// As much of that as shows that a party was there.
    Witness,
    /// Decisions on a party.
    Decisions,
    /// What names a document, a decision, or a party's record.
    Naming,
    /// Who holds a value.
    Holders,
}

impl PastCandidates {
    /// Has a search look at every event found so far.
    fn look_through(&self, search: &mut SubjectSearch) {
        for copy in self.read.values().flatten() {
            search.take_event(&copy.event, copy.fact.recorded_at);
        }
    }

    /// The events of these subjects.
    pub(super) fn take_events(mut self, subjects: &BTreeSet<Subject>) -> Vec<EventCopy> {
        self.read.retain(|subject, _| subjects.contains(subject));
        self.read.into_values().flatten().collect()
    }

    /// Those of the keys that were not looked for yet.
    fn new_keys<'a>(&mut self, by: Lookup, keys: impl Iterator<Item = &'a str>) -> Vec<String> {
        keys.filter(|key| self.asked.insert((by, (*key).to_owned()))).map(str::to_owned).collect()
    }
}

impl Service {
    /// Finds all that a search wants, in events that stand before these positions.
    pub(super) async fn search_candidates(
        &self,
        search: &mut SubjectSearch,
        positions: &[u64],
    ) -> Result<PastCandidates, ServiceError> {
        let mut candidates = PastCandidates::default();
        search.follow_values();
        loop {
            search.check_size(MOST_SUBJECTS)?;
            let before = search.size();
            let found = self.next_candidates(search, &mut candidates).await?;
            let new: BTreeSet<Subject> =
                found.into_iter().filter(|subject| !candidates.read.contains_key(subject)).collect();
            self.read_events(&new, positions, &mut candidates).await?;
            candidates.look_through(search);
            search.follow_values();
            if new.is_empty() && search.size() == before {
                break;
            }
        }
        let parties: Vec<Subject> = search.asked.iter().chain(&search.beside).cloned().collect();
        let keys: Vec<String> = parties.iter().map(Subject::to_string).collect();
        let first_seen = self.store.begin_read().await?.first_seen(&keys).await?;
        search.first_seen.extend(parties.into_iter().zip(first_seen).filter_map(|(party, at)| Some((party, at?))));
        Ok(candidates)
    }

    /// Subjects that the indexes lead to from what the search has found since it was asked last.
    async fn next_candidates(
        &self,
        search: &mut SubjectSearch,
        candidates: &mut PastCandidates,
    ) -> Result<BTreeSet<Subject>, ServiceError> {
        let mut read = self.store.begin_read().await?;
        let mut found: BTreeSet<String> = search.named_subjects().map(Subject::to_string).collect();
        let parties: Vec<&Subject> = search.asked.iter().chain(&search.beside).collect();
        let whole = |party: &&Subject| search.asked.contains(*party) || guest_identifier(party).is_some();
        let owners = parties.iter().copied().filter(whole).map(Subject::as_str);
        let values: Vec<String> = search.owning_values().map(OwnerAtom::identifier_key).collect();
        let owners = candidates.new_keys(Lookup::Owner, owners.chain(values.iter().map(String::as_str)));
        add_owned(&mut *read, &owners, MOST_SUBJECTS, &mut found).await?;
        add_former(&mut *read, &owners, MOST_SUBJECTS, &mut found).await?;
        let witnesses = candidates.new_keys(Lookup::Witness, parties.iter().map(|party| party.as_str()));
        for party in &witnesses {
            add_owned(&mut *read, std::slice::from_ref(party), FEW, &mut found).await?;
        }
        add_former(&mut *read, &witnesses, MOST_FORMER, &mut found).await?;
        let bystanders: Vec<String> = witnesses.iter().map(|party| bystander_key(party)).collect();
        add_former(&mut *read, &bystanders, FEW, &mut found).await?;
        let decided = candidates.new_keys(Lookup::Decisions, parties.iter().map(|party| party.as_str()));
        found.extend(read.decisions(&decided).await?.into_iter().map(|named| named.decision));
        let others = search.documents.iter().chain(&search.decisions).chain(parties.iter().copied());
        let named = candidates.new_keys(Lookup::Naming, others.map(Subject::as_str));
        for state in read.subjects(&named).await?.into_iter().flatten() {
            found.extend(state.inbound.into_keys());
        }
        let named: Vec<String> = named.into_iter().filter(|key| !OwnerAtom::is_party(key)).collect();
        add_former(&mut *read, &named, MOST_SUBJECTS, &mut found).await?;
        self.add_holders(&mut *read, search, candidates, &mut found).await?;
        check_bound(found.len(), MOST_SUBJECTS * 2, "subjects")?;
        Ok(found.iter().filter_map(|key| key.parse().ok()).collect())
    }

    /// Whoever asserts the values of a search, as far as they are to be followed.
    async fn add_holders(
        &self,
        read: &mut dyn ReadTx,
        search: &mut SubjectSearch,
        candidates: &mut PastCandidates,
        found: &mut BTreeSet<String>,
    ) -> Result<(), ServiceError> {
        let wanted: Vec<IdentifierKey> = search.held_values().cloned().collect();
        let new = |key: &IdentifierKey| candidates.asked.insert((Lookup::Holders, key.to_string()));
        let wanted: Vec<IdentifierKey> = wanted.into_iter().filter(new).collect();
        let most = |key: &IdentifierKey| search.most_followed(key).saturating_add(1).max(MOST_HOLDERS + 1);
        let query = |key: &IdentifierKey| HolderQuery { identifier: key.clone(), ever: most(key), present: most(key) };
        let holders = read.holders(&wanted.iter().map(query).collect::<Vec<_>>()).await?;
        let keys: Vec<String> = wanted.iter().map(OwnerAtom::identifier_key).collect();
        let once = read.former_subjects(&keys, MOST_SUBJECTS).await?;
        for ((key, holders), once) in wanted.into_iter().zip(holders).zip(once) {
            let mut parties: Vec<String> = holders.present;
            parties.extend(once.into_iter().filter(|subject| OwnerAtom::is_party(subject)));
            if holders.ever > search.most_followed(&key) {
                // How many had asserted it by the clock of identity is counted, as long as they can be: later it was a hub anyway.
                let Some(identity_at) = search.identity_at().filter(|_| holders.ever <= MOST_HOLDERS) else {
                    search.set_hub(&key);
                    continue;
                };
                let first_seen = read.first_seen(&parties).await?;
                let mut known = first_seen.into_iter().map(|at| at.is_some_and(|at| at <= identity_at));
                parties.retain(|_| known.next().unwrap_or(false));
            }
            // By its key alone: whoever is only named has no event that says so.
            let own: Vec<Subject> = parties.iter().filter_map(|party| party.parse().ok()).collect();
            let own: Vec<Subject> = own.into_iter().filter(|party| holds_by_key(party, &key)).collect();
            let keys: Vec<String> = own.iter().map(Subject::to_string).collect();
            for (party, at) in own.into_iter().zip(read.first_seen(&keys).await?) {
                search.note_holder(&key, party, at);
            }
            found.extend(parties);
        }
        Ok(())
    }

    /// Reads every distinct copy of an event about these subjects that stands before these positions.
    async fn read_events(
        &self,
        subjects: &BTreeSet<Subject>,
        positions: &[u64],
        into: &mut PastCandidates,
    ) -> Result<(), ServiceError> {
        let subjects: Vec<&Subject> = subjects.iter().collect();
        for some in subjects.chunks(CHUNK) {
            let asked: Vec<FactsOf> = some.iter().map(|subject| FactsOf::all(subject.as_str())).collect();
            let mut facts: Vec<(&Subject, FactState)> = Vec::new();
            for (subject, of) in some.iter().zip(self.store.facts(&asked).await?) {
                into.read.entry((*subject).clone()).or_default();
                facts.extend(of.into_iter().map(|fact| (*subject, fact)));
            }
            // The read model may have gone on since its positions were read.
            facts.retain(|(_, fact)| positions.get(fact.partition as usize).is_some_and(|head| fact.offset < *head));
            into.events += facts.len();
            check_bound(into.events, MOST_EVENTS, "events")?;
            for facts in facts.chunks(CHUNK) {
                let places: Vec<(u32, u64)> = facts.iter().map(|(_, fact)| (fact.partition, fact.offset)).collect();
                for ((subject, fact), stored) in facts.iter().zip(self.log.fetch(EVENTS_TOPIC, &places).await?) {
                    let event = decode_with(&stored.record.value, self.keys.as_ref()).map_err(|error| {
                        let place = format!("{}/{}", fact.partition, fact.offset);
                        let message = format!("the event at {place} of the log cannot be read: {error}");
                        ServiceError::new(ErrorCode::Damaged, message)
                    })?;
                    let copy = EventCopy { fact: fact.clone(), event };
                    into.read.entry((*subject).clone()).or_default().push(copy);
                }
            }
        }
        Ok(())
    }
}

/// Whether a party holds a value by what it is called.
fn holds_by_key(party: &Subject, key: &IdentifierKey) -> bool {
    *key == IdentifierKey::of_party(party) || guest_identifier(party).as_ref() == Some(key)
}

/// Documents that stand under owner keys, the oldest first, at most so many.
async fn add_owned(
    read: &mut dyn ReadTx,
    owners: &[String],
    limit: usize,
    found: &mut BTreeSet<String>,
) -> Result<(), ServiceError> {
    let (mut after, mut count): (Option<DocumentPlace>, usize) = (None, 0);
    while !owners.is_empty() && count < limit {
        let chunk = CHUNK.min(limit);
        let page = read.documents(owners, ListingOrder::OldestFirst, after.as_ref(), chunk).await?;
        count += page.len();
        after = page.last().map(|row| row.place.clone());
        let is_last = page.len() < chunk;
        found.extend(page.into_iter().map(|row| row.place.subject));
        if is_last {
            break;
        }
    }
    Ok(())
}

/// Subjects that once named keys, at most so many of each.
async fn add_former(
    read: &mut dyn ReadTx,
    keys: &[String],
    limit: usize,
    found: &mut BTreeSet<String>,
) -> Result<(), ServiceError> {
    if !keys.is_empty() {
        found.extend(read.former_subjects(keys, limit).await?.into_iter().flatten());
    }
    Ok(())
}
