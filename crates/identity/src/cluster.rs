//! Which parties are one customer: B5.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::Subject;

use crate::constraint::PairConstraints;
use crate::decision::standing_decisions;
use crate::forming::ClusterBuilder;
use crate::join::UnionFind;
use crate::link::{PartyIndex, link_groups};
use crate::unhonoured::find_unhonoured;
use crate::{IdentifierKey, IdentityRules, PartyDecision, PartyFacts, UnhonouredDecision};

/// The customers, as sets of parties.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PartyClusters {
    /// Every party is in exactly one; each is sorted, and they are by least party.
    pub sets: Vec<Vec<Subject>>,
    /// Decisions *same*, and merges at source, that something forbids.
    pub unhonoured: Vec<UnhonouredDecision>,
}

impl PartyClusters {
    /// The customer of a party.
    pub fn cluster_of(&self, party: &Subject) -> Option<&[Subject]> {
        self.sets.iter().find(|set| set.binary_search(party).is_ok()).map(Vec::as_slice)
    }
}

/// Which parties are one customer, as a function of these sets alone.
///
/// `parties` holds whole candidate components, and every holder of each value that links in them: whether a party without a name is linked depends on all who share its phone. `decisions` are those that name any of them, and those that supersede these, in any order. `hubs` are the values that link nobody.
///
/// Links are taken group by group; within a group the present clusters of its holders, by least key, join the first that nothing forbids. What is forbidden is forbidden between clusters, so no chain brings two together who may not be. A cluster of [`IdentityRules::full_from`] parties takes no more of them by values. The time it takes grows with the parties and what they assert, not with their pairs.
pub fn cluster_parties(
    parties: &BTreeMap<Subject, PartyFacts>,
    decisions: &[PartyDecision],
    hubs: &BTreeSet<IdentifierKey>,
    rules: &IdentityRules,
) -> PartyClusters {
    let index = PartyIndex::new(parties);
    let standing = standing_decisions(decisions);
    let groups = link_groups(&index, &standing, hubs, rules);
    let constraints = PairConstraints::new(&index, &standing, &groups, rules);
    let mut forming = ClusterBuilder::new(&index, &constraints, rules.full_from);
    groups.iter().for_each(|group| forming.join_group(group));
    let formed = forming.finish();
    PartyClusters {
        unhonoured: find_unhonoured(&index, &constraints, &groups, &formed),
        sets: formed.sets().into_iter().map(|set| index.parties_at(&set.members)).collect(),
    }
}

/// The candidate components: everybody whom any admissible link connects, as if nothing were forbidden. Sorted, each and all.
pub fn find_components(
    parties: &BTreeMap<Subject, PartyFacts>,
    decisions: &[PartyDecision],
    hubs: &BTreeSet<IdentifierKey>,
    rules: &IdentityRules,
) -> Vec<Vec<Subject>> {
    let index = PartyIndex::new(parties);
    let mut joined = UnionFind::new(index.len());
    for group in link_groups(&index, &standing_decisions(decisions), hubs, rules) {
        for pair in group.holders.windows(2) {
            if let [a, b] = pair {
                joined.union(*a, *b);
            }
        }
    }
    let mut sets: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for place in 0..index.len() {
        sets.entry(joined.find(place)).or_default().push(place);
    }
    sets.values().map(|set| index.parties_at(set)).collect()
}
