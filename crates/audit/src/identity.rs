//! Who is one customer, over everybody at once.

use std::collections::{BTreeSet, HashMap};

use onefold_event::Subject;
use onefold_identity::{IdentifierKey, PartyFacts, Strength, cluster, head};
use onefold_view::Digest;

use crate::replay::Replay;
use crate::row::{Key, Row};
use crate::verify::AuditError;

impl Replay {
    /// Who ever asserted the identifiers of a shard: hub values, and parties that share a value which links.
    pub(crate) fn hold(&self, shard: usize) -> Result<(), AuditError> {
        let chunks = self.asserted.peek(shard)?;
        let mut holders: foldhash::HashMap<&str, Vec<(&str, bool)>> = foldhash::HashMap::default();
        for frame in chunks.frames() {
            holders.entry(frame.to).or_default().push((frame.from, frame.tag != 0));
        }
        let (mut hubs, mut linked) = (Vec::new(), Vec::new());
        for (text, all) in holders {
            let owner = format!("identifier:{text}");
            let identifier = Key::new(&owner);
            for (party, present) in &all {
                self.rows.row(Row::Holder { party: Key::new(party), identifier, present: *present });
            }
            let Ok(value) = text.parse::<IdentifierKey>() else { continue };
            if self.rules.is_hub(value.kind(), all.len() as u64) {
                hubs.push(value);
            } else if self.rules.strength(value.kind()) != Strength::Neither {
                let present = || all.iter().filter(|(_, held)| *held);
                if present().nth(1).is_some() {
                    linked.extend(present().filter_map(|(party, _)| party.parse::<Subject>().ok()));
                }
            }
        }
        let mut found = self.found();
        found.hubs.extend(hubs);
        found.linked.extend(linked);
        Ok(())
    }

    /// Clusters every candidate component at once.
    pub(crate) fn cluster(&self) {
        let mut found = self.found();
        let found = &mut *found;
        for party in self.linked.get().into_iter().flatten().filter_map(|party| party.parse::<Subject>().ok()) {
            // Who is only named has no facts, but a decision may link it.
            found.facts.entry(party.clone()).or_insert_with(|| PartyFacts::new(party));
        }
        let facts = std::mem::take(&mut found.facts);
        let clusters = cluster(&facts, &found.decisions, &found.hubs, &self.rules);
        found.sets = clusters.sets.into_iter().filter(|set| set.len() > 1).collect();
        self.members.get_or_init(|| found.sets.iter().flatten().map(ToString::to_string).collect());
    }

    /// Customers of several parties: their rows and digests. Answers the head of each member.
    pub(crate) fn members(&self) -> HashMap<String, String> {
        let mut found = self.found();
        let found = &mut *found;
        let mut heads = HashMap::new();
        for set in &found.sets {
            let time = |party: &Subject| found.seen.get(party.as_str()).copied().unwrap_or(i64::MAX);
            let Some(head) = head(set.iter().map(|party| (party, time(party)))) else { continue };
            let parties: Vec<&str> = set.iter().map(Subject::as_str).collect();
            found.clusters.add(&Digest::cluster(parties.iter().copied()));
            found.ids.add(&Digest::id(head.as_str(), parties.iter().copied()));
            let head = Key::new(head.as_str());
            for party in &parties {
                self.rows.row(Row::Member { party: Key::new(party), head });
                heads.insert((*party).to_owned(), head.text.to_owned());
            }
            let bundles = parties.iter().filter_map(|party| found.words.remove(*party)).flatten();
            self.search(&parties, bundles.collect());
        }
        heads
    }

    /// Present holders of some identifiers, as their owner keys name them.
    pub(crate) fn holders(&self, wanted: &BTreeSet<String>) -> Result<HashMap<String, BTreeSet<String>>, AuditError> {
        let mut holders: HashMap<String, BTreeSet<String>> = HashMap::new();
        for owner in wanted {
            let Some(value) = owner.strip_prefix("identifier:") else { continue };
            let chunks = self.asserted.peek(self.shard(value))?;
            let present = chunks.frames().filter(|frame| frame.to == value && frame.tag != 0);
            holders.insert(owner.clone(), present.map(|frame| frame.from.to_owned()).collect());
        }
        Ok(holders)
    }
}
