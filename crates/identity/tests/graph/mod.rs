//! Small random companies, and the rules of clustering written down a second time, as plainly as they can be said.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::Subject;
use onefold_identity::{AtSource, IdentifierKey, IdentityRules, LinkStrength, PartyDecision, PartyFacts};
use proptest::prelude::*;

/// All that clusters are a function of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Graph {
    pub(crate) parties: BTreeMap<Subject, PartyFacts>,
    pub(crate) decisions: Vec<PartyDecision>,
    pub(crate) hubs: BTreeSet<IdentifierKey>,
}

pub(crate) type Sets = BTreeSet<BTreeSet<Subject>>;

const VALUES: [&str; 12] = [
    "phone:+1",
    "phone:+2",
    "phone:+3",
    "email:a@b.c",
    "account:1",
    "tax_number:CN:A",
    "tax_number:CN:B",
    "tax_number:CN:C",
    "tax_number:DE:A",
    "loyalty:club:1",
    "number:s0:3",
    "wechat:1",
];

pub(crate) fn party(n: usize) -> Subject {
    format!("party:s{}:{n}", n % 3).parse().unwrap()
}

pub(crate) fn decision(n: usize) -> Subject {
    format!("decision:hub:{n}").parse().unwrap()
}

pub(crate) fn value(text: &str) -> IdentifierKey {
    text.parse().unwrap()
}

pub(crate) fn facts() -> impl Strategy<Value = (Vec<usize>, Vec<usize>, Vec<usize>)> {
    let names = prop_oneof![3 => Just(vec![]), 4 => Just(vec![0]), 2 => Just(vec![1]), 1 => Just(vec![0, 1])];
    let born = prop_oneof![6 => Just(vec![]), 1 => Just(vec![0]), 1 => Just(vec![1]), 1 => Just(vec![0, 1])];
    (prop::collection::vec(0..VALUES.len(), 0..4), names, born)
}

pub(crate) fn party_facts(n: usize, (values, names, born): &(Vec<usize>, Vec<usize>, Vec<usize>)) -> PartyFacts {
    let mut facts = PartyFacts::new(party(n));
    facts.identifiers.extend(values.iter().map(|v| value(VALUES[*v])));
    facts.names.extend(names.iter().map(|n| format!("name {n}")));
    facts.born_on.extend(born.iter().map(|n| format!("1980-01-0{n}")));
    facts
}

pub(crate) fn decided(n: usize, parties: usize) -> impl Strategy<Value = PartyDecision> {
    let some = || {
        prop::collection::btree_set(0..parties.max(1), 1..4)
            .prop_map(|set| set.into_iter().map(party).collect::<BTreeSet<_>>())
    };
    let supersedes =
        prop_oneof![4 => Just(BTreeSet::new()), 1 => (0..5_usize).prop_map(|n| BTreeSet::from([decision(n)]))];
    (any::<bool>(), some(), some(), 0..3_i64, supersedes).prop_map(
        move |(link, one, other, recorded_at, supersedes)| {
            let id = decision(n);
            if link {
                return PartyDecision::Link {
                    id,
                    parties: one.union(&other).cloned().collect(),
                    recorded_at,
                    supersedes,
                };
            }
            PartyDecision::Separate { id, left: one, right: other, recorded_at, supersedes }
        },
    )
}

/// What a source says of two of its records: whose, of which other one, and what.
pub(crate) fn said(parties: usize) -> impl Strategy<Value = (usize, usize, AtSource)> {
    // Every third party is of one source.
    let pair = (0..parties, 1..4_usize).prop_map(move |(n, by)| (n, (n + 3 * by) % parties.next_multiple_of(3).max(1)));
    let order = (0..2_i64, prop::option::of(0..2_i64), 0..3_i64);
    (pair, order, any::<u8>(), prop::bool::weighted(0.7)).prop_map(
        |((n, other), (at, revision, recorded_at), id, merged)| {
            let revision_order = revision.into_iter().collect();
            // An event is about one record, so no two records' statements have one id.
            let id = vec![id, u8::try_from(n).unwrap_or(u8::MAX)];
            (n, other, AtSource { occurred_at: at, revision_order, recorded_at, id, merged })
        },
    )
}

pub(crate) fn graph() -> impl Strategy<Value = Graph> {
    let parties = prop::collection::vec(facts(), 1..9);
    let hubs = prop::collection::btree_set(0..VALUES.len() * 3, 0..3);
    (parties, hubs).prop_flat_map(|(parties, hubs)| {
        let n = parties.len();
        let decisions = (0..5).map(|d| prop::option::weighted(0.4, decided(d, n))).collect::<Vec<_>>();
        let merges = prop::collection::vec(said(n), 0..3);
        (decisions, merges).prop_map(move |(decisions, merges)| {
            let facts = parties.iter().enumerate().map(|(n, facts)| (party(n), party_facts(n, facts)));
            let mut parties: BTreeMap<Subject, PartyFacts> = facts.collect();
            for (n, other, said) in merges.into_iter().filter(|(n, other, _)| n != other) {
                if let Some(facts) = parties.get_mut(&party(n)) {
                    facts.at_source.insert(party(other), said);
                }
            }
            Graph {
                parties,
                decisions: decisions.into_iter().flatten().collect(),
                hubs: hubs.iter().filter_map(|v| VALUES.get(*v)).map(|v| value(v)).collect(),
            }
        })
    })
}

pub(crate) fn sets(clusters: &[Vec<Subject>]) -> Sets {
    clusters.iter().map(|set| set.iter().cloned().collect()).collect()
}

const SCOPES: [&str; 3] = ["tax_number:CN", "tax_number:DE", "born_on"];

/// A graph with what follows from it at once.
pub(crate) struct Reference<'a> {
    graph: &'a Graph,
    /// What the latest decision on a pair says.
    verdicts: BTreeMap<(&'a Subject, &'a Subject), bool>,
    /// Whom each thing links, in order.
    groups: Vec<BTreeSet<&'a Subject>>,
    /// How many of them are of decisions and merges at source; the rest is of values.
    said: usize,
    full_from: u64,
    /// Everybody whom links connect with a party.
    pub(crate) components: BTreeMap<&'a Subject, BTreeSet<&'a Subject>>,
}

fn order(d: &PartyDecision) -> (i64, &Subject) {
    match d {
        PartyDecision::Link { id, recorded_at, .. } | PartyDecision::Separate { id, recorded_at, .. } => {
            (*recorded_at, id)
        }
    }
}

/// Decisions that hold, in order.
fn holding(graph: &Graph) -> Vec<&PartyDecision> {
    let void = |d: &&PartyDecision| {
        graph.decisions.iter().any(|by| {
            let mutual = d.supersedes().contains(by.id());
            by.id() != d.id() && by.supersedes().contains(d.id()) && !(mutual && order(d) > order(by))
        })
    };
    let mut holding: Vec<_> = graph.decisions.iter().filter(|d| !void(d)).collect();
    holding.sort_by_key(|d| order(d));
    holding
}

fn groups<'a>(graph: &'a Graph, rules: &IdentityRules) -> (usize, Vec<BTreeSet<&'a Subject>>) {
    let mut groups = Vec::new();
    for decision in holding(graph) {
        if let PartyDecision::Link { parties, .. } = decision {
            groups.push(parties.iter().collect());
        }
    }
    for a in graph.parties.keys() {
        for b in graph.parties.keys().filter(|b| a < *b) {
            if merged_at_source(graph, a, b) {
                groups.push(BTreeSet::from([a, b]));
            }
        }
    }
    let said = groups.len();
    let values: BTreeSet<&IdentifierKey> =
        graph.parties.values().flat_map(|p| &p.identifiers).filter(|v| !graph.hubs.contains(v)).collect();
    let of = |strength| {
        let mut of: Vec<_> = values.iter().filter(|v| rules.strength(v.kind()) == strength).collect();
        of.sort_by_key(|v| (v.kind(), v.as_str()));
        of
    };
    let holders = |v: &IdentifierKey| graph.parties.values().filter(|p| p.identifiers.contains(v)).collect::<Vec<_>>();
    for value in of(LinkStrength::Strong) {
        groups.push(holders(value).iter().map(|p| &p.key).collect());
    }
    for value in of(LinkStrength::Weak) {
        let holders = holders(value);
        let names: BTreeSet<&String> = holders.iter().flat_map(|p| &p.names).collect();
        for name in names {
            let shared = holders.iter().all(|p| p.names.is_empty() || p.names.contains(name));
            let joins = |p: &&&PartyFacts| p.names.contains(name) || (p.names.is_empty() && shared);
            groups.push(holders.iter().filter(joins).map(|p| &p.key).collect());
        }
    }
    (said, groups)
}

/// Whether the last that their source said of two records is that it merged them.
pub(crate) fn merged_at_source(graph: &Graph, a: &Subject, b: &Subject) -> bool {
    let said = [graph.parties[a].at_source.get(b), graph.parties[b].at_source.get(a)];
    let last = |said: &AtSource| (said.occurred_at, said.revision_order.clone(), said.recorded_at, said.id.clone());
    said.into_iter().flatten().max_by_key(|said| last(said)).is_some_and(|said| said.merged)
}

fn exclusive(facts: &PartyFacts, scope: &str) -> BTreeSet<String> {
    if scope == "born_on" {
        return facts.born_on.clone();
    }
    facts.identifiers.iter().filter(|v| v.scope() == scope).map(ToString::to_string).collect()
}

impl<'a> Reference<'a> {
    pub(crate) fn new(graph: &'a Graph, rules: &IdentityRules) -> Self {
        let (said, groups) = groups(graph, rules);
        let (verdicts, components, full_from) = (BTreeMap::new(), BTreeMap::new(), rules.full_from);
        let mut found = Self { graph, verdicts, groups, said, full_from, components };
        let holding = holding(graph);
        for a in graph.parties.keys() {
            for b in graph.parties.keys().filter(|b| a != *b) {
                let says = holding.iter().rev().find_map(|d| match d {
                    PartyDecision::Link { parties, .. } => (parties.contains(a) && parties.contains(b)).then_some(true),
                    PartyDecision::Separate { left, right, .. } => ((left.contains(a) && right.contains(b))
                        || (left.contains(b) && right.contains(a)))
                    .then_some(false),
                });
                found.verdicts.extend(says.map(|says| ((a, b), says)));
            }
        }
        found.components = graph.parties.keys().map(|party| (party, found.component(party))).collect();
        found
    }

    fn component(&self, of: &'a Subject) -> BTreeSet<&'a Subject> {
        let mut component = BTreeSet::from([of]);
        loop {
            let before = component.len();
            for group in &self.groups {
                if !group.is_disjoint(&component) {
                    component.extend(group);
                }
            }
            if component.len() == before {
                return component;
            }
        }
    }

    pub(crate) fn verdict(&self, a: &Subject, b: &Subject) -> Option<bool> {
        self.verdicts.get(&(a, b)).copied()
    }

    /// Whether two parties may not be one customer.
    pub(crate) fn forbidden(&self, a: &Subject, b: &Subject) -> bool {
        let clash = |scope: &'static str| {
            let own = |p: &Subject| exclusive(&self.graph.parties[p], scope);
            let (x, y) = (own(a), own(b));
            !x.is_empty() && !y.is_empty() && x.is_disjoint(&y)
        };
        match self.verdict(a, b) {
            Some(same) => !same,
            None => SCOPES.into_iter().any(clash),
        }
    }

    /// The clusters, by the letter of the rule.
    pub(crate) fn clusters(&self) -> Sets {
        let mut clusters: Vec<BTreeSet<&Subject>> = self.graph.parties.keys().map(|p| BTreeSet::from([p])).collect();
        for (n, group) in self.groups.iter().enumerate() {
            let full = |set: &BTreeSet<&Subject>| n >= self.said && set.len() as u64 >= self.full_from;
            let (mut meant, rest): (Vec<_>, Vec<_>) = clusters.into_iter().partition(|c| !c.is_disjoint(group));
            meant.sort();
            let mut fitted: Vec<BTreeSet<&Subject>> = Vec::new();
            for cluster in meant {
                let fits = |other: &&mut BTreeSet<&Subject>| {
                    !full(&cluster)
                        && !full(other)
                        && cluster.iter().all(|a| other.iter().all(|b| !self.forbidden(a, b)))
                };
                match fitted.iter_mut().find(fits) {
                    Some(first) => first.extend(cluster),
                    None => fitted.push(cluster),
                }
            }
            clusters = rest.into_iter().chain(fitted).collect();
        }
        clusters.into_iter().map(|set| set.into_iter().cloned().collect()).collect()
    }
}
