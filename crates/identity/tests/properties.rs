//! What holds of every company, tried on random small ones.

mod graph;

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use graph::{Graph, Reference, Sets, decided, decision, facts, graph, party, party_facts, sets};
use onefold_event::Subject;
use onefold_identity::{
    Decision, Holders, IdentifierKey, Link, Neighbourhood, PartyFacts, Reason, Rules, Step, Surroundings, cluster,
    components, explain, touched_by_decision, touched_by_facts,
};
use proptest::prelude::*;

fn clusters(graph: &Graph) -> Sets {
    sets(&cluster(&graph.parties, &graph.decisions, &graph.hubs, &Rules::default()).sets)
}

impl Surroundings for Graph {
    type Error = Infallible;

    fn facts(&mut self, parties: &BTreeSet<Subject>) -> Result<Vec<PartyFacts>, Infallible> {
        Ok(parties.iter().filter_map(|party| self.parties.get(party)).cloned().collect())
    }

    fn holders(&mut self, values: &BTreeSet<IdentifierKey>) -> Result<BTreeMap<IdentifierKey, Holders>, Infallible> {
        let of = |value: &IdentifierKey| {
            if self.hubs.contains(value) {
                return Holders::Hub;
            }
            Holders::Parties(
                self.parties.values().filter(|p| p.identifiers.contains(value)).map(|p| p.key.clone()).collect(),
            )
        };
        Ok(values.iter().map(|value| (value.clone(), of(value))).collect())
    }

    fn decisions(&mut self, parties: &BTreeSet<Subject>) -> Result<Vec<Decision>, Infallible> {
        let (mut found, mut rest): (Vec<_>, Vec<_>) =
            self.decisions.iter().cloned().partition(|d| d.parties().any(|p| parties.contains(p)));
        rest.retain(|d| found.iter().any(|f| d.supersedes().contains(f.id())));
        found.extend(rest);
        Ok(found)
    }
}

/// Something that happens to a company.
#[derive(Debug, Clone)]
enum Change {
    Party(usize, Option<(Vec<usize>, Vec<usize>, Vec<usize>)>),
    Decide(Decision),
    Undo(usize),
    Hub(usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        5 => (0..10_usize, prop::option::weighted(0.9, facts())).prop_map(|(n, facts)| Change::Party(n, facts)),
        2 => (0..5_usize).prop_flat_map(|n| decided(n, 9)).prop_map(Change::Decide),
        1 => (0..5_usize).prop_map(Change::Undo),
        1 => (0..10_usize, 0..4_usize).prop_map(|(n, v)| Change::Hub(n, v)),
    ]
}

/// Makes the change; gives whom it can have moved.
fn apply(graph: &mut Graph, change: &Change, rules: &Rules) -> BTreeSet<Subject> {
    let mut seeds = BTreeSet::new();
    match change {
        Change::Party(n, facts) => {
            let facts = facts.as_ref().map_or_else(|| PartyFacts::new(party(*n)), |facts| party_facts(*n, facts));
            put(graph, facts, &mut seeds, rules);
        }
        Change::Decide(decision) => {
            seeds.extend(undo(graph, decision.id()));
            graph.decisions.push(decision.clone());
            seeds.extend(touched_by_decision(decision, &graph.decisions));
            // Whom a decision names is a party, though nobody has said anything of it yet.
            for party in decision.parties() {
                if !graph.parties.contains_key(party) {
                    put(graph, PartyFacts::new(party.clone()), &mut seeds, rules);
                }
            }
        }
        Change::Undo(n) => seeds.extend(undo(graph, &decision(*n))),
        Change::Hub(n, at) => {
            let value = graph.parties.get(&party(*n)).and_then(|p| p.identifiers.iter().nth(*at)).cloned();
            if let Some(value) = value {
                seeds.extend(graph.parties.values().filter(|p| p.identifiers.contains(&value)).map(|p| p.key.clone()));
                graph.hubs.insert(value);
            }
        }
    }
    seeds
}

fn put(graph: &mut Graph, facts: PartyFacts, seeds: &mut BTreeSet<Subject>, rules: &Rules) {
    let key = facts.key.clone();
    let before = graph.parties.insert(key.clone(), facts);
    let values = touched_by_facts(before.as_ref(), graph.parties.get(&key), rules);
    let held = |p: &&PartyFacts| !p.identifiers.is_disjoint(&values);
    seeds.extend(graph.parties.values().filter(held).map(|p| p.key.clone()));
    seeds.insert(key);
}

fn undo(graph: &mut Graph, id: &Subject) -> BTreeSet<Subject> {
    let (gone, rest) = std::mem::take(&mut graph.decisions).into_iter().partition(|d| d.id() == id);
    graph.decisions = rest;
    let gone: Vec<Decision> = gone;
    gone.iter().flat_map(|before| touched_by_decision(before, &graph.decisions)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn clusters_are_the_rules_by_the_letter(graph in graph()) {
        prop_assert_eq!(clusters(&graph), Reference::new(&graph, &Rules::default()).clusters());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn clusters_do_not_depend_on_the_order_of_decisions(graph in graph(), turn in 0..5_usize) {
        let mut other = graph.clone();
        other.decisions.reverse();
        let turn = turn % other.decisions.len().max(1);
        other.decisions.rotate_left(turn);
        let rules = Rules::default();
        prop_assert_eq!(
            cluster(&graph.parties, &graph.decisions, &graph.hubs, &rules),
            cluster(&other.parties, &other.decisions, &other.hubs, &rules)
        );
    }

    #[test]
    fn nobody_is_with_whom_he_may_not_be(graph in graph()) {
        let reference = Reference::new(&graph, &Rules::default());
        for set in clusters(&graph) {
            for a in &set {
                for b in set.iter().filter(|b| a != *b) {
                    prop_assert!(!reference.forbidden(a, b), "{} {}", a, b);
                }
            }
        }
    }

    #[test]
    fn a_same_that_is_not_honoured_is_reported_with_the_reason(graph in graph()) {
        let rules = Rules::default();
        let found = cluster(&graph.parties, &graph.decisions, &graph.hubs, &rules);
        let reference = Reference::new(&graph, &rules);
        for a in graph.parties.keys() {
            for b in graph.parties.keys().filter(|b| a < b) {
                let (one, other) = (found.of(a).unwrap(), found.of(b).unwrap());
                let apart = reference.verdict(a, b) == Some(true) && one != other;
                let between = |l: &Subject, r: &Subject| (one.contains(l) && other.contains(r)) || (one.contains(r) && other.contains(l));
                let reported = found.unhonoured.iter().any(|u| between(&u.left, &u.right) && between(&u.because.left, &u.because.right));
                prop_assert!(!apart || reported, "{} {} {:?}", a, b, found);
            }
        }
        for same in &found.unhonoured {
            prop_assert_eq!(reference.verdict(&same.left, &same.right), Some(true));
            prop_assert!(reference.forbidden(&same.because.left, &same.because.right));
            let by_decision = matches!(same.because.reason, Reason::Decision(_));
            prop_assert_eq!(by_decision, reference.verdict(&same.because.left, &same.because.right) == Some(false));
        }
    }

    #[test]
    fn components_are_whom_links_connect(graph in graph()) {
        let rules = Rules::default();
        let found = components(&graph.parties, &graph.decisions, &graph.hubs, &rules);
        let reference = Reference::new(&graph, &rules);
        let naive: Sets = reference.components.values().map(|set| set.iter().map(|party| (*party).clone()).collect()).collect();
        prop_assert_eq!(sets(&found), naive);
    }

    #[test]
    fn clustering_what_a_change_touched_is_clustering_everything(start in graph(), changes in prop::collection::vec(change(), 1..8)) {
        let rules = Rules::default();
        let mut graph = start;
        let mut kept = clusters(&graph);
        for change in changes {
            let seeds = apply(&mut graph, &change, &rules);
            let around = Neighbourhood::around(&seeds, &rules, &mut graph).unwrap();
            let (old, rest): (Vec<_>, Vec<_>) = kept.into_iter().partition(|set: &BTreeSet<Subject>| !set.is_disjoint(&around.region));
            prop_assert!(old.iter().all(|set| set.is_subset(&around.region)), "{:?} leaves out some of {:?}", around.region, old);
            kept = rest.into_iter().chain(sets(&around.clusters(&rules).sets)).collect();
            prop_assert_eq!(&kept, &clusters(&graph), "after {:?} around {:?}", change, seeds);
        }
    }

    #[test]
    fn a_decision_undone_leaves_no_trace(graph in graph(), made in decided(9, 9), other in decided(8, 9)) {
        let before = cluster(&graph.parties, &graph.decisions, &graph.hubs, &Rules::default());
        let mut after = graph.clone();
        after.decisions.extend([made, other]);
        clusters(&after);
        after.decisions.truncate(graph.decisions.len());
        prop_assert_eq!(before, cluster(&after.parties, &after.decisions, &after.hubs, &Rules::default()));
    }

    #[test]
    fn what_is_one_customer_is_explained_link_by_link(graph in graph()) {
        let rules = Rules::default();
        let found = clusters(&graph);
        for a in graph.parties.keys() {
            for b in graph.parties.keys() {
                let one = found.iter().any(|set| set.contains(a) && set.contains(b));
                let chain = explain(&graph.parties, &graph.decisions, &graph.hubs, &rules, a, b);
                prop_assert_eq!(chain.is_some(), one);
                let Some(chain) = chain else { continue };
                let mut at = a;
                for step in &chain {
                    prop_assert_eq!(&step.from, at);
                    at = &step.to;
                    prop_assert!(links(&graph, step), "{:?}", step);
                }
                prop_assert_eq!(at, b);
            }
        }
    }
}

fn links(graph: &Graph, step: &Step) -> bool {
    let both =
        |holds: &dyn Fn(&PartyFacts) -> bool| holds(&graph.parties[&step.from]) && holds(&graph.parties[&step.to]);
    match &step.link {
        Link::Decision(id) => {
            let names = |d: &Decision| [&step.from, &step.to].into_iter().all(|party| d.parties().any(|p| p == party));
            graph.decisions.iter().any(|d| d.id() == id && names(d))
        }
        Link::Strong(value) => !graph.hubs.contains(value) && both(&|p| p.identifiers.contains(value)),
        Link::Weak { value, name } => {
            let called = |p: &PartyFacts| p.names.is_empty() || p.names.contains(name);
            !graph.hubs.contains(value) && both(&|p| p.identifiers.contains(value) && called(p))
        }
    }
}
