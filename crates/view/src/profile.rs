//! A party's own part of its bundle: values with their source, identifiers with their state.

pub(crate) mod statement;

use std::collections::BTreeMap;

use crate::EventTime;

use crate::party::PartyFragment;
use crate::party::value::{ContactValue, PartyValue, truncate_text};

/// Bytes of attributes, names and texts, that the bundle of one party shows at most, in the order of their names.
const SHOWN: usize = 6 << 10;
/// Contact persons that the bundle of one party shows at most, in the order of their names.
const CONTACTS: usize = 8;
/// Most records that a party was merged with at source which a bundle shows, the latest ones.
const MOST_RECORDS: usize = 16;
/// Most identifiers of one party that a bundle shows; identity knows them all.
const MOST: usize = 64;

/// What became of an identifier within its party. The numbers are part of the stored form.
pub(crate) const HELD: u32 = 1;
pub(crate) const INVALID: u32 = 2;
pub(crate) const WITHDRAWN: u32 = 3;
/// It stood beside the party's own on a guest order.
pub(crate) const BESIDE: u32 = 4;

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
    /// The first of them by name.
    #[prost(btree_map = "string, message", tag = "6")]
    pub(crate) attributes: BTreeMap<String, PartyValue>,
    #[prost(uint32, tag = "7")]
    pub(crate) more_attributes: u32,
    /// The first of them by name.
    #[prost(btree_map = "string, message", tag = "8")]
    pub(crate) contacts: BTreeMap<String, ContactValue>,
    #[prost(uint32, tag = "9")]
    pub(crate) more_contacts: u32,
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
        let beside = party.guest.iter().flat_map(|guest| &guest.beside);
        let beside = beside.filter(|key| !party.identifiers.contains_key(*key)).map(|key| ProfileIdentifier {
            key: key.clone(),
            state: BESIDE,
            problem: String::new(),
        });
        let mut identifiers: Vec<ProfileIdentifier> = held.chain(invalid).chain(beside).collect();
        // Those that stand come first, so that the bound drops the others.
        identifiers.sort_by(|a, b| (a.state, &a.key).cmp(&(b.state, &b.key)));
        identifiers.truncate(MOST);
        let (fields, source) = (party.all_fields(), source.to_owned());
        let (intermediary, records) = (party.intermediary, source_records(party));
        let mut profile = Self { fields, identifiers, intermediary, source, records, ..Self::default() };
        profile.show_attributes(party);
        profile
    }

    /// Shows as many attributes and contact persons as a bundle has room for, and counts the others.
    fn show_attributes(&mut self, party: &PartyFragment) {
        // By name, so that which are shown depends on what the party says and not on when it said it.
        let mut left = SHOWN;
        for (name, value) in &party.attributes {
            let Some(rest) = left.checked_sub(name.len() + value.text.len() + value.source.len()) else { break };
            left = rest;
            self.attributes.insert(name.clone(), value.clone());
        }
        self.more_attributes = beyond(&party.attributes, self.attributes.len());
        let shown = party.contacts.iter().take(CONTACTS);
        self.contacts = shown.map(|(name, value)| (name.clone(), value.clone())).collect();
        self.more_contacts = beyond(&party.contacts, self.contacts.len());
    }

    /// Names, phones and mail addresses of who speaks for it; a phone as it is written, and its digits as one word.
    pub(crate) fn contact_words(&self) -> impl Iterator<Item = String> {
        self.contacts.iter().flat_map(|(name, contact)| {
            let digits: String = contact.phone.chars().filter(char::is_ascii_digit).collect();
            [name.clone(), contact.phone.clone(), digits, contact.email.clone()]
        })
    }
}

fn beyond<V>(all: &BTreeMap<String, V>, shown: usize) -> u32 {
    u32::try_from(all.len().saturating_sub(shown)).unwrap_or(u32::MAX)
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
