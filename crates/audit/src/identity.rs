//! Who is one customer, over everybody: first who may be, then set by set.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use onefold_event::Subject;
use onefold_fold::SubjectState;
use onefold_identity::{IdentifierKey, LinkStrength, OwnerAtom, PartyFacts, cluster_parties, find_head};
use onefold_store::KeyPrint;
use onefold_view::{Digest, DigestSum, GuestParty};
use prost::Message;

use crate::replay::{ReplayFindings, ReplayRun};
use crate::row::{ExpectedRow, RowKey};
use crate::settle::{GREETS, SEEN};
use crate::spill::SpillWriter;
use crate::verify::AuditError;

/// A frame of a party in a set: its state.
const STATE: u8 = 0;
/// A frame of a party in a set: what is said of it as a guest (rule C7).
const GUEST: u8 = 1;
/// A frame of a party in a set: when it was first seen.
const FIRST_SEEN: u8 = 3;
/// A frame of a party in a set: a word that it is found by.
const WORD: u8 = 4;

impl ReplayRun {
    /// Parties exist as soon as any event names them, and hold their own numbers (rule B3): of each the least time.
    pub(crate) fn note_first_seen(&self, shard: usize) -> Result<(), AuditError> {
        let chunks = self.seen.take_chunks(shard)?;
        let mut first: foldhash::HashMap<&str, i64> = foldhash::HashMap::default();
        for frame in chunks.frames() {
            let at = i64::from_le_bytes(frame.rest.try_into().unwrap_or_default());
            first.entry(frame.to).and_modify(|first| *first = at.min(*first)).or_insert(at);
        }
        let (mut added, mut asserted) = (self.added.writer(), self.asserted.writer());
        for (party, at) in first {
            added.put_frame(shard, SEEN, party, "", &[&at.to_le_bytes()])?;
            let Ok(subject) = party.parse::<Subject>() else { continue };
            let own = IdentifierKey::of_party(&subject);
            asserted.put_frame(self.shard_of(own.as_str()), 1, own.as_str(), party, &[])?;
        }
        added.finish()?;
        Ok(asserted.finish()?)
    }

    /// Who ever asserted the identifiers of a shard: hub values, and parties that share a value which links.
    pub(crate) fn note_holders(&self, shard: usize) -> Result<(), AuditError> {
        let chunks = self.asserted.peek_chunks(shard)?;
        let mut holders: foldhash::HashMap<&str, Vec<(&str, bool)>> = foldhash::HashMap::default();
        for frame in chunks.frames() {
            holders.entry(frame.to).or_default().push((frame.from, frame.tag != 0));
        }
        let (mut hubs, mut links) = (Vec::new(), Vec::new());
        for (text, all) in holders {
            let owner = OwnerAtom::identifier_key(text);
            let identifier = RowKey::new(&owner);
            for (party, present) in &all {
                self.rows.take_row(ExpectedRow::Holder { party: RowKey::new(party), identifier, present: *present });
            }
            let Ok(value) = text.parse::<IdentifierKey>() else { continue };
            if self.rules.is_hub(value.kind(), all.len() as u64) {
                hubs.push(value);
            } else if self.rules.strength(value.kind()) != LinkStrength::Neither {
                let mut present = all.iter().filter(|(_, held)| *held).map(|(party, _)| KeyPrint::of(party));
                if let Some(first) = present.next() {
                    links.extend(present.map(|other| (first, other)));
                }
            }
        }
        let mut found = self.lock_found();
        found.hubs.extend(hubs);
        links.into_iter().for_each(|(one, other)| found.links.connect_parties(one, other));
        Ok(())
    }

    /// Adds whom decisions name: then it is known who may be one customer.
    pub(crate) fn link_parties(&self) -> Result<(), AuditError> {
        let ReplayFindings { mut links, decisions, hubs, .. } = std::mem::take(&mut *self.lock_found());
        for decision in &decisions {
            let mut parties = decision.parties().map(|party| KeyPrint::of(party.as_str()));
            let Some(first) = parties.next() else { continue };
            // With itself, where it is the only one.
            std::iter::once(first).chain(parties).for_each(|other| links.connect_parties(first, other));
        }
        // Whom they name was seen, so that it comes to the others of its set.
        self.linked.get_or_init(|| links.finish(decisions, hubs));
        Ok(())
    }

    /// The lane of the set of those who may be one customer with a party; none where it is one by itself.
    fn set_of(&self, party: &str) -> Option<usize> {
        Some(self.linked.get()?.set_of(KeyPrint::of(party))? % self.shards)
    }

    /// Brings the parties of a shard together with those whom they may be one customer with.
    pub(crate) fn gather_parties(&self, shard: usize) -> Result<(), AuditError> {
        let (states, words) = (self.states.take_chunks(shard)?, self.words.take_chunks(shard)?);
        let mut together = self.together.writer();
        let states = states.frames().map(|frame| (STATE, frame));
        let greetings = words.frames().filter(|frame| frame.tag == GREETS).map(|frame| (GUEST, frame));
        for (tag, frame) in states.chain(greetings) {
            if let Some(lane) = self.set_of(frame.to) {
                together.put_frame(lane, tag, frame.to, "", &[frame.rest])?;
            }
        }
        Ok(together.finish()?)
    }

    /// Takes in when a party was first seen and what it is found by, if others may be one customer with it: whether so.
    pub(crate) fn meet_facts(
        &self,
        party: &str,
        seen: i64,
        words: &BTreeSet<String>,
        to: &mut SpillWriter<'_>,
    ) -> Result<bool, AuditError> {
        let Some(lane) = self.set_of(party) else { return Ok(false) };
        to.put_frame(lane, FIRST_SEEN, party, "", &[&seen.to_le_bytes()])?;
        for word in words {
            to.put_frame(lane, WORD, party, "", &[word.as_bytes()])?;
        }
        Ok(true)
    }

    /// Clusters the sets of a lane: customers of several parties with their rows, and those who are one by themselves after all.
    /// Where customers are to be named, their heads are kept.
    pub(crate) fn cluster_lane(&self, lane: usize, naming: bool) -> Result<(), AuditError> {
        let chunks = self.together.take_chunks(lane)?;
        let mut parties: BTreeMap<&str, CandidateParty> = BTreeMap::new();
        for frame in chunks.frames() {
            let party = parties.entry(frame.to).or_default();
            match frame.tag {
                STATE => party.state = SubjectState::decode(frame.rest).map_err(AuditError::Decode)?,
                GUEST => party.guests.push(GuestParty::decode(frame.rest).map_err(AuditError::Decode)?),
                FIRST_SEEN => party.seen = frame.rest.try_into().ok().map(i64::from_le_bytes),
                WORD => drop(party.words.insert(String::from_utf8_lossy(frame.rest).into_owned())),
                _ => {}
            }
        }
        let known = parties.iter_mut().filter_map(|(party, candidate)| candidate.party_facts(party));
        let facts: BTreeMap<Subject, PartyFacts> = known.collect();
        let Some(linked) = self.linked.get().filter(|_| !facts.is_empty()) else { return Ok(()) };
        let (mut customers, mut heads) = (0, HashMap::new());
        let (mut clusters, mut ids) = (DigestSum::default(), DigestSum::default());
        for set in cluster_parties(&facts, &linked.decisions, &linked.hubs, &self.rules).sets {
            let seen = |party: &Subject| parties.get(party.as_str()).and_then(|candidate| candidate.seen);
            let times = set.iter().map(|party| (party, seen(party).unwrap_or(i64::MAX)));
            let Some(head) = find_head(times) else { continue };
            let keys: Vec<&str> = set.iter().map(Subject::as_str).collect();
            customers += 1;
            clusters.add(&Digest::of_cluster(keys.iter().copied()));
            ids.add(&Digest::of_id(head.as_str(), keys.iter().copied()));
            let head = RowKey::new(head.as_str());
            for party in keys.iter().filter(|_| set.len() > 1) {
                self.rows.take_row(ExpectedRow::Member { party: RowKey::new(party), head });
                if naming {
                    heads.insert((*party).to_owned(), head.text.to_owned());
                }
            }
            let words = keys.iter().filter_map(|party| parties.get(party)).flat_map(|party| party.words.clone());
            self.add_words(&keys, words.collect());
        }
        let mut found = self.lock_found();
        found.customers += customers;
        found.clusters.merge(&clusters);
        found.ids.merge(&ids);
        found.heads.extend(heads);
        Ok(())
    }

    /// Present holders of some identifiers, as their owner keys name them.
    pub(crate) fn find_holders(
        &self,
        wanted: &BTreeSet<String>,
    ) -> Result<HashMap<String, BTreeSet<String>>, AuditError> {
        let mut holders: HashMap<String, BTreeSet<String>> = HashMap::new();
        for owner in wanted {
            let Some(value) = OwnerAtom::identifier_of(owner) else { continue };
            let chunks = self.asserted.peek_chunks(self.shard_of(value))?;
            let present = chunks.frames().filter(|frame| frame.to == value && frame.tag != 0);
            holders.insert(owner.clone(), present.map(|frame| frame.from.to_owned()).collect());
        }
        Ok(holders)
    }
}

/// A party that may be one customer with others.
#[derive(Default)]
struct CandidateParty {
    state: SubjectState,
    guests: Vec<GuestParty>,
    seen: Option<i64>,
    words: BTreeSet<String>,
}

impl CandidateParty {
    /// What links it. Who is only named has its own number.
    fn party_facts(&mut self, party: &str) -> Option<(Subject, PartyFacts)> {
        let party = party.parse::<Subject>().ok()?;
        for guest in std::mem::take(&mut self.guests) {
            self.state.merge_guest(&party, &guest);
        }
        let known = std::mem::take(&mut self.state).fragment.map(|fragment| fragment.party_facts(&party));
        let facts = known.unwrap_or_else(|| PartyFacts::new(party.clone()));
        Some((party, facts))
    }
}
