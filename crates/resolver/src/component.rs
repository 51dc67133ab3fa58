//! The candidate component of what changed: everybody whom any admissible link reaches, before and after (rule B5).
//! Less than that gives answers that depend on the past.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::Subject;
use onefold_fold::asserted_identifiers;
use onefold_identity::{IdentifierKey, IdentityRules, LinkStrength, PartyDecision, PartyFacts, find_head};
use onefold_store::{ClusterRow, IdentifierHolders, ResolveTx, StoreError};

/// All that clustering a component needs.
#[derive(Debug, Default)]
pub(crate) struct Component {
    pub(crate) parties: BTreeMap<Subject, PartyFacts>,
    pub(crate) first_seen: BTreeMap<Subject, i64>,
    pub(crate) decisions: BTreeMap<String, PartyDecision>,
    pub(crate) hubs: BTreeSet<IdentifierKey>,
    /// Parties that changed: those that were claimed, and those that waited in the component.
    pub(crate) changed: BTreeSet<String>,
    /// Present clusters of its parties.
    pub(crate) before: BTreeSet<ClusterRow>,
}

/// Gathers the component from the parties that changed. Each party is read once; those that wait are claimed on the way, so
/// that a component is gathered once for all that changed in it.
pub(crate) async fn gather(
    tx: &mut dyn ResolveTx,
    changed: &[String],
    rules: &IdentityRules,
) -> Result<Component, StoreError> {
    let changed: BTreeSet<String> = changed.iter().cloned().collect();
    let mut component = Component { changed: changed.clone(), ..Component::default() };
    let mut seen: BTreeSet<String> = changed.clone();
    let mut values: BTreeSet<IdentifierKey> = BTreeSet::new();
    // How many of those that changed ever asserted a value, whether they hold it now or not.
    let mut fresh: BTreeMap<IdentifierKey, u64> = BTreeMap::new();
    let mut frontier: Vec<String> = changed.into_iter().collect();
    while !frontier.is_empty() {
        let (mut next, mut ask) = (BTreeSet::new(), BTreeSet::new());
        for cluster in tx.clusters(&frontier).await? {
            if !component.before.contains(&cluster) {
                next.extend(cluster.parties.iter().cloned());
                component.before.insert(cluster);
            }
        }
        for row in tx.parties(&frontier).await? {
            if row.waited {
                component.changed.insert(row.key.clone());
            }
            let Ok(subject) = row.key.parse::<Subject>() else { continue };
            let fragment = row.state.as_ref().and_then(|s| s.fragment.as_ref());
            let facts = fragment.map_or_else(|| PartyFacts::new(subject.clone()), |f| f.party_facts(&subject));
            ask.extend(facts.identifiers.iter().filter(|v| !values.contains(v)).cloned());
            if component.changed.contains(&row.key) {
                // What it no longer asserts linked it before, and counts all the same.
                for value in asserted_identifiers(&subject, row.state.as_ref()).into_keys() {
                    *fresh.entry(value.clone()).or_default() += 1;
                    ask.insert(value);
                }
            }
            // Records that their source merged, or took apart again; who was absorbed tells whom it was merged into.
            next.extend(facts.at_source.keys().map(ToString::to_string));
            next.extend(row.state.iter().flat_map(|state| state.inbound.keys()).cloned());
            next.extend(decide(tx, &row.decisions, &mut component).await?);
            component.first_seen.insert(subject.clone(), row.first_seen);
            component.parties.insert(subject, facts);
        }
        let ask: Vec<IdentifierKey> =
            ask.into_iter().filter(|v| rules.strength(v.kind()) != LinkStrength::Neither).collect();
        // A value that has just crossed its limit parts all that it linked: its holders are followed once more.
        let limit = ask.iter().map(|v| rules.holder_limit(v.kind())).max().unwrap_or(0);
        let most = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(component.changed.len() + 1);
        for (value, holders) in ask.iter().zip(tx.holders(&ask, most).await?) {
            if rules.is_hub(value.kind(), holders.ever) {
                component.hubs.insert(value.clone());
            }
            if was_no_hub(value, &holders, fresh.get(value).copied().unwrap_or(0), rules) {
                next.extend(holders.present);
            }
        }
        values.extend(ask);
        next.retain(|party| seen.insert(party.clone()));
        frontier = next.into_iter().collect();
    }
    Ok(component)
}

/// Whether a value may have linked before the change: taking away those that changed (`fresh`) or wait to be looked at, it
/// is within its limit. Who asserted it and no longer holds it counts among them, since it counts among all.
fn was_no_hub(value: &IdentifierKey, holders: &IdentifierHolders, fresh: u64, rules: &IdentityRules) -> bool {
    !rules.is_hub(value.kind(), holders.ever.saturating_sub(fresh + holders.waiting))
}

/// Loads decisions, with those that supersede them, and answers the parties that they name.
async fn decide(
    tx: &mut dyn ResolveTx,
    keys: &[String],
    component: &mut Component,
) -> Result<BTreeSet<String>, StoreError> {
    let (mut named, mut seen) = (BTreeSet::new(), BTreeSet::new());
    let mut next: Vec<String> = keys.to_vec();
    while !next.is_empty() {
        next.retain(|key| !component.decisions.contains_key(key) && seen.insert(key.clone()));
        let mut above = Vec::new();
        for (key, state) in next.iter().zip(tx.decisions(&next).await?) {
            let Some(state) = state else { continue };
            // A decision knows those that supersede it, whomever they name.
            above.extend(state.inbound.into_keys());
            let Some(fragment) = state.fragment else { continue };
            named.extend(fragment.decided_parties().iter().map(ToString::to_string));
            let Ok(subject) = key.parse::<Subject>() else { continue };
            if let Some(decision) = fragment.decision(&subject) {
                component.decisions.insert(key.clone(), decision);
            }
        }
        next = above;
    }
    Ok(named)
}

impl Component {
    /// The earliest party of a customer, whose id it bears (rule B7).
    pub(crate) fn head(&self, cluster: &[Subject]) -> Option<Subject> {
        let seen = |party: &Subject| self.first_seen.get(party).copied().unwrap_or(i64::MAX);
        find_head(cluster.iter().map(|party| (party, seen(party)))).cloned()
    }

    /// Decisions, in the order of their keys.
    pub(crate) fn standing(&self) -> Vec<PartyDecision> {
        self.decisions.values().cloned().collect()
    }
}
