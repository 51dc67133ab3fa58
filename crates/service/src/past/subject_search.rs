//! Which subjects a read in the past needs: everybody who could ever be one customer with those who are asked for, every document
//! that any of its events ever gave to one of them, and all that these documents say to each other.
//!
//! It looks at the events of candidates, again and again until they add nobody; where candidates come from is none of its business.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::{Body, DecodedEvent, Micros, ReferenceRole, RoleTarget, Subject, SubjectKind};
use onefold_identity::{IdentifierKey, IdentityRules, LinkStrength, guest_identifier, normalise_identifier};
use onefold_view::{documents_named, parties_named};

use super::ReadClocks;
use crate::{ErrorCode, ServiceError};

/// Subjects that a read in the past takes at most.
pub(super) const MOST_SUBJECTS: usize = 20_000;
/// Holders up to which a value beyond its limit is followed all the same: some may be contradicted copies, which do not count, so
/// that whether it is a hub is seen once all is folded.
const BEYOND_LIMIT: u64 = 50;
/// Subjects that are kept to show that a party was there. One may turn out to be a contradicted copy alone, hardly all.
const MOST_WITNESSES: usize = 20;
/// Passes after which it is known who ever asserted a value: the one in which it was met may have met others before.
const COUNTED: u8 = 2;

/// What is looked for, and found so far.
#[derive(Debug, Default)]
pub(super) struct SubjectSearch {
    rules: IdentityRules,
    /// Parties whose documents are wanted.
    pub(super) asked: BTreeSet<Subject>,
    /// Parties of whom only who they are one customer with, and whether they stand for others, is wanted.
    pub(super) beside: BTreeSet<Subject>,
    pub(super) decisions: BTreeSet<Subject>,
    pub(super) documents: BTreeSet<Subject>,
    /// Orders that say what a guest is called.
    pub(super) guest_orders: BTreeSet<Subject>,
    values: BTreeMap<IdentifierKey, ValueSearch>,
    /// When the hub first heard of each of the parties.
    pub(super) first_seen: BTreeMap<Subject, Micros>,
    /// When the first event about or naming each of them happened.
    pub(super) first_happened: BTreeMap<Subject, Micros>,
    /// By party, some subjects whose events name it and seem to count at the clocks.
    witnesses: BTreeMap<Subject, BTreeSet<Subject>>,
    /// When the hub took in its first record.
    pub(super) earliest: Option<Micros>,
    identity_at: Option<Micros>,
    as_of: Option<Micros>,
    known_at: Option<Micros>,
}

/// An identifier that is met.
#[derive(Debug, Default)]
struct ValueSearch {
    /// One of the parties asserted it whose documents are wanted.
    is_asked: bool,
    /// It stands on a document, which is whoever's holds it, or is what is asked for.
    on_document: bool,
    /// Passes over the candidates that began with it, up to two: after the second all who ever asserted it are known.
    passes: u8,
    /// More parties asserted it than are looked at.
    is_hub: bool,
    /// Who asserted it by the clock of identity, contradicted copies among it; no more than show that it links nobody.
    holders: BTreeSet<Subject>,
}

impl SubjectSearch {
    pub(super) fn new(clocks: &ReadClocks, rules: &IdentityRules) -> Self {
        let (as_of, known_at, identity_at) = (clocks.as_of, clocks.known_at, clocks.identity_at);
        Self { rules: rules.clone(), as_of, known_at, identity_at, ..Self::default() }
    }

    /// Asks for whoever holds a value.
    pub(super) fn ask_value(&mut self, key: &IdentifierKey) {
        let value = self.values.entry(key.clone()).or_default();
        (value.is_asked, value.on_document) = (true, true);
    }

    /// Takes in what is known of now: a party that is asked for, the values that it asserted, and documents of its customer. All of
    /// it would be found anyway, in more passes.
    pub(super) fn add_present(&mut self, party: &Subject, values: impl IntoIterator<Item = IdentifierKey>) {
        self.asked.insert(party.clone());
        for key in values {
            self.values.entry(key).or_default().is_asked = true;
        }
    }

    /// All subjects whose events are needed.
    pub(super) fn subjects(&self) -> BTreeSet<Subject> {
        let all = [&self.asked, &self.beside, &self.decisions, &self.documents, &self.guest_orders];
        all.into_iter().chain(self.witnesses.values()).flatten().cloned().collect()
    }

    /// The same without those that only show that a party was there.
    pub(super) fn named_subjects(&self) -> impl Iterator<Item = &Subject> {
        [&self.asked, &self.beside, &self.decisions, &self.documents, &self.guest_orders].into_iter().flatten()
    }

    /// Values whose documents are wanted, since they may be those of somebody who is asked for.
    pub(super) fn owning_values(&self) -> impl Iterator<Item = &IdentifierKey> {
        let owning = |(key, value): &(&IdentifierKey, &ValueSearch)| {
            value.is_asked && IdentityRules::can_own(key.kind()) && value.is_followed(key, &self.rules)
        };
        self.values.iter().filter(owning).map(|(key, _)| key)
    }

    /// Values whose holders are wanted.
    pub(super) fn held_values(&self) -> impl Iterator<Item = &IdentifierKey> {
        self.values.iter().filter(|(key, value)| value.wants_holders(key, &self.rules)).map(|(key, _)| key)
    }

    /// Up to how many holders of a value are followed.
    pub(super) fn most_followed(&self, key: &IdentifierKey) -> u64 {
        most_followed(key, &self.rules)
    }

    /// The clock of identity.
    pub(super) fn identity_at(&self) -> Option<Micros> {
        self.identity_at
    }

    /// Notes that a party holds a value, of which the hub first heard at a time.
    pub(super) fn note_holder(&mut self, key: &IdentifierKey, party: Subject, first_seen: Option<Micros>) {
        let known = first_seen.is_some_and(|at| self.identity_at.is_none_or(|identity_at| at <= identity_at));
        if let (true, Some(value)) = (known, self.values.get_mut(key)) {
            value.holders.insert(party);
        }
    }

    /// Notes that more parties asserted a value than are looked at.
    pub(super) fn set_hub(&mut self, key: &IdentifierKey) {
        self.values.entry(key.clone()).or_default().is_hub = true;
    }

    /// Values that more parties asserted than it links, so that not all of them were followed.
    pub(super) fn hubs(&self) -> BTreeSet<IdentifierKey> {
        let beyond = self.values.iter().filter(|(key, value)| !value.is_followed(key, &self.rules));
        beyond.map(|(key, _)| key.clone()).collect()
    }

    /// How much was found; it only grows.
    pub(super) fn size(&self) -> usize {
        let of_value = |value: &ValueSearch| usize::from(value.is_asked) + usize::from(value.on_document);
        let values = self.values.values().map(|value| 1 + usize::from(value.passes) + of_value(value));
        let parties = self.asked.len() * 2 + self.beside.len();
        parties + self.decisions.len() + self.documents.len() + self.guest_orders.len() + values.sum::<usize>()
    }

    pub(super) fn check_size(&self, most: usize) -> Result<(), ServiceError> {
        let parties = self.asked.len() + self.beside.len();
        let others = self.decisions.len() + self.documents.len() + self.guest_orders.len();
        check_bound(parties + others, most, "subjects")
    }

    /// Looks at one event.
    pub(super) fn take_event(&mut self, event: &DecodedEvent, recorded_at: Micros) {
        self.earliest = Some(self.earliest.map_or(recorded_at, |earliest| earliest.min(recorded_at)));
        let mut named: BTreeSet<Subject> = BTreeSet::new();
        let mut guests: BTreeSet<Subject> = BTreeSet::new();
        parties_named(event, &mut |party, guest| {
            if guest.is_some() {
                guests.insert(party.clone());
            }
            named.insert(party.clone());
        });
        self.note_times(event, &named, recorded_at);
        let subject = &event.header.subject;
        match subject.kind() {
            SubjectKind::Party => self.take_party(event, &named),
            SubjectKind::Decision => self.take_decision(event, &named),
            _ => self.take_document(event, &guests),
        }
        self.note_holders(event, &named, recorded_at);
    }

    fn note_times(&mut self, event: &DecodedEvent, named: &BTreeSet<Subject>, recorded_at: Micros) {
        let happened = self.as_of.is_none_or(|at| event.header.occurred_at <= at);
        let counts = happened && self.known_at.is_none_or(|at| recorded_at <= at);
        for party in named.iter().filter(|party| self.asked.contains(*party) || self.beside.contains(*party)) {
            let first = self.first_seen.entry(party.clone()).or_insert(recorded_at);
            *first = (*first).min(recorded_at);
            let happened_at = event.header.occurred_at;
            let first = self.first_happened.entry(party.clone()).or_insert(happened_at);
            *first = (*first).min(happened_at);
            // Whoever is only written to, or delivered to, was there all the same.
            let witnesses = self.witnesses.entry(party.clone()).or_default();
            if counts && witnesses.len() < MOST_WITNESSES {
                witnesses.insert(event.header.subject.clone());
            }
        }
    }

    /// What a source says of its own record joins others of it.
    fn take_party(&mut self, event: &DecodedEvent, named: &BTreeSet<Subject>) {
        let subject = &event.header.subject;
        if matches!(event.body, Body::PartyMergedAtSource(_) | Body::PartySplitAtSource(_)) {
            self.join_parties(named);
        }
        let (is_asked, is_beside) = (self.asked.contains(subject), self.beside.contains(subject));
        for key in identifiers_of(event).filter(|_| is_asked || is_beside) {
            self.values.entry(key).or_default().is_asked |= is_asked;
        }
    }

    /// A decision joins whom it names, and is known to those that it supersedes and that supersede it.
    fn take_decision(&mut self, event: &DecodedEvent, named: &BTreeSet<Subject>) {
        let supersedes = match &event.body {
            Body::PartiesLinked(m) => &m.supersedes,
            Body::PartiesSeparated(m) => &m.supersedes,
            _ => return,
        };
        let others: Vec<Subject> = supersedes.iter().filter_map(|text| text.parse().ok()).collect();
        let subject = &event.header.subject;
        let is_known = self.decisions.contains(subject) || others.iter().any(|other| self.decisions.contains(other));
        let names = named.iter().any(|party| self.asked.contains(party) || self.beside.contains(party));
        if is_known || names {
            self.decisions.insert(subject.clone());
            self.decisions.extend(others.into_iter().filter(|other| other.kind() == SubjectKind::Decision));
            self.join_parties(named);
        }
    }

    /// Parties that one event joins: all are asked for where one is.
    fn join_parties(&mut self, named: &BTreeSet<Subject>) {
        if named.iter().any(|party| self.asked.contains(party)) {
            self.asked.extend(named.iter().cloned());
        } else if named.iter().any(|party| self.beside.contains(party)) {
            self.beside.extend(named.iter().cloned());
        }
    }

    /// A document is wanted that ever named a party or identifier that is asked for, or a wanted document, or was named by one.
    fn take_document(&mut self, event: &DecodedEvent, guests: &BTreeSet<Subject>) {
        let subject = &event.header.subject;
        let mut owners: BTreeSet<Subject> = guests.clone();
        let references = event.header.references.iter();
        let is_owner = |role: ReferenceRole| role.target() == RoleTarget::Owner;
        owners.extend(references.filter(|r| is_owner(r.role)).map(|r| r.subject.clone()));
        if let Body::DocumentReassigned(m) = &event.body {
            owners.extend(m.to.parse());
        }
        if guests.iter().any(|guest| self.asked.contains(guest) || self.beside.contains(guest)) {
            self.guest_orders.insert(subject.clone());
        }
        if !subject.kind().is_document() {
            return;
        }
        let mut documents: BTreeSet<Subject> = BTreeSet::new();
        documents_named(event, &mut |document| {
            if document.kind().is_document() {
                documents.insert(document.clone());
            }
        });
        let keys: Vec<IdentifierKey> = identifiers_of(event).filter(|key| IdentityRules::can_own(key.kind())).collect();
        let is_wanted = self.documents.contains(subject)
            || owners.iter().any(|owner| self.asked.contains(owner))
            || keys
                .iter()
                .any(|key| self.values.get(key).is_some_and(|v| v.is_asked && v.is_followed(key, &self.rules)))
            || documents.iter().any(|document| self.documents.contains(document));
        if is_wanted {
            self.documents.insert(subject.clone());
            self.documents.extend(documents);
            self.beside.extend(owners);
            keys.into_iter().for_each(|key| self.values.entry(key).or_default().on_document = true);
        }
    }

    /// Who asserts a value whose holders are wanted: whoever is recorded with it, and whoever is called by it.
    fn note_holders(&mut self, event: &DecodedEvent, named: &BTreeSet<Subject>, recorded_at: Micros) {
        if self.identity_at.is_some_and(|at| recorded_at > at) {
            return;
        }
        let rules = &self.rules;
        let mut note = |party: &Subject, key: &IdentifierKey| {
            let Some(value) = self.values.get_mut(key) else { return };
            if value.wants_holders(key, rules) && value.holders.len() as u64 <= most_followed(key, rules) {
                value.holders.insert(party.clone());
            }
        };
        if event.header.subject.kind() == SubjectKind::Party {
            identifiers_of(event).for_each(|key| note(&event.header.subject, &key));
        }
        for party in named {
            note(party, &IdentifierKey::of_party(party));
            guest_identifier(party).iter().for_each(|key| note(party, key));
        }
    }

    /// Whoever holds a value that links, or that stands on a document, is a party of the search; and has its own number.
    pub(super) fn follow_values(&mut self) {
        for (key, value) in &mut self.values {
            value.passes = (value.passes + 1).min(COUNTED);
            if value.wants_holders(key, &self.rules) && value.is_followed(key, &self.rules) {
                let into = if value.is_asked { &mut self.asked } else { &mut self.beside };
                into.extend(value.holders.iter().cloned());
            }
        }
        self.beside.retain(|party| !self.asked.contains(party));
        for (parties, is_asked) in [(&self.asked, true), (&self.beside, false)] {
            for party in parties {
                for key in [Some(IdentifierKey::of_party(party)), guest_identifier(party)].into_iter().flatten() {
                    self.values.entry(key).or_default().is_asked |= is_asked;
                }
            }
        }
    }
}

impl ValueSearch {
    /// Whether it matters who holds it: it joins them, or a document is theirs. The pass that meets it on a document has gone past
    /// some of them already; being met there makes for a further one.
    fn wants_holders(&self, key: &IdentifierKey, rules: &IdentityRules) -> bool {
        self.on_document || !never_links(key, rules)
    }

    /// Whether its holders, and the documents on which it stands, are followed: not before they are counted, else a value that
    /// half the world has would be followed until it is seen to be one. Of a kind that never links none is.
    fn is_followed(&self, key: &IdentifierKey, rules: &IdentityRules) -> bool {
        let is_counted = self.passes == COUNTED && self.holders.len() as u64 <= most_followed(key, rules);
        !self.is_hub && (is_counted || never_links(key, rules))
    }
}

fn never_links(key: &IdentifierKey, rules: &IdentityRules) -> bool {
    rules.strength(key.kind()) == LinkStrength::Neither
}

/// Holders of a value that are followed at most; of a kind that never links, all.
fn most_followed(key: &IdentifierKey, rules: &IdentityRules) -> u64 {
    let limit = rules.holder_limit(key.kind());
    limit.saturating_add(limit.max(BEYOND_LIMIT))
}

/// The valid identifiers that an event carries: a party's own, or those on a document.
fn identifiers_of(event: &DecodedEvent) -> impl Iterator<Item = IdentifierKey> {
    let identifiers = event.body.identifiers().iter();
    identifiers.filter_map(|found| normalise_identifier(&found.kind, &found.text, &found.issuer).ok())
}

/// Refuses a question to which more belongs than is taken.
pub(super) fn check_bound(count: usize, most: usize, what: &str) -> Result<(), ServiceError> {
    if count <= most {
        return Ok(());
    }
    Err(ServiceError::new(
        ErrorCode::TooLarge,
        format!(
            "more than {most} {what} could belong to this customer at some time, or are settled with its documents: a read in the past folds them \
             all, and does not go so far; ask for one of its documents instead, or without a clock"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use onefold_event::{EmptyKeyRing, Event, EventId, v1};

    use super::*;

    const EMAIL: (&str, &str) = ("email", "info@example.com");
    const WECHAT: (&str, &str) = ("wechat", "o1");

    fn event(n: u8, subject: &str, body: impl Into<Body>) -> DecodedEvent {
        let (id, subject) = (EventId([n; 16]), subject.parse().unwrap());
        Event::new(id, id, "erp", subject, 0, body.into()).unwrap().into_decoded(&EmptyKeyRing).unwrap()
    }

    fn identifiers(all: &[(&str, &str)]) -> Vec<v1::Identifier> {
        let one = |(kind, text): &(&str, &str)| v1::Identifier {
            kind: (*kind).to_owned(),
            text: (*text).to_owned(),
            ..v1::Identifier::default()
        };
        all.iter().map(one).collect()
    }

    fn party(n: u8, all: &[(&str, &str)]) -> DecodedEvent {
        let identifiers = identifiers(all);
        event(n, &format!("party:erp:{n}"), v1::PartyRecorded { identifiers, ..v1::PartyRecorded::default() })
    }

    fn invoice(n: u8, all: &[(&str, &str)]) -> DecodedEvent {
        let identifiers = identifiers(all);
        event(n, &format!("invoice:erp:{n}"), v1::InvoiceIssued { identifiers, ..v1::InvoiceIssued::default() })
    }

    /// Asks for the first party of a hub in which e-mail addresses never link, and looks through the events.
    fn searched(events: &[DecodedEvent]) -> SubjectSearch {
        let mut search = SubjectSearch::default();
        search.rules.weak.remove("email");
        search.asked.extend(["party:erp:1".parse().unwrap()]);
        loop {
            let before = search.size();
            events.iter().for_each(|event| search.take_event(event, 1));
            search.follow_values();
            if search.size() == before {
                return search;
            }
        }
    }

    fn holders(search: &SubjectSearch, (kind, text): (&str, &str)) -> usize {
        search.values.get(&normalise_identifier(kind, text, "").unwrap()).map_or(0, |value| value.holders.len())
    }

    #[test]
    fn who_holds_a_value_that_never_links_is_remembered_where_a_document_is_theirs_by_it() {
        let parties = [party(1, &[EMAIL, WECHAT]), party(2, &[EMAIL, WECHAT]), party(3, &[WECHAT])];
        let search = searched(&parties);
        assert_eq!((holders(&search, EMAIL), holders(&search, WECHAT), search.asked.len()), (0, 0, 1));
        // After those who hold it, so that the pass which meets it has gone past them.
        let search = searched(&[&parties[..], &[invoice(4, &[EMAIL, WECHAT])]].concat());
        assert_eq!((holders(&search, EMAIL), holders(&search, WECHAT)), (2, 0));
        assert_eq!((search.asked.len(), search.beside.len(), search.documents.len()), (2, 0, 1));
        // No document is anybody's by a value of a kind that cannot own.
        assert_eq!(searched(&[&parties[..], &[invoice(4, &[WECHAT])]].concat()).documents.len(), 0);
    }

    #[test]
    fn more_than_is_taken_is_refused() {
        let search = searched(&[party(1, &[EMAIL]), party(2, &[EMAIL]), invoice(3, &[EMAIL])]);
        assert!(search.check_size(3).is_ok(), "two parties and an invoice");
        let error = search.check_size(2).unwrap_err();
        assert_eq!(error.code, ErrorCode::TooLarge);
        assert!(error.message.starts_with("more than 2 subjects could belong to this customer"), "{error}");
    }
}
