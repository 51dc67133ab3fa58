//! What a change of clusters means to whoever keeps them or follows them from outside.

use std::collections::{BTreeMap, BTreeSet};

use onefold_store::{ClusterRow, IdentityChange, Members, Note};

/// The head of each party's customer in the clusters that were and that are now, as far as these differ; a party alone has none.
pub(crate) struct Moves<'a> {
    gone: BTreeMap<&'a str, &'a str>,
    come: BTreeMap<&'a str, &'a str>,
}

impl<'a> Moves<'a> {
    pub(crate) fn new(before: &'a BTreeSet<ClusterRow>, after: &'a BTreeSet<ClusterRow>) -> Self {
        Self { gone: heads(before.difference(after)), come: heads(after.difference(before)) }
    }

    /// Parties that were alone and share a customer now.
    pub(crate) fn joined(&self) -> impl Iterator<Item = &'a str> {
        self.come.keys().filter(|party| !self.gone.contains_key(*party)).copied()
    }

    /// Parties that shared a customer and are alone now.
    pub(crate) fn alone(&self) -> impl Iterator<Item = &'a str> {
        self.gone.keys().filter(|party| !self.come.contains_key(*party)).copied()
    }

    /// Parties that have another head now, under it: of a large customer that one more joins, that one.
    pub(crate) fn formed(&self) -> Vec<ClusterRow> {
        let mut formed: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (party, head) in self.come.iter().filter(|(party, head)| self.gone.get(*party) != Some(*head)) {
            formed.entry(head).or_default().insert((*party).to_owned());
        }
        formed.into_iter().map(|(head, parties)| ClusterRow { head: head.to_owned(), parties }).collect()
    }

    /// Parties by which all are found whose customer may show something else now: those that changed, those that have another
    /// head, and the heads of customers that lost or won somebody.
    pub(crate) fn touched(&'a self, changed: &'a BTreeSet<String>) -> BTreeSet<&'a str> {
        let moved = self.parties().into_iter().filter(|party| self.gone.get(party) != self.come.get(party));
        let heads = self.gone.values().chain(self.come.values()).copied();
        moved.chain(heads).chain(changed.iter().map(String::as_str)).collect()
    }

    fn parties(&self) -> BTreeSet<&'a str> {
        self.gone.keys().chain(self.come.keys()).copied().collect()
    }

    /// For the publisher, the parties that are touched, and what became of customers: splits, then merges, then other names, so
    /// that whoever gives each party to the customer said last ends where the clusters are.
    pub(crate) fn notes(&self, changed: &BTreeSet<String>) -> Vec<Note> {
        // The head of each party's customer, before and now: one that is alone heads itself.
        let mut flows: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
        let mut were: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let mut are = were.clone();
        for party in self.parties() {
            let from = self.gone.get(party).copied().unwrap_or(party);
            let into = self.come.get(party).copied().unwrap_or(party);
            flows.entry((from, into)).or_default().push(party.to_owned());
            were.entry(from).or_default().push(party.to_owned());
            are.entry(into).or_default().push(party.to_owned());
        }
        let mut into: BTreeMap<&str, Vec<Members>> = BTreeMap::new();
        let mut from: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for ((old, new), parties) in &flows {
            into.entry(old).or_default().push(Members { head: (*new).to_owned(), parties: parties.clone() });
            from.entry(new).or_default().push((*old).to_owned());
        }
        let members = |of: &BTreeMap<&str, Vec<String>>, head: &str| Members {
            head: head.to_owned(),
            parties: of.get(head).cloned().unwrap_or_default(),
        };
        let splits = into.iter().filter(|(_, into)| into.len() > 1);
        let splits =
            splits.map(|(old, into)| IdentityChange::Split { customer: members(&were, old), into: into.clone() });
        let merges = from.iter().filter(|(_, from)| from.len() > 1);
        let merges =
            merges.map(|(new, from)| IdentityChange::Merged { customer: members(&are, new), from: from.clone() });
        let renamed = flows.keys().filter(|(old, new)| old != new && into[old].len() == 1 && from[new].len() == 1);
        let renamed =
            renamed.map(|(old, new)| IdentityChange::Renamed { customer: members(&are, new), from: (*old).to_owned() });
        let identity = splits.chain(merges).chain(renamed).map(Note::Identity);
        let touched = self.touched(changed);
        touched.into_iter().map(|party| Note::Owner(party.to_owned())).chain(identity).collect()
    }
}

/// The head of each party's cluster.
fn heads<'a>(clusters: impl Iterator<Item = &'a ClusterRow>) -> BTreeMap<&'a str, &'a str> {
    clusters.flat_map(|c| c.parties.iter().map(|party| (party.as_str(), c.head.as_str()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clusters(all: &[&[&str]]) -> BTreeSet<ClusterRow> {
        let one = |parties: &&[&str]| ClusterRow {
            head: parties.first().copied().unwrap_or_default().to_owned(),
            parties: parties.iter().map(|party| (*party).to_owned()).collect(),
        };
        all.iter().map(one).collect()
    }

    fn told(before: &[&[&str]], after: &[&[&str]]) -> Vec<String> {
        let tell = |note: &Note| match note {
            Note::Owner(_) => None,
            Note::Identity(IdentityChange::Opened { customer }) => Some(format!("opened {}", customer.head)),
            Note::Identity(IdentityChange::Merged { customer, from }) => {
                Some(format!("{} = {} from {}", customer.head, customer.parties.join("+"), from.join("+")))
            }
            Note::Identity(IdentityChange::Split { customer, into }) => {
                let into: Vec<String> = into.iter().map(|m| format!("{}: {}", m.head, m.parties.join("+"))).collect();
                Some(format!("{} = {} into {}", customer.head, customer.parties.join("+"), into.join(", ")))
            }
            Note::Identity(IdentityChange::Renamed { customer, from }) => {
                Some(format!("{} was {from}: {}", customer.head, customer.parties.join("+")))
            }
        };
        let (before, after) = (clusters(before), clusters(after));
        Moves::new(&before, &after).notes(&BTreeSet::new()).iter().filter_map(tell).collect()
    }

    #[test]
    fn a_merge_names_all_whose_parties_it_has_and_a_split_all_who_have_them() {
        assert_eq!(told(&[], &[&["a", "b"]]), ["a = a+b from a+b"]);
        assert_eq!(told(&[&["a", "b"], &["c", "d"]], &[&["a", "b", "c", "d"]]), ["a = a+b+c+d from a+c"]);
        assert_eq!(told(&[&["a", "b", "c"]], &[&["b", "c"]]), ["a = a+b+c into a: a, b: b+c"]);
        assert_eq!(told(&[&["b", "a"]], &[&["a", "b"]]), ["a was b: a+b"]);
        assert!(told(&[&["a", "b"]], &[&["a", "b"]]).is_empty());
    }

    #[test]
    fn a_party_that_goes_from_one_to_another_is_split_off_and_merged() {
        assert_eq!(
            told(&[&["a", "b"], &["c", "d"]], &[&["b", "c", "d"]]),
            ["a = a+b into a: a, b: b", "b = b+c+d from a+c"]
        );
    }

    #[test]
    fn whoever_was_looked_at_may_show_something_else() {
        let notes = Moves::new(&BTreeSet::new(), &BTreeSet::new()).notes(&BTreeSet::from(["x".to_owned()]));
        assert_eq!(notes, [Note::Owner("x".to_owned())]);
    }

    #[test]
    fn of_a_customer_that_one_joins_or_leaves_nobody_else_is_written() {
        let (few, more) = (clusters(&[&["a", "b", "c", "e"]]), clusters(&[&["a", "b", "c", "d", "e"]]));
        let none = BTreeSet::new();
        let joins = Moves::new(&few, &more);
        assert_eq!(joins.formed(), [ClusterRow { head: "a".into(), parties: BTreeSet::from(["d".to_owned()]) }]);
        assert_eq!((joins.touched(&none), joins.alone().count()), (BTreeSet::from(["a", "d"]), 0));
        let leaves = Moves::new(&more, &few);
        assert_eq!((leaves.formed(), leaves.alone().collect::<Vec<_>>()), (vec![], vec!["d"]));
        assert_eq!(leaves.touched(&none), BTreeSet::from(["a", "d"]));
    }
}
