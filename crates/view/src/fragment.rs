//! A fragment: what the standing facts of one subject say.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::{Body, DecodedEvent, Micros, ReferenceRole, RoleTarget, Subject, SubjectKind, v1};
use onefold_identity::{Facet, IdentifierKey, Intermediary, PartyDecision, PartyFacts, guest_identifier, guest_party};

use crate::case::{CaseFragment, ContactFragment};
use crate::decision::DecisionFragment;
use crate::guest::is_guest_order;
use crate::inbound::{MentionState, OwnedPart};
use crate::named::reference::StandingReference;
use crate::party::{PartyFragment, intermediary, key_of};
use crate::payment::PaymentFragment;
use crate::sale::SaleFragment;
use crate::shipment::ShipmentFragment;
use crate::validity::{DocumentStance, DocumentValidity, speaks_of_standing};
use crate::{EventTime, GuestParty};

/// A standing fact, with when the hub took it in.
#[derive(Debug, Clone, Copy)]
pub struct FactRef<'a> {
    /// The revision that stands.
    pub event: &'a DecodedEvent,
    /// The least stamp of its copies.
    pub recorded_at: Micros,
}

/// A valid identifier on a document.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct NamedIdentifier {
    #[prost(string, tag = "1")]
    pub(crate) role: String,
    #[prost(string, tag = "2")]
    pub(crate) key: String,
    /// An amendment said so.
    #[prost(bool, tag = "3")]
    pub(crate) amended: bool,
}

/// The fold of one subject's standing facts, in the order (`occurred_at`, `recorded_at`, id).
#[derive(Clone, PartialEq, prost::Message)]
pub struct Fragment {
    /// Number of the subject's kind; 0 before any fact.
    #[prost(uint32, tag = "1")]
    pub(crate) kind: u32,
    /// Facts of its own; a decision about it is none.
    #[prost(uint32, tag = "2")]
    pub(crate) facts: u32,
    /// Sorted by role; within a role as the fact gave them.
    #[prost(message, repeated, tag = "4")]
    pub(crate) references: Vec<StandingReference>,
    #[prost(message, repeated, tag = "5")]
    pub(crate) identifiers: Vec<NamedIdentifier>,
    #[prost(string, tag = "6")]
    pub(crate) reassigned_trade: String,
    #[prost(string, tag = "7")]
    pub(crate) reassigned_receivable: String,
    #[prost(message, optional, boxed, tag = "10")]
    pub(crate) party: Option<Box<PartyFragment>>,
    #[prost(message, optional, boxed, tag = "11")]
    pub(crate) sale: Option<Box<SaleFragment>>,
    #[prost(message, optional, boxed, tag = "12")]
    pub(crate) payment: Option<Box<PaymentFragment>>,
    #[prost(message, optional, boxed, tag = "13")]
    pub(crate) shipment: Option<Box<ShipmentFragment>>,
    #[prost(message, optional, boxed, tag = "14")]
    pub(crate) case: Option<Box<CaseFragment>>,
    #[prost(message, optional, boxed, tag = "15")]
    pub(crate) contact: Option<Box<ContactFragment>>,
    #[prost(message, optional, boxed, tag = "16")]
    pub(crate) decided: Option<Box<DecisionFragment>>,
    /// Of a document, the latest word on whether it stands.
    #[prost(message, optional, boxed, tag = "17")]
    pub(crate) validity: Option<Box<DocumentValidity>>,
    /// When the first of its facts happened.
    #[prost(message, optional, tag = "20")]
    pub(crate) since: Option<EventTime>,
    /// The number that stands on it, where its subject says another one.
    #[prost(string, tag = "21")]
    pub(crate) number: String,
}

/// Bytes of a number that is kept beside its subject's; what is longer is none that anybody says.
const LONGEST_NUMBER: usize = 100;

impl Fragment {
    /// Folds standing facts, given in fold order.
    pub fn fold(subject: &Subject, facts: &[FactRef]) -> Self {
        let mut fragment = Self::default();
        if let Some(identifier) = guest_identifier(subject) {
            fragment.kind = SubjectKind::Party as u32;
            fragment.party = Some(Box::new(PartyFragment::of_guest(&identifier)));
        }
        for fact in facts.iter().filter(|fact| fact.event.header.subject == *subject) {
            fragment.apply(fact);
        }
        fragment
    }

    /// Applies one more fact, which comes after all that were applied before.
    pub fn apply(&mut self, fact: &FactRef) {
        let event = fact.event;
        let kind = event.header.subject.kind();
        self.kind = kind as u32;
        match &event.body {
            Body::DocumentReassigned(m) => {
                self.apply_reassignment(m);
                return;
            }
            // Standing, it keeps the other versions of its fact from standing: that is all that it does.
            Body::FactWithdrawn(_) => return,
            _ => {}
        }
        self.facts = self.facts.saturating_add(1);
        let at = EventTime::from_event(event);
        self.since = Some(self.since.map_or(at, |since| since.min(at)));
        if is_plain(kind) {
            return;
        }
        StandingReference::replace_roles(&mut self.references, event);
        self.set_number(event);
        let stood = self.is_standing();
        if kind.is_document() && speaks_of_standing(&event.body) {
            let after =
                event.header.occurred_at.saturating_sub(self.since.map_or(event.header.occurred_at, |since| since.at));
            self.validity.get_or_insert_default().apply_fact(event, after);
        }
        match kind {
            SubjectKind::Party => self.party.get_or_insert_default().apply(fact),
            SubjectKind::Order | SubjectKind::Invoice | SubjectKind::CreditNote => {
                self.sale.get_or_insert_default().apply(&event.body)
            }
            SubjectKind::Payment | SubjectKind::Refund | SubjectKind::Adjustment => {
                self.payment.get_or_insert_default().apply(&event.body, stood);
            }
            SubjectKind::Delivery | SubjectKind::Track | SubjectKind::Return => {
                self.shipment.get_or_insert_default().apply(&event.body, at);
            }
            SubjectKind::Case => self.case.get_or_insert_default().apply(&event.body, at),
            SubjectKind::Contact => self.contact.get_or_insert_default().apply(&event.body),
            SubjectKind::Decision => self.decided.get_or_insert_default().apply(&event.body, fact.recorded_at),
            SubjectKind::Contract | SubjectKind::Opportunity | SubjectKind::Product | SubjectKind::Stock => {}
        }
        if kind != SubjectKind::Party {
            self.add_identifiers(&event.body);
        }
    }

    /// Whether a fact says the same wherever it stands among the others of its subject. So it is where nothing has an owner:
    /// of a stock, which tens of thousands of facts may be about, is kept that it is known, and since when.
    pub fn commutes(event: &DecodedEvent) -> bool {
        is_plain(event.header.subject.kind())
            && !matches!(event.body, Body::DocumentReassigned(_) | Body::FactWithdrawn(_))
    }

    /// Brings a fragment from when references of what has no owner were kept into the form of now.
    pub fn forget_unread(&mut self) {
        if kind_of(self.kind).is_some_and(is_plain) {
            self.references.clear();
            self.identifiers.clear();
        }
    }

    /// Identifiers and names of a revision that no longer stands still count as asserted (B2). The order of calls, and
    /// whether they come before or after the facts, does not matter.
    pub fn assert_superseded(&mut self, event: &DecodedEvent) {
        if event.header.subject.kind() == SubjectKind::Party {
            self.kind = SubjectKind::Party as u32;
            self.party.get_or_insert_default().assert_superseded(event);
        }
    }

    /// A party that a revision which no longer stands flagged once stood for others, whichever mapping said so. The order of calls
    /// does not matter, as long as the facts come before.
    pub fn note_superseded_flag(&mut self, event: &DecodedEvent) {
        if matches!(event.body, Body::PartyFlaggedIntermediary(_)) {
            self.party.get_or_insert_default().note_superseded_flag(event);
        }
    }

    /// Takes in what guest orders say of a party (C7), in any order, before or after its facts.
    pub fn merge_guest(&mut self, guest: &GuestParty) {
        if *guest != GuestParty::default() {
            self.party.get_or_insert_default().guest.get_or_insert_default().merge_with(guest);
        }
    }

    /// What guest orders said of a party: a fold afresh keeps it, since it stands in none of the party's facts.
    pub fn guest(&self) -> Option<&GuestParty> {
        self.party.as_ref()?.guest.as_ref()
    }

    /// A later fact that bears identifiers in a role replaces those of that role; a placing none of an amendment. On an order all at once, so
    /// that the guest whose it is was named by one event.
    fn add_identifiers(&mut self, body: &Body) {
        let (identifiers, amended) = (body.identifiers(), matches!(body, Body::OrderAmended(_)));
        let beaten = !amended && self.identifiers.iter().any(|named| named.amended);
        if identifiers.is_empty() || beaten {
            return;
        }
        let stays = |named: &NamedIdentifier| identifiers.iter().all(|new| new.role != named.role);
        let order = self.kind == SubjectKind::Order as u32;
        self.identifiers.retain(|named| !order && stays(named));
        for identifier in identifiers {
            if let Some(key) = key_of(identifier) {
                self.identifiers.push(NamedIdentifier { role: identifier.role.clone(), key: key.to_string(), amended });
            }
        }
        self.identifiers.sort_by(|a, b| (&a.role, &a.key).cmp(&(&b.role, &b.key)));
        self.identifiers.dedup();
    }

    /// A later fact that says a number says another one.
    fn set_number(&mut self, event: &DecodedEvent) {
        let number = event.body.written_number().trim();
        if !number.is_empty() && number.len() <= LONGEST_NUMBER {
            let other = number != event.header.subject.number();
            if other { number.clone_into(&mut self.number) } else { self.number.clear() }
        }
    }

    /// The number that stands on it, where its subject says another one; else empty.
    pub fn written_number(&self) -> &str {
        &self.number
    }

    fn apply_reassignment(&mut self, m: &v1::DocumentReassigned) {
        if m.undone {
            return;
        }
        if m.facet != "receivable" {
            self.reassigned_trade.clone_from(&m.to);
        }
        if m.facet != "trade" {
            self.reassigned_receivable.clone_from(&m.to);
        }
    }

    /// Whether any fact of its own is known; else it is a placeholder that others name.
    pub fn has_facts(&self) -> bool {
        self.facts > 0
    }

    /// Whether it is a document of which facts are known.
    pub fn is_document(&self) -> bool {
        self.has_facts() && self.kind_rank().is_some()
    }

    /// When its first fact happened.
    pub fn first_at(&self) -> Option<Micros> {
        self.since.map(|since| since.at)
    }

    fn kind_rank(&self) -> Option<u8> {
        kind_of(self.kind).and_then(SubjectKind::rank)
    }

    fn reference_roles(&self) -> impl Iterator<Item = ReferenceRole> {
        self.references.iter().filter_map(StandingReference::role)
    }

    /// References in roles that are wanted.
    pub(crate) fn standing_references(
        &self,
        wanted: impl Fn(ReferenceRole) -> bool,
    ) -> impl Iterator<Item = (ReferenceRole, Subject)> {
        StandingReference::of_roles(&self.references, wanted)
    }

    /// Standing references to parties.
    pub fn named_parties(&self) -> Vec<(ReferenceRole, Subject)> {
        self.standing_references(|role| matches!(role.target(), RoleTarget::Owner | RoleTarget::Bystander)).collect()
    }

    /// Documents of a lower rank that it names, by role, allocation or line; sorted.
    pub fn parents(&self) -> Vec<Subject> {
        let Some(rank) = self.kind_rank() else { return Vec::new() };
        let named = self.standing_references(|role| matches!(role.target(), RoleTarget::Parent(_))).map(|(_, s)| s);
        let parts = self.owned_parts().into_iter().map(|part| part.parent);
        let credited = self.sale.iter().flat_map(|sale| &sale.allocations).filter_map(|a| a.invoice.parse().ok());
        let mut parents: Vec<_> = named
            .chain(parts)
            .chain(credited)
            .filter(|s: &Subject| s.kind().rank().is_some_and(|r| r < rank))
            .collect();
        parents.sort();
        parents.dedup();
        parents
    }

    /// Documents of a higher rank that take their owner from it; sorted.
    pub fn children(&self) -> Vec<Subject> {
        let Some(rank) = self.kind_rank() else { return Vec::new() };
        let named = self.standing_references(|role| matches!(role.target(), RoleTarget::Child(_))).map(|(_, s)| s);
        let mut children: Vec<_> = named.filter(|s| s.kind().rank().is_some_and(|r| r > rank)).collect();
        children.sort();
        children.dedup();
        children
    }

    /// Valid identifiers on a document, with the role of whom they are; a party's own are in [`Fragment::party_facts`].
    pub fn identifiers(&self) -> Vec<(String, IdentifierKey)> {
        self.identifiers.iter().filter_map(|named| Some((named.role.clone(), named.key.parse().ok()?))).collect()
    }

    /// Whether an order names a person by identifiers alone, so that it makes a party of its own of them (C7).
    pub fn is_guest_order(&self) -> bool {
        self.kind == SubjectKind::Order as u32 && is_guest_order(SubjectKind::Order, self.reference_roles())
    }

    /// The parties that a guest order makes: of who buys, and of who pays where that is another. None for any other.
    pub fn guest_parties(&self, subject: &Subject) -> BTreeSet<Subject> {
        if self.identifiers.is_empty() || !self.is_guest_order() {
            return BTreeSet::new();
        }
        let identifiers = self.identifiers();
        let party = |facet| guest_party(facet, subject.source(), &identifiers).map(|(party, _)| party);
        Facet::ALL.into_iter().filter_map(party).collect()
    }

    /// The party to which a person gave the document in a facet.
    pub fn reassigned_party(&self, facet: Facet) -> Option<Subject> {
        let to = match facet {
            Facet::Trade => &self.reassigned_trade,
            Facet::Receivable => &self.reassigned_receivable,
        };
        to.parse().ok()
    }

    /// Whether a decision of a person stands about it: it is one, it was given to somebody, or something was withdrawn from it.
    pub fn is_decided(&self) -> bool {
        let withdrawn = self.party.iter().flat_map(|party| party.identifiers.values()).any(|held| held.withdrawn);
        let reassigned = !self.reassigned_trade.is_empty() || !self.reassigned_receivable.is_empty();
        withdrawn || reassigned || self.decided.as_ref().is_some_and(|decided| !decided.undone)
    }

    /// Parties that a decision names, undone or not.
    pub fn decided_parties(&self) -> BTreeSet<Subject> {
        let decided = self.decided.iter();
        decided.flat_map(|d| d.left.iter().chain(&d.right)).filter_map(|party| party.parse().ok()).collect()
    }

    /// How it stands.
    pub(crate) fn stance(&self) -> DocumentStance {
        self.validity.as_ref().map_or(DocumentStance::Stands, |validity| validity.stance())
    }

    /// Whether it is neither void nor reversed.
    pub(crate) fn is_standing(&self) -> bool {
        self.stance() == DocumentStance::Stands
    }

    /// Parts with owners of their own: a payment's allocations, the orders of a delivery's lines (C4).
    pub fn owned_parts(&self) -> Vec<OwnedPart> {
        if self.payment.is_some() {
            let part = |(parent, _)| OwnedPart { parent, facet: Facet::Receivable };
            return self.allocations().into_iter().map(part).collect();
        }
        let shipment = self.shipment.as_ref().filter(|_| self.kind == SubjectKind::Delivery as u32);
        let orders = shipment.map_or(&[][..], |s| &s.orders);
        let orders = orders.iter().filter_map(|order| order.parse::<Subject>().ok());
        orders.map(|parent| OwnedPart { parent, facet: Facet::Trade }).collect()
    }

    /// What it says to other subjects by itself: to each parent and each child; a decision, to those that it supersedes; a
    /// party, to the records with which its source merged it. A document that does not stand says whose others are, and
    /// nothing more.
    pub fn outbound_mentions(&self) -> BTreeMap<Subject, MentionState> {
        let mut all: BTreeMap<Subject, MentionState> =
            self.parents().into_iter().map(|parent| (parent, MentionState::default())).collect();
        for child in self.children() {
            all.insert(
                child,
                MentionState { is_parent: true, is_void: !self.is_standing(), ..MentionState::default() },
            );
        }
        self.add_claims(&mut all);
        for other in self.decided.iter().flat_map(|decided| decided.voided_documents()).chain(self.merged_with()) {
            all.entry(other).or_default();
        }
        all
    }

    /// Whether some lines of a delivery name no order, while others do: they are of the delivery's own owner (C4).
    pub(crate) fn has_loose_lines(&self) -> bool {
        self.shipment
            .as_ref()
            .is_some_and(|s| self.kind == SubjectKind::Delivery as u32 && s.loose && !s.orders.is_empty())
    }

    /// The day number promised for the goods by itself; a document that does not stand promises nothing.
    pub(crate) fn promised_day(&self) -> Option<i64> {
        if !self.is_standing() {
            return None;
        }
        let sale = self.sale.as_ref().and_then(|s| s.promised);
        self.shipment.as_ref().and_then(|s| s.promised).or(sale)
    }

    /// What identity knows of a party: identifiers that stand and its own number; all names and dates of birth ever
    /// asserted.
    pub fn party_facts(&self, subject: &Subject) -> PartyFacts {
        let none = PartyFragment::default();
        let party = self.party.as_deref().unwrap_or(&none);
        let standing = party.identifiers.iter().filter(|(_, held)| held.is_standing());
        let mut identifiers: BTreeSet<IdentifierKey> = standing.filter_map(|(key, _)| key.parse().ok()).collect();
        identifiers.insert(IdentifierKey::of_party(subject));
        PartyFacts {
            key: subject.clone(),
            names: party.all_names().cloned().collect(),
            identifiers,
            born_on: party.born_on.iter().cloned().collect(),
            at_source: party
                .at_source
                .iter()
                .filter_map(|(key, said)| Some((key.parse().ok()?, said.statement_order())))
                .collect(),
        }
    }

    /// Every identifier that any revision of the party ever asserted, its own number among them; true where it still
    /// stands. Holders are counted by this (B4).
    pub fn asserted_identifiers(&self, subject: &Subject) -> BTreeMap<IdentifierKey, bool> {
        let held = self.party.iter().flat_map(|p| &p.identifiers).filter(|(_, held)| held.ever);
        let mut all: BTreeMap<IdentifierKey, bool> =
            held.filter_map(|(key, held)| Some((key.parse().ok()?, held.is_standing()))).collect();
        all.insert(IdentifierKey::of_party(subject), true);
        all
    }

    /// Whether a party stands for others.
    pub fn intermediary(&self) -> Intermediary {
        self.party.as_ref().map_or(Intermediary::None, |p| intermediary(p.intermediary))
    }

    /// What a decision about parties says; none where it is undone, or the subject is no such decision.
    pub fn decision(&self, subject: &Subject) -> Option<PartyDecision> {
        self.decided.as_ref()?.to_decision(subject)
    }

    /// Whether it names a role.
    pub(crate) fn names_role(&self, wanted: ReferenceRole) -> bool {
        self.reference_roles().any(|role| role == wanted)
    }
}

/// Whether subjects of a kind have no owner and belong to nobody, so that nobody asks whom or what they name.
pub fn is_plain(kind: SubjectKind) -> bool {
    matches!(kind, SubjectKind::Product | SubjectKind::Stock)
}

fn kind_of(number: u32) -> Option<SubjectKind> {
    SubjectKind::ALL.into_iter().find(|kind| *kind as u32 == number)
}
