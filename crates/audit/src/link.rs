//! What subjects say to each other, then whose each document is, over everything at once.

use std::collections::{BTreeMap, HashMap};

use onefold_event::Subject;
use onefold_identity::Intermediary;
use onefold_store::SubjectState;
use onefold_view::{Fragment, Guest, Inbound, Keys};
use rayon::prelude::*;

/// States of all subjects, by partition.
pub(crate) type States = Vec<HashMap<Subject, SubjectState>>;

/// Gives every guest what orders say of it (rule C7).
pub(crate) fn greet(states: &mut States, guests: HashMap<Subject, Guest>, partition_of: &dyn Fn(&Subject) -> usize) {
    for (party, guest) in guests {
        if let Some(states) = states.get_mut(partition_of(&party)) {
            states.entry(party.clone()).or_default().greet(&party, &guest);
        }
    }
}

/// Delivers to every subject what the others say to it; one that is only named becomes a placeholder.
pub(crate) fn tell(states: &mut States, partition_of: &dyn Fn(&Subject) -> usize) {
    let mut said: Vec<Vec<(Subject, String, Inbound)>> = vec![Vec::new(); states.len()];
    for (subject, state) in states.iter().flatten() {
        for (target, words) in state.fragment.as_ref().map(Fragment::outbound).unwrap_or_default() {
            if let Some(list) = said.get_mut(partition_of(&target)) {
                list.push((target, subject.to_string(), words));
            }
        }
    }
    for (states, said) in states.iter_mut().zip(said) {
        for (target, from, words) in said {
            states.entry(target).or_default().inbound.insert(from, words);
        }
    }
}

/// Finds the keys of every document, parents before children.
pub(crate) fn own(states: &mut States, partition_of: &(dyn Fn(&Subject) -> usize + Sync)) {
    let mut by_rank: BTreeMap<u8, Vec<Subject>> = BTreeMap::new();
    for subject in states.iter().flat_map(HashMap::keys) {
        if let Some(rank) = subject.kind().rank() {
            by_rank.entry(rank).or_default().push(subject.clone());
        }
    }
    for subjects in by_rank.into_values() {
        let found: Vec<(Subject, Option<Keys>)> = subjects
            .into_par_iter()
            .map(|subject| {
                let state = |of: &Subject| states.get(partition_of(of)).and_then(|partition| partition.get(of));
                let intermediary =
                    |party: &Subject| state(party).map_or(Intermediary::None, SubjectState::intermediary);
                let keys_of = |parent: &Subject| state(parent).and_then(|parent| parent.keys.clone());
                let keys = state(&subject).and_then(|s| s.find_keys(&subject, &intermediary, &keys_of));
                (subject, keys.filter(|keys| *keys != Keys::default()))
            })
            .collect();
        for (subject, keys) in found {
            let partition = partition_of(&subject);
            if let Some(state) = states.get_mut(partition).and_then(|states| states.get_mut(&subject)) {
                state.keys = keys;
            }
        }
    }
}
