//! A party's own part of its bundle: values with their source, identifiers with their state.

use std::collections::BTreeMap;

use crate::EventTime;

use crate::party::{PartyFragment, PartyValue, truncate_text};

/// Most records that a party was merged with at source which a bundle shows, the latest ones.
const MOST_RECORDS: usize = 16;
/// Most identifiers of one party that a bundle shows; identity knows them all.
const MOST: usize = 64;

/// What became of an identifier within its party. The numbers are part of the stored form.
pub(crate) const HELD: u32 = 1;
pub(crate) const INVALID: u32 = 2;
pub(crate) const WITHDRAWN: u32 = 3;

/// An identifier as a bundle shows it.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct ProfileIdentifier {
    #[prost(string, tag = "1")]
    pub(crate) key: String,
    #[prost(uint32, tag = "2")]
    pub(crate) state: u32,
    /// What is wrong with an invalid one.
    #[prost(string, tag = "3")]
    pub(crate) problem: String,
}

/// What became of a party's record at its source. The numbers are part of the stored form.
pub(crate) const MERGED: u32 = 1;
pub(crate) const SPLIT: u32 = 2;
pub(crate) const RETIRED: u32 = 3;

/// What a source did with its record of a party, as a bundle shows it.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct RecordChange {
    #[prost(uint32, tag = "1")]
    pub(crate) what: u32,
    /// The record with which it was merged or from which it was split.
    #[prost(string, tag = "2")]
    pub(crate) other: String,
    #[prost(message, required, tag = "3")]
    pub(crate) at: EventTime,
    #[prost(string, tag = "4")]
    pub(crate) reason: String,
}

/// A party's values, identifiers and flags.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct PartyProfile {
    #[prost(btree_map = "string, message", tag = "1")]
    pub(crate) fields: BTreeMap<String, PartyValue>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) identifiers: Vec<ProfileIdentifier>,
    #[prost(uint32, tag = "3")]
    pub(crate) intermediary: u32,
    #[prost(string, tag = "4")]
    pub(crate) source: String,
    /// Latest first.
    #[prost(message, repeated, tag = "5")]
    pub(crate) records: Vec<RecordChange>,
}

impl PartyProfile {
    pub(crate) fn from_party(party: &PartyFragment, source: &str) -> Self {
        let held = party.identifiers.iter().filter(|(_, held)| held.ever || held.withdrawn).map(|(key, held)| {
            ProfileIdentifier {
                key: key.clone(),
                state: if held.is_standing() { HELD } else { WITHDRAWN },
                problem: String::new(),
            }
        });
        let invalid = party.invalid.iter().map(|(key, problem)| ProfileIdentifier {
            key: key.clone(),
            state: INVALID,
            problem: truncate_text(problem, 120).to_owned(),
        });
        let mut identifiers: Vec<ProfileIdentifier> = held.chain(invalid).collect();
        // Those that stand come first, so that the bound drops the others.
        identifiers.sort_by(|a, b| (a.state, &a.key).cmp(&(b.state, &b.key)));
        identifiers.truncate(MOST);
        let (fields, source) = (party.all_fields(), source.to_owned());
        Self { fields, identifiers, intermediary: party.intermediary, source, records: source_records(party) }
    }
}

fn source_records(party: &PartyFragment) -> Vec<RecordChange> {
    let merged = party.at_source.iter().map(|(other, said)| RecordChange {
        what: if said.merged { MERGED } else { SPLIT },
        other: other.clone(),
        at: said.at,
        reason: said.reason.clone(),
    });
    let retired = party.retired.iter().map(|retired| RecordChange {
        what: RETIRED,
        other: String::new(),
        at: retired.at,
        reason: retired.reason.clone(),
    });
    let mut all: Vec<RecordChange> = retired.chain(merged).collect();
    all.sort_by(|a, b| (b.at, a.what, &a.other).cmp(&(a.at, b.what, &b.other)));
    all.truncate(MOST_RECORDS);
    all
}
