//! Whom a change can have moved.

use std::collections::BTreeSet;

use onefold_event::Subject;

use crate::{Decision, IdentifierKey, PartyFacts, Rules, Strength};

/// The values whose present holders a change of a party's facts can have linked or parted, the party itself besides: what it gained or lost, and where its names changed, all that link by name. `None` is a party that is not there.
///
/// Clustering the candidate components *after* the change of the party and all these holders is clustering everything: who was linked before and is not now, was linked by a value that is named here.
pub fn touched_by_facts(
    before: Option<&PartyFacts>,
    after: Option<&PartyFacts>,
    rules: &Rules,
) -> BTreeSet<IdentifierKey> {
    let none = BTreeSet::new();
    let no_names = BTreeSet::new();
    let (old, new) = (before.map_or(&none, |f| &f.identifiers), after.map_or(&none, |f| &f.identifiers));
    let renamed = before.map_or(&no_names, |f| &f.names) != after.map_or(&no_names, |f| &f.names);
    let changed = old.symmetric_difference(new).filter(|key| rules.strength(key.kind()) != Strength::Neither);
    let by_name = new.iter().filter(|key| renamed && rules.strength(key.kind()) == Strength::Weak);
    changed.chain(by_name).cloned().collect()
}

/// The parties that making or undoing a decision can have moved: its own, and those of the decisions, among `others`, that it supersedes.
pub fn touched_by_decision(decision: &Decision, others: &[Decision]) -> BTreeSet<Subject> {
    let superseded = others.iter().filter(|other| decision.supersedes().contains(other.id()));
    decision.parties().chain(superseded.flat_map(Decision::parties)).cloned().collect()
}
