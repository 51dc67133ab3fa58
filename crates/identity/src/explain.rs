//! Why two parties are one customer.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use onefold_event::Subject;

use crate::decision::standing_decisions;
use crate::link::{PartyIndex, PartyLink, link_groups};
use crate::{IdentifierKey, IdentityRules, PartyDecision, PartyFacts, cluster_parties};

/// One link of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplanationStep {
    /// The one.
    pub from: Subject,
    /// The next.
    pub to: Subject,
    /// What links them.
    pub link: PartyLink,
}

/// The shortest chain of links between two parties of one customer, stronger links first; none if they are two customers. The other arguments are those of [`cluster_parties()`].
pub fn explain(
    parties: &BTreeMap<Subject, PartyFacts>,
    decisions: &[PartyDecision],
    hubs: &BTreeSet<IdentifierKey>,
    rules: &IdentityRules,
    from: &Subject,
    to: &Subject,
) -> Option<Vec<ExplanationStep>> {
    let clusters = cluster_parties(parties, decisions, hubs, rules);
    let ours = clusters.cluster_of(from)?;
    ours.binary_search(to).ok()?;
    let index = PartyIndex::new(parties);
    let ours: BTreeSet<usize> = index.places_of(ours).into_iter().collect();
    let groups = link_groups(&index, &standing_decisions(decisions), hubs, rules);
    let mut of: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, group) in groups.iter().enumerate() {
        for place in group.holders.iter().filter(|place| ours.contains(place)) {
            of.entry(*place).or_default().push(at);
        }
    }
    let (start, end) = (index.place_of(from)?, index.place_of(to)?);
    let mut came: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    let mut seen = BTreeSet::from([start]);
    let mut used = BTreeSet::new();
    let mut queue = VecDeque::from([start]);
    while let Some(place) = queue.pop_front().filter(|place| *place != end) {
        for at in of.get(&place).into_iter().flatten().filter(|at| used.insert(**at)) {
            let holders = groups.get(*at).map(|group| group.holders.as_slice()).unwrap_or_default();
            for next in holders.iter().filter(|next| ours.contains(next)) {
                if seen.insert(*next) {
                    came.insert(*next, (place, *at));
                    queue.push_back(*next);
                }
            }
        }
    }
    let mut steps = Vec::new();
    let mut place = end;
    while place != start {
        let (before, at) = came.get(&place)?;
        let link = groups.get(*at)?.link.clone();
        steps.push(ExplanationStep { from: index.key_at(*before)?.clone(), to: index.key_at(place)?.clone(), link });
        place = *before;
    }
    steps.reverse();
    Some(steps)
}
