//! What holds of every company, tried on random small ones.

mod graph;

use std::collections::BTreeSet;

use graph::{Graph, Reference, Sets, decided, graph, merged_at_source, sets};
use onefold_event::Subject;
use onefold_identity::{
    ExplanationStep, ForbiddenReason, IdentityRules, PartyDecision, PartyFacts, PartyLink, cluster_parties, explain,
    find_components, forbidden_pairs, kept_apart,
};
use proptest::prelude::*;

fn clusters(graph: &Graph) -> Sets {
    sets(&cluster_parties(&graph.parties, &graph.decisions, &graph.hubs, &IdentityRules::default()).sets)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn clusters_are_the_rules_by_the_letter(graph in graph()) {
        prop_assert_eq!(clusters(&graph), Reference::new(&graph, &IdentityRules::default()).clusters());
    }

    #[test]
    fn a_customer_that_is_full_takes_nobody_by_values(graph in graph(), full_from in 1..5_u64) {
        let rules = IdentityRules { full_from, ..IdentityRules::default() };
        let found = cluster_parties(&graph.parties, &graph.decisions, &graph.hubs, &rules);
        prop_assert_eq!(sets(&found.sets), Reference::new(&graph, &rules).clusters());
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
        let rules = IdentityRules::default();
        prop_assert_eq!(
            cluster_parties(&graph.parties, &graph.decisions, &graph.hubs, &rules),
            cluster_parties(&other.parties, &other.decisions, &other.hubs, &rules)
        );
    }

    #[test]
    fn nobody_is_with_whom_he_may_not_be(graph in graph()) {
        let reference = Reference::new(&graph, &IdentityRules::default());
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
        let rules = IdentityRules::default();
        let found = cluster_parties(&graph.parties, &graph.decisions, &graph.hubs, &rules);
        let reference = Reference::new(&graph, &rules);
        for a in graph.parties.keys() {
            for b in graph.parties.keys().filter(|b| a < b) {
                let (one, other) = (found.cluster_of(a).unwrap(), found.cluster_of(b).unwrap());
                let said = reference.verdict(a, b) == Some(true) || merged_at_source(&graph, a, b);
                let apart = said && one != other;
                let between = |l: &Subject, r: &Subject| (one.contains(l) && other.contains(r)) || (one.contains(r) && other.contains(l));
                let reported = found.unhonoured.iter().any(|u| between(&u.left, &u.right) && between(&u.because.left, &u.because.right));
                prop_assert!(!apart || reported, "{} {} {:?}", a, b, found);
            }
        }
        for same in &found.unhonoured {
            let said = match &same.link {
                PartyLink::AtSource { .. } => merged_at_source(&graph, &same.left, &same.right),
                _ => reference.verdict(&same.left, &same.right) == Some(true),
            };
            prop_assert!(said, "{:?}", same);
            prop_assert!(reference.forbidden(&same.because.left, &same.because.right));
            let by_decision = matches!(same.because.reason, ForbiddenReason::Decision(_));
            prop_assert_eq!(by_decision, reference.verdict(&same.because.left, &same.because.right) == Some(false));
        }
    }

    #[test]
    fn a_customers_own_decisions_say_which_are_not_honoured(graph in graph()) {
        let found = cluster_parties(&graph.parties, &graph.decisions, &graph.hubs, &IdentityRules::default());
        for set in &found.sets {
            let ours: BTreeSet<Subject> = set.iter().cloned().collect();
            let names = |decision: &&PartyDecision| decision.parties().any(|party| ours.contains(party));
            let mut known: Vec<PartyDecision> = graph.decisions.iter().filter(names).cloned().collect();
            let supersedes = |d: &&PartyDecision| known.iter().any(|known| d.supersedes().contains(known.id()));
            let above: Vec<PartyDecision> = graph.decisions.iter().filter(supersedes).cloned().collect();
            known.extend(above);
            // Whom it names may be unknown here, where only these parties are clustered.
            let kept: BTreeSet<(Subject, Subject)> = kept_apart(&ours, &known)
                .into_iter()
                .flat_map(|kept| kept.others.into_iter().map(move |other| (kept.decision.clone(), other)))
                .filter(|(_, other)| graph.parties.contains_key(other))
                .collect();
            let mut must = BTreeSet::new();
            for same in &found.unhonoured {
                let PartyLink::Decision(id) = &same.link else { continue };
                for (one, other) in [(&same.left, &same.right), (&same.right, &same.left)] {
                    if ours.contains(one) {
                        must.insert((id.clone(), other.clone()));
                    }
                }
            }
            // One pair for each two customers is reported of a decision; here it is everybody whom it names.
            let by_customer = |pairs: &BTreeSet<(Subject, Subject)>| -> BTreeSet<(Subject, Vec<Subject>)> {
                pairs.iter().map(|(id, other)| (id.clone(), found.cluster_of(other).unwrap().to_vec())).collect()
            };
            prop_assert_eq!(by_customer(&kept), by_customer(&must));
            for (_, other) in &kept {
                let facts = |set: &[Subject]| set.iter().map(|p| (p.clone(), graph.parties[p].clone())).collect();
                let because = forbidden_pairs(&facts(set), &facts(found.cluster_of(other).unwrap()), &graph.decisions, &IdentityRules::default());
                prop_assert!(because.is_some());
            }
        }
    }

    #[test]
    fn components_are_whom_links_connect(graph in graph()) {
        let rules = IdentityRules::default();
        let found = find_components(&graph.parties, &graph.decisions, &graph.hubs, &rules);
        let reference = Reference::new(&graph, &rules);
        let naive: Sets = reference.components.values().map(|set| set.iter().map(|party| (*party).clone()).collect()).collect();
        prop_assert_eq!(sets(&found), naive);
    }

    #[test]
    fn a_decision_undone_leaves_no_trace(graph in graph(), made in decided(9, 9), other in decided(8, 9)) {
        let before = cluster_parties(&graph.parties, &graph.decisions, &graph.hubs, &IdentityRules::default());
        let mut after = graph.clone();
        after.decisions.extend([made, other]);
        clusters(&after);
        after.decisions.truncate(graph.decisions.len());
        prop_assert_eq!(before, cluster_parties(&after.parties, &after.decisions, &after.hubs, &IdentityRules::default()));
    }

    #[test]
    fn what_is_one_customer_is_explained_link_by_link(graph in graph()) {
        let rules = IdentityRules::default();
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

fn links(graph: &Graph, step: &ExplanationStep) -> bool {
    let both =
        |holds: &dyn Fn(&PartyFacts) -> bool| holds(&graph.parties[&step.from]) && holds(&graph.parties[&step.to]);
    match &step.link {
        PartyLink::Decision(id) => {
            let names =
                |d: &PartyDecision| [&step.from, &step.to].into_iter().all(|party| d.parties().any(|p| p == party));
            graph.decisions.iter().any(|d| d.id() == id && names(d))
        }
        PartyLink::AtSource { absorbed, into } => {
            let pair = [absorbed, into];
            merged_at_source(graph, absorbed, into) && pair.contains(&&step.from) && pair.contains(&&step.to)
        }
        PartyLink::Strong(value) => !graph.hubs.contains(value) && both(&|p| p.identifiers.contains(value)),
        PartyLink::Weak { value, name } => {
            let called = |p: &PartyFacts| p.names.is_empty() || p.names.contains(name);
            !graph.hubs.contains(value) && both(&|p| p.identifiers.contains(value) && called(p))
        }
    }
}
