//! What a subject names, and what it once named: the keys by which reads of the past find it.
//!
//! What the facts of now name, other indexes lead to: documents stand under their owners, and whoever is named hears of it. What no
//! fact says any more stands here.

use std::collections::BTreeSet;

use onefold_event::{Body, DecodedEvent, ReferenceRole, RoleTarget, Subject, SubjectKind};
use onefold_identity::{Facet, IdentifierKey, IdentityRules, OwnerAtom, guest_identifier};

use crate::party::key_of;
use crate::{Fragment, documents_named, parties_named};

/// The key under which documents are found that name a party who never owns them, as whoever they are shipped to: they show that it
/// was there, and may be very many.
pub fn bystander_key(party: &str) -> String {
    format!("named:{party}")
}

/// The keys of parties, documents, decisions and identifiers that an event or a fragment names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NamedKeys {
    /// All of them.
    all: BTreeSet<String>,
    /// Identifiers that no party stands beside who would own the document by itself.
    alone: BTreeSet<String>,
}

/// Keys that some copy of an event of a subject named and its fragment does not, each list sorted.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct FormerKeys {
    #[prost(string, repeated, tag = "1")]
    all: Vec<String>,
    /// Identifiers that once stood alone on a document.
    #[prost(string, repeated, tag = "2")]
    alone: Vec<String>,
}

impl NamedKeys {
    /// Of an event.
    pub fn of_event(event: &DecodedEvent) -> Self {
        let subject = &event.header.subject;
        let mut named = Self::default();
        parties_named(event, &mut |party, _| named.add_subject(subject, party));
        documents_named(event, &mut |document| {
            if document.kind().is_document() {
                named.add_subject(subject, document);
            }
        });
        let supersedes: &[String] = match &event.body {
            Body::PartiesLinked(m) => &m.supersedes,
            Body::PartiesSeparated(m) => &m.supersedes,
            _ => &[],
        };
        let decisions = supersedes.iter().filter_map(|text| text.parse::<Subject>().ok());
        let decisions = decisions.filter(|other| other.kind() == SubjectKind::Decision);
        decisions.for_each(|other| named.add_subject(subject, &other));
        let owned = Facet::are_all_owned(event.header.references.iter().map(|reference| reference.role));
        named.add_identifiers(subject, event.body.identifiers().iter().filter_map(key_of), owned);
        named
    }

    /// Whether a fragment of this event alone surely names all that the event does, so that nobody need look: so it is with nearly
    /// every event that is the first of its subject.
    pub fn are_said_at_once(event: &DecodedEvent) -> bool {
        let own = event.header.subject.kind();
        let is_told = |role: ReferenceRole, kind: SubjectKind| match role.target() {
            RoleTarget::Owner | RoleTarget::Bystander => true,
            RoleTarget::Parent(_) => kind.rank() < own.rank(),
            RoleTarget::Child(_) => kind.rank() > own.rank(),
            RoleTarget::Plain(_) => !kind.is_document(),
        };
        let plain = match &event.body {
            Body::PartyRecorded(_) | Body::OrderPlaced(_) | Body::InvoiceIssued(_) | Body::CaseOpened(_) => true,
            Body::ContactMade(_) | Body::Scanned(_) => true,
            Body::PaymentReceived(m) => m.allocations.is_empty(),
            Body::Dispatched(m) => m.items.is_empty(),
            _ => false,
        };
        let mut references = event.header.references.iter();
        plain && references.all(|reference| is_told(reference.role, reference.subject.kind()))
    }

    /// Of what the standing facts of a subject say.
    pub fn of_fragment(subject: &Subject, fragment: &Fragment) -> Self {
        let mut named = Self::default();
        let parties = fragment.named_parties();
        let owned = Facet::are_all_owned(parties.iter().map(|(role, _)| *role));
        let given = Facet::ALL.into_iter().filter_map(|facet| fragment.reassigned_party(facet));
        let parties = parties.into_iter().map(|(_, party)| party).chain(fragment.guest_parties(subject)).chain(given);
        let others = fragment.outbound_mentions().into_keys().chain(fragment.decided_parties());
        parties.chain(others).for_each(|other| named.add_subject(subject, &other));
        let of_party = || fragment.asserted_identifiers(subject).into_iter().filter(|(_, stands)| *stands);
        let identifiers: Vec<IdentifierKey> = match subject.kind() {
            SubjectKind::Party => of_party().map(|(key, _)| key).collect(),
            _ => fragment.identifiers().into_iter().map(|(_, key)| key).collect(),
        };
        named.add_identifiers(subject, identifiers.into_iter(), owned);
        named
    }

    fn add_subject(&mut self, by: &Subject, named: &Subject) {
        if named != by && !self.all.contains(named.as_str()) {
            self.all.insert(named.to_string());
        }
    }

    fn add_identifiers(&mut self, by: &Subject, keys: impl Iterator<Item = IdentifierKey>, owned: bool) {
        let is_party = by.kind() == SubjectKind::Party;
        // What a party holds by its key alone no fact says, and none takes it away.
        let own = |key: &IdentifierKey| {
            is_party && (*key == IdentifierKey::of_party(by) || guest_identifier(by).as_ref() == Some(key))
        };
        for key in keys.filter(|key| !own(key) && (is_party || IdentityRules::can_own(key.kind()))) {
            let key = OwnerAtom::identifier_key(&key);
            if !is_party && !owned {
                self.alone.insert(key.clone());
            }
            self.all.insert(key);
        }
    }
}

impl FormerKeys {
    /// Whether there are none, as of nearly every subject.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty() && self.alone.is_empty()
    }

    /// Adds keys that were named.
    pub fn add(&mut self, named: NamedKeys) {
        for (list, keys) in [(&mut self.all, named.all), (&mut self.alone, named.alone)] {
            for key in keys {
                if let Err(at) = list.binary_search(&key) {
                    list.insert(at, key);
                }
            }
        }
    }

    /// Leaves out what is named now.
    pub fn remove(&mut self, named: &NamedKeys) {
        self.all.retain(|key| !named.all.contains(key));
        self.alone.retain(|key| !named.alone.contains(key));
    }

    /// The keys under which a subject stands in the index of former owners: all that it named once, and what it names now where no
    /// other index leads from that to it (`indexed` gives the keys under which it stands among documents). A value beside a party
    /// owns nothing while nobody is passed over; `for_others` says whether a party of now is, or was.
    pub fn index_keys(
        &self,
        subject: &Subject,
        fragment: Option<&Fragment>,
        indexed: impl FnOnce() -> BTreeSet<String>,
        for_others: bool,
    ) -> BTreeSet<String> {
        let mut keys: BTreeSet<String> = self.all.iter().chain(&self.alone).cloned().collect();
        let mut bystanders: Vec<String> = Vec::new();
        // Of parties and decisions, whoever is named hears of it, holders have rows of their own, and so have those decided on.
        if let Some(fragment) = fragment.filter(|_| subject.kind().is_document()) {
            let never_owns = |role: ReferenceRole| role.target() == RoleTarget::Bystander;
            bystanders.extend(fragment.standing_references(never_owns).map(|(_, party)| party.to_string()));
            let values = fragment.identifiers();
            let owned = || Facet::are_all_owned(fragment.named_parties().iter().map(|(role, _)| *role));
            if !values.is_empty() && (for_others || self.names_parties() || !owned()) {
                let values = values.into_iter().filter(|(_, key)| IdentityRules::can_own(key.kind()));
                keys.extend(values.map(|(_, key)| OwnerAtom::identifier_key(&key)));
            }
        }
        // A guest asserted by its key what was called wrong since.
        if let (Some(own), Some(fragment)) = (guest_identifier(subject), fragment)
            && fragment.asserted_identifiers(subject).get(&own) == Some(&false)
        {
            keys.insert(OwnerAtom::identifier_key(&own));
        }
        if keys.is_empty() && bystanders.is_empty() {
            return keys;
        }
        let indexed = indexed();
        keys.retain(|key| !indexed.contains(key) && key.as_str() != subject.as_str());
        keys.extend(bystanders.iter().filter(|party| !indexed.contains(*party)).map(|party| bystander_key(party)));
        keys
    }

    fn names_parties(&self) -> bool {
        self.all.iter().any(|key| OwnerAtom::is_party(key))
    }
}

#[cfg(test)]
mod tests {
    use onefold_event::{EmptyKeyRing, Event, EventId, SubjectReference, v1};

    use super::*;
    use crate::FactRef;

    fn identifier(kind: &str, text: &str) -> v1::Identifier {
        v1::Identifier { kind: kind.to_owned(), text: text.to_owned(), issuer: "CN".to_owned(), ..Default::default() }
    }

    fn event(subject: &str, body: impl Into<Body>, references: &[(ReferenceRole, &str)]) -> DecodedEvent {
        let (id, subject) = (EventId([1; 16]), subject.parse().unwrap());
        let mut event =
            Event::new(id, id, "erp", subject, 0, body.into()).unwrap().into_decoded(&EmptyKeyRing).unwrap();
        let named = |(role, subject): &(ReferenceRole, &str)| SubjectReference {
            role: *role,
            subject: subject.parse().unwrap(),
        };
        event.header.references = references.iter().map(named).collect();
        event
    }

    fn fragment(event: &DecodedEvent) -> Fragment {
        Fragment::fold(&event.header.subject, &[FactRef { event, recorded_at: 0 }])
    }

    #[test]
    fn what_a_first_event_says_at_once_its_fragment_names() {
        let identifiers = vec![identifier("phone", "13800138000"), identifier("email", "info@example.com")];
        let (buyer, order) = ((ReferenceRole::Buyer, "party:erp:1"), (ReferenceRole::Order, "order:erp:1"));
        let shipped = (ReferenceRole::ShipTo, "party:erp:2");
        for event in [
            event("party:erp:1", v1::PartyRecorded { identifiers: identifiers.clone(), ..Default::default() }, &[]),
            event("order:erp:1", v1::OrderPlaced { identifiers: identifiers.clone(), ..Default::default() }, &[]),
            event("order:erp:1", v1::OrderPlaced { identifiers, ..Default::default() }, &[buyer, shipped]),
            event("invoice:erp:1", v1::InvoiceIssued::default(), &[buyer, order]),
            event("payment:erp:1", v1::PaymentReceived::default(), &[(ReferenceRole::Payer, "party:erp:1"), order]),
            event("delivery:erp:1", v1::Dispatched::default(), &[order, (ReferenceRole::Tracking, "track:sf:1")]),
            event("case:erp:1", v1::CaseOpened::default(), &[(ReferenceRole::Customer, "party:erp:1"), order]),
            event("track:sf:1", v1::Scanned::default(), &[order]),
        ] {
            assert!(NamedKeys::are_said_at_once(&event), "{event:?}");
            let named = NamedKeys::of_fragment(&event.header.subject, &fragment(&event));
            assert_eq!(named, NamedKeys::of_event(&event), "{event:?}");
        }
    }

    #[test]
    fn what_is_named_no_longer_is_found_and_a_value_beside_a_party_only_where_it_may_own() {
        let phone = vec![identifier("phone", "13800138000")];
        let placed = |references: &[_]| {
            event("order:erp:1", v1::OrderPlaced { identifiers: phone.clone(), ..Default::default() }, references)
        };
        let buyer = (ReferenceRole::Buyer, "party:erp:1");
        let (with, without) = (placed(&[buyer, (ReferenceRole::ShipTo, "party:erp:2")]), placed(&[]));
        let keys = |former: &FormerKeys, of: &DecodedEvent, for_others: bool| {
            let indexed = || BTreeSet::from(["party:erp:1".to_owned()]);
            let keys = former.index_keys(&of.header.subject, Some(&fragment(of)), indexed, for_others);
            keys.into_iter().collect::<Vec<_>>()
        };
        let (value, shipped) = ("identifier:phone:+8613800138000", "named:party:erp:2");
        let mut former = FormerKeys::default();
        assert_eq!(keys(&former, &with, false), [shipped]);
        assert_eq!(keys(&former, &with, true), [value, shipped], "a party was passed over");
        assert_eq!(keys(&former, &without, false), [value]);
        // Once it stood alone.
        former.add(NamedKeys::of_event(&without));
        former.add(NamedKeys::of_event(&with));
        former.remove(&NamedKeys::of_fragment(&with.header.subject, &fragment(&with)));
        assert_eq!(keys(&former, &with, false), [value, shipped, "party:erp:guest:phone:+8613800138000"]);
        // And then stands alone again.
        former.add(NamedKeys::of_fragment(&with.header.subject, &fragment(&with)));
        former.remove(&NamedKeys::of_fragment(&without.header.subject, &fragment(&without)));
        assert!(keys(&former, &without, false).contains(&"party:erp:2".to_owned()), "it is named no longer");
    }
}
