//! What a change of clusters means to whoever follows it from outside.

use std::collections::{BTreeMap, BTreeSet};

use onefold_store::{Cluster, IdentityChange, Members, Note};

/// The parties that may show something else now, and what became of customers: splits, then merges, then other names, so
/// that whoever gives each party to the customer said last ends where the clusters are.
pub(crate) fn notes(before: &BTreeSet<Cluster>, after: &BTreeSet<Cluster>, claimed: &[String]) -> Vec<Note> {
    let (gone, come) = (heads(before.difference(after)), heads(after.difference(before)));
    let parties: BTreeSet<&str> = gone.keys().chain(come.keys()).copied().collect();
    // The head of each party's customer, before and now: one that is alone heads itself.
    let mut flows: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for party in &parties {
        let (from, into) = (gone.get(party).unwrap_or(party), come.get(party).unwrap_or(party));
        flows.entry((from, into)).or_default().push((*party).to_owned());
    }
    let mut into: BTreeMap<&str, Vec<Members>> = BTreeMap::new();
    let mut from: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for ((old, new), parties) in &flows {
        into.entry(old).or_default().push(Members { head: (*new).to_owned(), parties: parties.clone() });
        from.entry(new).or_default().push((*old).to_owned());
    }
    let members = |of: &BTreeMap<&str, &str>, head: &str| {
        let its = parties.iter().filter(|party| of.get(*party).unwrap_or(party) == &head);
        Members { head: head.to_owned(), parties: its.map(|party| (*party).to_owned()).collect() }
    };
    let splits = into.iter().filter(|(_, into)| into.len() > 1);
    let splits = splits.map(|(old, into)| IdentityChange::Split { customer: members(&gone, old), into: into.clone() });
    let merges = from.iter().filter(|(_, from)| from.len() > 1);
    let merges = merges.map(|(new, from)| IdentityChange::Merged { customer: members(&come, new), from: from.clone() });
    let renamed = flows.keys().filter(|(old, new)| old != new && into[old].len() == 1 && from[new].len() == 1);
    let renamed =
        renamed.map(|(old, new)| IdentityChange::Renamed { customer: members(&come, new), from: (*old).to_owned() });
    let identity = splits.chain(merges).chain(renamed).map(Note::Identity);
    let touched: BTreeSet<&str> = parties.iter().copied().chain(claimed.iter().map(String::as_str)).collect();
    touched.into_iter().map(|party| Note::Owner(party.to_owned())).chain(identity).collect()
}

/// The head of each party's cluster.
fn heads<'a>(clusters: impl Iterator<Item = &'a Cluster>) -> BTreeMap<&'a str, &'a str> {
    clusters.flat_map(|c| c.parties.iter().map(|party| (party.as_str(), c.head.as_str()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clusters(all: &[&[&str]]) -> BTreeSet<Cluster> {
        let one = |parties: &&[&str]| Cluster {
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
        notes(&clusters(before), &clusters(after), &[]).iter().filter_map(tell).collect()
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
        let notes = notes(&clusters(&[]), &clusters(&[]), &["x".to_owned()]);
        assert_eq!(notes, [Note::Owner("x".to_owned())]);
    }
}
