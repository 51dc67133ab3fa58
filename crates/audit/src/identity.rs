//! Who is one customer, over everybody at once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use onefold_event::Subject;
use onefold_identity::{Decision, IdentifierKey, PartyFacts, Rules, Strength, cluster, head};
use onefold_view::Fragment;

use crate::link::States;

/// Customers of several parties, and who ever asserted what.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    /// Head and parties.
    pub(crate) clusters: Vec<(String, BTreeSet<String>)>,
    /// Per identifier the parties that ever asserted it; true where they hold it now.
    pub(crate) holders: HashMap<IdentifierKey, BTreeMap<Subject, bool>>,
    pub(crate) hubs: BTreeSet<IdentifierKey>,
}

pub(crate) fn resolve(states: &States, seen: &HashMap<Subject, i64>, rules: &Rules) -> Identity {
    let mut identity = Identity::default();
    let mut decisions: Vec<Decision> = Vec::new();
    for (subject, state) in states.iter().flatten() {
        let Some(fragment) = &state.fragment else { continue };
        decisions.extend(fragment.decision(subject));
        if subject.kind() == onefold_event::Kind::Party {
            for (value, held) in fragment.asserted(subject) {
                identity.holders.entry(value).or_default().insert(subject.clone(), held);
            }
        }
    }
    let is_hub = |value: &IdentifierKey, parties: usize| rules.is_hub(value.kind(), parties as u64);
    identity.hubs = identity
        .holders
        .iter()
        .filter(|(value, all)| is_hub(value, all.len()))
        .map(|(value, _)| value.clone())
        .collect();
    let facts = linked(states, &identity, &decisions, rules);
    let found = cluster(&facts, &decisions, &identity.hubs, rules);
    let time = |party: &Subject| seen.get(party).copied().unwrap_or(i64::MAX);
    for set in found.sets.iter().filter(|set| set.len() > 1) {
        let Some(head) = head(set.iter().map(|party| (party, time(party)))) else { continue };
        identity.clusters.push((head.to_string(), set.iter().map(ToString::to_string).collect()));
    }
    identity
}

/// Facts of the parties that may be linked at all: those that share a value or that a decision names.
fn linked(
    states: &States,
    identity: &Identity,
    decisions: &[Decision],
    rules: &Rules,
) -> BTreeMap<Subject, PartyFacts> {
    let mut parties: BTreeSet<&Subject> = decisions.iter().flat_map(Decision::parties).collect();
    for (value, holders) in &identity.holders {
        let present = holders.iter().filter(|(_, held)| **held).map(|(party, _)| party);
        if rules.strength(value.kind()) != Strength::Neither
            && !identity.hubs.contains(value)
            && present.clone().count() > 1
        {
            parties.extend(present);
        }
    }
    let fragment =
        |party: &Subject| -> Option<&Fragment> { states.iter().find_map(|s| s.get(party))?.fragment.as_ref() };
    let facts =
        |party: &Subject| fragment(party).map_or_else(|| PartyFacts::new(party.clone()), |f| f.party_facts(party));
    parties.into_iter().map(|party| (party.clone(), facts(party))).collect()
}
