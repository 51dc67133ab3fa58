//! What one party's facts say: profile, names, identifiers.

pub(crate) mod value;

use std::collections::BTreeMap;

use onefold_event::{Body, DecodedEvent, Micros, v1};
use onefold_identity::{IdentifierKey, Intermediary, normalise_identifier, normalise_name};

use crate::at_source::{SourceRetirement, SourceStatement};
use crate::party::value::{ContactValue, LONGEST, PartyValue, add_attributes, add_contacts, truncate_text};
use crate::{EventTime, FactRef, GuestParty};

/// What was said of one identifier.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct HeldIdentifier {
    /// A standing fact asserts it, after any correction.
    #[prost(bool, tag = "1")]
    pub(crate) asserted: bool,
    /// Latest revision that asserted it and no longer stands.
    #[prost(sint64, optional, tag = "2")]
    pub(crate) superseded: Option<Micros>,
    /// Latest correction that calls it wrong.
    #[prost(sint64, optional, tag = "3")]
    pub(crate) wrong: Option<Micros>,
    /// A person withdrew it.
    #[prost(bool, tag = "4")]
    pub(crate) withdrawn: bool,
    /// Some revision asserted it, whatever came later.
    #[prost(bool, tag = "5")]
    pub(crate) ever: bool,
}

impl HeldIdentifier {
    /// Whether it is the party's now: what was said stays said, until a correction that nothing follows, or a person.
    pub(crate) fn is_standing(&self) -> bool {
        let said = self.asserted || self.superseded.is_some_and(|at| self.wrong.is_none_or(|wrong| at > wrong));
        said && !self.withdrawn
    }
}

/// What a party's facts say.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct PartyFragment {
    #[prost(btree_map = "string, message", tag = "1")]
    pub(crate) fields: BTreeMap<String, PartyValue>,
    #[prost(btree_map = "string, message", tag = "2")]
    pub(crate) identifiers: BTreeMap<String, HeldIdentifier>,
    /// What is no identifier of its kind, `kind:text`, with what is wrong with it.
    #[prost(btree_map = "string, string", tag = "3")]
    pub(crate) invalid: BTreeMap<String, String>,
    /// Forms of names, all ever asserted, sorted.
    #[prost(string, repeated, tag = "4")]
    pub(crate) names: Vec<String>,
    /// Dates of birth, all ever asserted, sorted.
    #[prost(string, repeated, tag = "5")]
    pub(crate) born_on: Vec<String>,
    #[prost(uint32, tag = "6")]
    pub(crate) intermediary: u32,
    /// What guest orders say of it.
    #[prost(message, optional, tag = "7")]
    pub(crate) guest: Option<GuestParty>,
    /// What its source said last of it and of another record of its own, by that record.
    #[prost(btree_map = "string, message", tag = "8")]
    pub(crate) at_source: BTreeMap<String, SourceStatement>,
    /// Its source retired it and has not recorded it since.
    #[prost(message, optional, tag = "9")]
    pub(crate) retired: Option<SourceRetirement>,
    /// What is said of it beside, by name.
    #[prost(btree_map = "string, message", tag = "10")]
    pub(crate) attributes: BTreeMap<String, PartyValue>,
    /// Who speaks for it, by name.
    #[prost(btree_map = "string, message", tag = "11")]
    pub(crate) contacts: BTreeMap<String, ContactValue>,
}

impl PartyFragment {
    /// A guest asserts what it was made of, before anything is said about it (C7).
    pub(crate) fn of_guest(identifier: &IdentifierKey) -> Self {
        let held = HeldIdentifier { asserted: true, ever: true, ..HeldIdentifier::default() };
        Self { identifiers: BTreeMap::from([(identifier.to_string(), held)]), ..Self::default() }
    }

    /// Forms of its names, those by which it ordered as a guest among them.
    pub(crate) fn all_names(&self) -> impl Iterator<Item = &String> {
        self.names.iter().chain(self.guest.iter().flat_map(|guest| &guest.names))
    }

    /// Its fields; the name by which it ordered as a guest stands where nothing else is said.
    pub(crate) fn all_fields(&self) -> BTreeMap<String, PartyValue> {
        let mut fields = self.fields.clone();
        if let Some(name) = self.guest.as_ref().and_then(|guest| guest.name.as_ref()) {
            fields.entry("name".to_owned()).or_insert_with(|| name.clone());
        }
        fields
    }

    pub(crate) fn apply(&mut self, fact: &FactRef) {
        let event = fact.event;
        match &event.body {
            Body::PartyRecorded(m) => {
                // Whoever is recorded at a later time is there again.
                self.retired.take_if(|retired| retired.at.at < event.header.occurred_at);
                self.add_record(event, m);
                self.set_names(m);
                add_attributes(&mut self.attributes, event, &m.attributes);
                add_contacts(&mut self.contacts, event, &m.contacts);
                m.identifiers.iter().for_each(|i| self.assert_identifier(i));
            }
            Body::PartyCorrected(m) => {
                m.wrong.iter().for_each(|i| self.correct_identifier(i, event.header.occurred_at));
                m.identifiers.iter().for_each(|i| self.assert_identifier(i));
            }
            Body::IdentifierWithdrawn(m) if !m.undone => {
                for key in m.wrong.iter().filter_map(key_of) {
                    self.identifiers.entry(key.to_string()).or_default().withdrawn = true;
                }
            }
            Body::PartyFlaggedIntermediary(m) => {
                self.intermediary = match flag_of(m) {
                    0 if self.intermediary > 0 => u8::from(Intermediary::Former).into(),
                    flag => flag,
                };
            }
            Body::PartyMergedAtSource(_) | Body::PartySplitAtSource(_) => {
                if let Some((other, said)) = SourceStatement::from_fact(fact) {
                    let known = self.at_source.get(other.as_str());
                    if known.is_none_or(|known| known.statement_order() <= said.statement_order()) {
                        self.at_source.insert(other.to_string(), said);
                    }
                }
            }
            Body::PartyRetiredAtSource(m) => {
                let reason = truncate_text(&m.reason, LONGEST).to_owned();
                self.retired = Some(SourceRetirement {
                    at: EventTime::from_event(event),
                    reason,
                    source: event.header.source.clone(),
                });
            }
            _ => {}
        }
    }

    pub(crate) fn assert_superseded(&mut self, event: &DecodedEvent) {
        if let Body::PartyRecorded(m) = &event.body {
            self.set_names(m);
        }
        for key in event.body.identifiers().iter().filter_map(key_of) {
            let held = self.identifiers.entry(key.to_string()).or_default();
            held.superseded = held.superseded.max(Some(event.header.occurred_at));
            held.ever = true;
        }
    }

    /// What once stood for others is known as such, whatever its facts say now.
    pub(crate) fn note_superseded_flag(&mut self, event: &DecodedEvent) {
        if let Body::PartyFlaggedIntermediary(m) = &event.body
            && flag_of(m) > 0
            && self.intermediary == 0
        {
            self.intermediary = u8::from(Intermediary::Former).into();
        }
    }

    fn assert_identifier(&mut self, identifier: &v1::Identifier) {
        match normalise_identifier(&identifier.kind, &identifier.text, &identifier.issuer) {
            Ok(key) => {
                let held = self.identifiers.entry(key.to_string()).or_default();
                held.asserted = true;
                held.ever = true;
            }
            Err(invalid) => {
                self.invalid.insert(raw_key(identifier), invalid.problem.to_string());
            }
        }
    }

    fn correct_identifier(&mut self, identifier: &v1::Identifier, at: Micros) {
        let Some(key) = key_of(identifier) else {
            self.invalid.remove(&raw_key(identifier));
            return;
        };
        let held = self.identifiers.entry(key.to_string()).or_default();
        held.asserted = false;
        held.wrong = held.wrong.max(Some(at));
    }

    fn set_names(&mut self, m: &v1::PartyRecorded) {
        for form in m.name.iter().flat_map(|name| normalise_name(&full_name(name))) {
            insert_sorted(&mut self.names, form);
        }
        insert_sorted(&mut self.born_on, m.born_on.clone());
    }

    fn add_record(&mut self, event: &DecodedEvent, m: &v1::PartyRecorded) {
        let kind = match m.kind {
            1 => "person",
            2 => "organisation",
            _ => "",
        };
        let name = m.name.as_ref().map(full_name).unwrap_or_default();
        let mut texts = vec![
            ("name", name),
            ("kind", kind.to_owned()),
            ("language", m.language.clone()),
            ("customer_since", m.customer_since.clone()),
            ("region", m.region.clone()),
            ("industry", m.industry.clone()),
            ("size", m.size.clone()),
            ("born_on", m.born_on.clone()),
        ];
        for purpose in ["", "billing", "shipping", "home"] {
            texts.push((purpose_field(purpose), address_text(&m.addresses, purpose)));
        }
        for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            let text = truncate_text(&text, LONGEST).to_owned();
            let value = PartyValue { text, source: event.header.source.clone(), at: event.header.occurred_at };
            self.fields.insert(name.to_owned(), value);
        }
    }
}

/// What a party is flagged as; what no catalogue knows is nothing.
fn flag_of(m: &v1::PartyFlaggedIntermediary) -> u32 {
    u32::try_from(m.intermediary).ok().filter(|flag| *flag <= u8::from(Intermediary::WalkIn).into()).unwrap_or(0)
}

pub(crate) fn intermediary(number: u32) -> Intermediary {
    u8::try_from(number).map_or(Intermediary::None, Intermediary::from)
}

pub(crate) fn key_of(identifier: &v1::Identifier) -> Option<IdentifierKey> {
    normalise_identifier(&identifier.kind, &identifier.text, &identifier.issuer).ok()
}

fn raw_key(identifier: &v1::Identifier) -> String {
    format!("{}:{}", identifier.kind, truncate_text(&identifier.text, 80))
}

fn purpose_field(purpose: &str) -> &'static str {
    match purpose {
        "billing" => "billing_address",
        "shipping" => "shipping_address",
        "home" => "home_address",
        _ => "address",
    }
}

fn address_text(all: &[v1::Address], purpose: &str) -> String {
    let of = all.iter().filter(|a| purpose_field(&a.purpose) == purpose_field(purpose));
    let lines = of.map(|a| {
        let parts = [&a.line, &a.city, &a.region, &a.postcode, &a.country];
        parts.into_iter().filter(|p| !p.is_empty()).map(String::as_str).collect::<Vec<_>>().join(", ")
    });
    lines.collect::<Vec<_>>().join("; ")
}

/// The whole name; family and given names are put in the order of their script.
fn full_name(name: &v1::Name) -> String {
    if !name.full.is_empty() {
        return name.full.clone();
    }
    let wide = |c: char| ('\u{2e80}'..='\u{9fff}').contains(&c) || ('\u{ac00}'..='\u{d7af}').contains(&c);
    if name.family.chars().any(wide) {
        return format!("{}{}", name.family, name.given);
    }
    format!("{} {}", name.given, name.family).trim().to_owned()
}

fn insert_sorted(sorted: &mut Vec<String>, text: String) {
    if text.is_empty() {
        return;
    }
    if let Err(at) = sorted.binary_search(&text) {
        sorted.insert(at, text);
    }
}
