//! The rows that live must have kept, table by table, said in terms of keys.

use std::collections::{BTreeMap, BTreeSet};

use onefold_identity::{Atom, IdentifierKey, Owner};
use onefold_store::{CustomerRows, SearchRow, Table, TableRow};
use onefold_view::{Bundle, Fragment};
use prost::Message;

use crate::Book;

impl Book {
    /// Calls `each` with every row that a table must hold.
    pub(crate) fn rows(&self, table: Table, each: &mut dyn FnMut(TableRow)) {
        match table {
            Table::Subjects => {
                for (subject, state) in self.states.iter().flatten() {
                    each(TableRow::new(subject.as_str(), &[&state.encode_to_vec()]));
                }
            }
            Table::Owners => {
                for (key, bytes, first_seen) in self.owners() {
                    let digest = (!bytes.is_empty()).then(|| Bundle::digest(&key, &bytes));
                    let digest = digest.as_ref().map_or(&[][..], |d| &d.0);
                    let seen = first_seen.map(i64::to_be_bytes);
                    each(TableRow::new(&key, &[&bytes, digest, seen.as_ref().map_or(&[][..], |s| s)]));
                }
            }
            Table::Documents => {
                for (subject, state) in self.states.iter().flatten() {
                    for owner in state.index_keys(subject) {
                        each(TableRow::new(&owner, &[subject.as_str().as_bytes()]));
                    }
                }
            }
            Table::OpenItems => {
                for (subject, state) in self.states.iter().flatten() {
                    for item in state.contributions(subject).values().flat_map(|c| c.open_items()) {
                        let due = item.due.to_be_bytes();
                        each(TableRow::new(&item.owner, &[item.invoice.as_bytes(), &due, &item.encode_to_vec()]));
                    }
                }
            }
            Table::Holders => {
                for (value, holders) in &self.identity.holders {
                    for (party, held) in holders {
                        let identifier = format!("identifier:{value}");
                        let present = i64::from(*held).to_be_bytes();
                        each(TableRow::new(party.as_str(), &[identifier.as_bytes(), &present]));
                    }
                }
            }
            Table::Decisions => {
                for (subject, state) in self.states.iter().flatten() {
                    for party in state.fragment.as_ref().map(Fragment::decided_parties).unwrap_or_default() {
                        each(TableRow::new(party.as_str(), &[subject.as_str().as_bytes()]));
                    }
                }
            }
            Table::Members => {
                for (head, parties) in &self.identity.clusters {
                    parties.iter().for_each(|party| each(TableRow::new(party, &[head.as_bytes()])));
                }
            }
            Table::Search => self.search(each),
            Table::Keys => {
                self.states
                    .iter()
                    .flatten()
                    .for_each(|(subject, _)| each(TableRow::new(subject.as_str(), &[b"subject"])));
                self.owners().for_each(|(key, ..)| each(TableRow::new(&key, &[b"owner"])));
            }
            Table::SetMembers => {
                for set in self.bundles.keys().filter(|key| key.starts_with("set:")) {
                    for atom in Owner::parse(set).iter().flat_map(Owner::atoms) {
                        each(TableRow::new(&atom.to_string(), &[set.as_bytes()]));
                    }
                }
            }
        }
    }

    /// One row per customer, at its first party.
    fn search(&self, each: &mut dyn FnMut(TableRow)) {
        for (_, parties) in self.clusters() {
            let rows = self.customer(&parties);
            let row = SearchRow::of(&rows);
            if let (Some(first), false) = (row.parties.first(), row.text.is_empty()) {
                each(TableRow::new(first, &[row.text.as_bytes()]));
            }
        }
    }

    /// Bundles of a customer's parties: what it is found by stands in those alone.
    fn customer(&self, parties: &[String]) -> CustomerRows {
        let bundle = |party: &String| Some((party.clone(), self.bundles.get(party)?.clone()));
        CustomerRows {
            parties: parties.iter().map(|party| (party.clone(), 0)).collect(),
            bundles: parties.iter().filter_map(bundle).collect(),
            ..CustomerRows::default()
        }
    }

    /// The customer that an owner key is attributed to, as its head's key; none where nobody holds all of it.
    pub(crate) fn customer_of(&self, key: &str) -> Option<String> {
        let heads = self.heads();
        let head = |party: &str| heads.get(party).map_or_else(|| party.to_owned(), |head| (*head).to_owned());
        let mut found: BTreeSet<String> = BTreeSet::new();
        for atom in Owner::parse(key)?.atoms() {
            match atom {
                Atom::Party(party) => drop(found.insert(head(party.as_str()))),
                Atom::Identifier(value) => found.extend(self.holders(value).map(|party| head(&party))),
            }
        }
        (found.len() == 1).then(|| found.pop_first()).flatten()
    }

    fn heads(&self) -> BTreeMap<&str, &str> {
        let pairs = self
            .identity
            .clusters
            .iter()
            .flat_map(|(head, parties)| parties.iter().map(move |p| (p.as_str(), head.as_str())));
        pairs.collect()
    }

    fn holders(&self, value: &IdentifierKey) -> impl Iterator<Item = String> {
        let holders = self.identity.holders.get(value).into_iter().flatten();
        holders.filter(|(_, held)| **held).map(|(party, _)| party.to_string())
    }
}
