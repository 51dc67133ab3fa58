//! What is kept of one subject: its facts, what they say, what others say to it, and whose it is.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::{
    Body, ContentDigest, DecodedEvent, EventHeader, Micros, ReferenceRole, RoleTarget, Subject, SubjectKind,
};
use onefold_identity::{IdentifierKey, Intermediary, OwnerKey, PartyDecision};
use onefold_view::{
    Contribution, DocumentNumber, FactRef, FormerKeys, Fragment, GuestParty, MentionState, NamedKeys, OwnerContext,
    OwnerKeys, SettlementStep, all_mentions, contribute, is_plain, is_shipped, reply_in_step,
};

use crate::fact::first_copies;
use crate::{FactState, FurtherFacts, standing_facts};

/// The row of a subject; its encoding is canonical.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SubjectState {
    /// All distinct copies, ordered by (id, recorded_at, digest); of a long history those that were read.
    #[prost(message, repeated, tag = "1")]
    pub facts: Vec<FactState>,
    /// What the standing facts say.
    #[prost(message, optional, tag = "2")]
    pub fragment: Option<Fragment>,
    /// What other subjects say to this one, by their key.
    #[prost(btree_map = "string, message", tag = "3")]
    pub inbound: BTreeMap<String, MentionState>,
    /// Whose it is.
    #[prost(message, optional, tag = "4")]
    pub keys: Option<OwnerKeys>,
    /// Its fold failed: it contributes nothing until a corrected program folds it afresh.
    #[prost(bool, tag = "5")]
    pub failed: bool,
    /// Of a long history, what the row keeps of it: its facts stand in further rows.
    #[prost(message, optional, boxed, tag = "6")]
    pub further: Option<Box<FurtherFacts>>,
    /// What copies of its events named and its standing facts do not.
    #[prost(message, optional, boxed, tag = "7")]
    pub former: Option<Box<FormerKeys>>,
}

/// Every identifier that a party ever asserted, true where it holds it now. Its own number is among them whatever its row
/// says, and if it has none: a party exists as soon as any event names it (rule B3).
pub fn asserted_identifiers(party: &Subject, state: Option<&SubjectState>) -> BTreeMap<IdentifierKey, bool> {
    let fragment = state.and_then(|state| state.fragment.as_ref());
    fragment.map_or_else(
        || BTreeMap::from([(IdentifierKey::of_party(party), true)]),
        |fragment| fragment.asserted_identifiers(party),
    )
}

/// What became of a copy of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdmitOutcome {
    /// The same content was known; nothing changes but perhaps the effective time.
    Duplicate,
    /// Known, but this copy is earlier: the order of facts may change.
    Earlier,
    /// The id was known with other content.
    Conflict,
    /// New, and after all that stood in the order of folding, or wherever it stands: it can be applied to what is folded.
    InOrder,
    /// New, but before or instead of something that stood: the subject is folded afresh.
    OutOfOrder,
}

impl SubjectState {
    /// Whether a copy of an event is known already and no earlier than the one that is: taking it in changes nothing.
    pub fn knows_copy(
        &self,
        event: &EventHeader,
        digest: &ContentDigest,
        recorded_at: Micros,
        partition: u32,
        offset: u64,
    ) -> bool {
        let place = (recorded_at, partition, offset);
        self.of_id(&event.id.0).iter().any(|fact| fact.digest == *digest && fact.log_place() <= place)
    }

    /// Copies of one id.
    fn of_id(&self, id: &[u8; 16]) -> &[FactState] {
        let from = self.facts.partition_point(|fact| fact.id < *id);
        let rest = self.facts.get(from..).unwrap_or_default();
        &rest[..rest.partition_point(|fact| fact.id == *id)]
    }

    /// Takes in one copy of an event (rule A3): what stands is derived from the set of copies, whatever their order. Of a long
    /// history it MUST hold what further rows say of the same fact.
    pub fn admit(
        &mut self,
        event: &DecodedEvent,
        digest: &ContentDigest,
        recorded_at: Micros,
        partition: u32,
        offset: u64,
    ) -> AdmitOutcome {
        // Facts are sorted by id first, so copies of one event stand side by side.
        let from = self.facts.partition_point(|fact| fact.id < event.header.id.0);
        let mut copies =
            self.facts.get_mut(from..).into_iter().flatten().take_while(|fact| fact.id == event.header.id.0);
        if let Some(same) = copies.find(|fact| fact.digest == *digest) {
            if (recorded_at, partition, offset) >= same.log_place() {
                return AdmitOutcome::Duplicate;
            }
            // The earliest copy counts in all that it says, also in what is none of its content: its order among versions.
            *same = FactState::new(&event.header, digest, recorded_at, partition, offset);
            FactState::sort_facts(&mut self.facts);
            return AdmitOutcome::Earlier;
        }
        let conflict = !self.of_id(&event.header.id.0).is_empty();
        let revises = self.facts.iter().any(|f| f.fact == event.header.fact.0);
        let new = FactState::new(&event.header, digest, recorded_at, partition, offset);
        let in_order = Fragment::commutes(event) || self.last_key().is_none_or(|last| last <= new.fold_key());
        // Nearly every subject has one fact, and its fragment says it.
        let is_first = self.facts.is_empty() && self.further.is_none() && self.former.is_none();
        if !(is_first && self.fragment.is_none() && NamedKeys::are_said_at_once(event)) {
            self.note_named(event);
        }
        // After the duplicate was ruled out: an equal key would otherwise be there twice.
        let place = self.facts.partition_point(|fact| fact.row_key() < new.row_key());
        if self.facts.is_empty() {
            // Most subjects have one fact.
            self.facts.reserve_exact(1);
        }
        self.facts.insert(place, new);
        self.count_fact(place, conflict);
        match (conflict, revises, in_order) {
            (true, ..) => AdmitOutcome::Conflict,
            (false, false, true) => AdmitOutcome::InOrder,
            _ => AdmitOutcome::OutOfOrder,
        }
    }

    /// Folds an event that was admitted in order.
    pub fn apply(&mut self, subject: &Subject, fact: &FactRef<'_>) {
        let mut fragment = self.take_fragment(subject).unwrap_or_else(|| Fragment::fold(subject, &[]));
        fragment.apply(fact);
        self.set_fragment(subject, fragment);
    }

    /// Notes what a copy of an event names, which is known for ever, also once no fragment says it; admitting a copy does so.
    pub fn note_named(&mut self, event: &DecodedEvent) {
        if !is_plain(event.header.subject.kind()) {
            self.former.get_or_insert_default().add(NamedKeys::of_event(event));
        }
    }

    /// The fragment, to be changed: what it named was named once.
    fn take_fragment(&mut self, subject: &Subject) -> Option<Fragment> {
        let fragment = self.fragment.take()?;
        if !is_plain(subject.kind()) {
            self.former.get_or_insert_default().add(NamedKeys::of_fragment(subject, &fragment));
        }
        Some(fragment)
    }

    /// A fragment that was changed: what it names is named now.
    fn set_fragment(&mut self, subject: &Subject, fragment: Fragment) {
        if let Some(former) = &mut self.former {
            former.remove(&NamedKeys::of_fragment(subject, &fragment));
        }
        self.former.take_if(|former| former.is_empty());
        self.fragment = Some(fragment);
    }

    /// Where in the log the facts stand that a fold afresh needs: (partition, offset). It MUST hold all of them.
    pub fn history(&self) -> Vec<(u32, u64)> {
        let (standing, superseded) = standing_facts(&self.facts);
        standing.iter().chain(&superseded).map(|fact| (fact.partition, fact.offset)).collect()
    }

    /// Folds it afresh (rule A5) from the events that [`Self::history`] named, in that order. Where one of them is
    /// missing the subject is in quarantine: it contributes nothing. Answers whether it was folded.
    pub fn fold_afresh(&mut self, subject: &Subject, events: &[DecodedEvent]) -> bool {
        self.recount();
        let (standing, superseded) = standing_facts(&self.facts);
        let times: Vec<Micros> = standing.iter().chain(&superseded).map(|fact| fact.recorded_at).collect();
        let stands = standing.len();
        // What others say of it as a guest is in none of its own facts, and has to survive the fold.
        let guest = self.take_fragment(subject).and_then(|old| old.guest().cloned());
        self.failed = times.len() != events.len();
        if self.failed {
            return false;
        }
        let (standing, superseded) = events.split_at(stands);
        let facts: Vec<FactRef<'_>> =
            standing.iter().zip(times).map(|(event, recorded_at)| FactRef { event, recorded_at }).collect();
        let mut fragment = Fragment::fold(subject, &facts);
        let is_party = subject.kind() == SubjectKind::Party;
        for event in superseded.iter().filter(|event| is_party && !is_withdrawn(event, standing)) {
            if !is_remapped(event, events) {
                fragment.assert_superseded(event);
            }
        }
        superseded.iter().for_each(|event| fragment.note_superseded_flag(event));
        guest.iter().for_each(|guest| fragment.merge_guest(guest));
        self.set_fragment(subject, fragment);
        true
    }

    /// Takes in what an event says of it as a guest (rule C7): its row begins with that, whether it has facts or not.
    pub fn merge_guest(&mut self, subject: &Subject, guest: &GuestParty) {
        self.fragment.get_or_insert_with(|| Fragment::fold(subject, &[])).merge_guest(guest);
    }

    /// Number of copies that contradict an earlier one of the same id.
    pub fn conflict_count(&self) -> u64 {
        match &self.further {
            Some(further) => further.conflicts,
            None => (self.facts.len() - first_copies(&self.facts).count()) as u64,
        }
    }

    /// Whether any event about it is known (else it is a placeholder that another subject names).
    pub fn is_known(&self) -> bool {
        self.copy_count() > 0
    }

    /// Whether a decision of a person stands about it.
    pub fn is_decided(&self) -> bool {
        self.fragment.as_ref().is_some_and(Fragment::is_decided)
    }

    /// Keys, empty where there are none.
    pub fn owner_keys(&self) -> OwnerKeys {
        self.keys.clone().unwrap_or_default()
    }

    /// Of a decision on parties what it says; nothing where it is undone.
    pub fn party_decision(&self, subject: &Subject) -> Option<PartyDecision> {
        self.fragment.as_ref()?.decision(subject)
    }

    /// Decisions that supersede these, and are not among them, by their keys.
    pub fn superseding_decisions(decisions: &BTreeMap<String, Self>) -> BTreeSet<String> {
        let above = decisions.values().flat_map(|state| state.inbound.keys());
        above.filter(|key| !decisions.contains_key(*key)).cloned().collect()
    }

    /// What decisions say, from their rows by key.
    pub fn party_decisions(rows: &BTreeMap<String, Self>) -> Vec<PartyDecision> {
        rows.iter().filter_map(|(key, state)| state.party_decision(&key.parse().ok()?)).collect()
    }

    /// Parties that it names, with their roles; the guests that an order makes are its buyers.
    pub fn named_parties(&self, subject: &Subject) -> Vec<(ReferenceRole, Subject)> {
        let Some(fragment) = &self.fragment else { return Vec::new() };
        let mut all = fragment.named_parties();
        all.extend(fragment.guest_parties(subject).into_iter().map(|guest| (ReferenceRole::Buyer, guest)));
        all
    }

    /// Documents whose owner is this one's too: those it names, and those that name it as theirs.
    pub fn parents(&self) -> Vec<Subject> {
        onefold_view::parent_subjects(self.fragment.as_ref(), &self.inbound)
    }

    /// Documents that take their owner from this one.
    pub fn children(&self) -> Vec<Subject> {
        let mut all = self.fragment.as_ref().map(Fragment::children).unwrap_or_default();
        all.extend(self.inbound.iter().filter(|(_, words)| !words.is_parent).filter_map(|(from, _)| from.parse().ok()));
        all
    }

    /// Whether a party stands for others.
    pub fn intermediary(&self) -> Intermediary {
        self.fragment.as_ref().map_or(Intermediary::None, Fragment::intermediary)
    }

    /// Whose it is (rules C1 to C5), given its parents' keys and which parties are intermediaries.
    pub fn find_keys(
        &self,
        subject: &Subject,
        intermediary: &dyn Fn(&Subject) -> Intermediary,
        keys_of: &dyn Fn(&Subject) -> Option<OwnerKeys>,
    ) -> Option<OwnerKeys> {
        let around = OwnerContext { inbound: &self.inbound, intermediary, keys_of };
        onefold_view::find_keys(subject, self.fragment.as_ref(), around)
    }

    /// Owner keys that an event about it may change something of: whoever reads the event finds them here.
    pub fn owners_of(&self, subject: &Subject) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        if subject.kind() == SubjectKind::Party {
            all.insert(subject.to_string());
        }
        let keys = self.owner_keys();
        all.extend(keys.all().filter(|key| !key.is_empty()).cloned());
        all
    }

    /// What it says to other subjects, given what they said to it.
    pub fn all_mentions(&self, subject: &Subject) -> BTreeMap<Subject, MentionState> {
        match &self.fragment {
            Some(fragment) => all_mentions(subject, fragment, &self.inbound),
            // An order that is only named so far brings its invoice and its payments together all the same.
            None if self.inbound.is_empty() => BTreeMap::new(),
            None => all_mentions(subject, &Fragment::default(), &self.inbound),
        }
    }

    /// What it says to others in one step of settlement, given what it heard in those before.
    pub fn mentions_in_step(&self, step: SettlementStep, subject: &Subject) -> BTreeMap<Subject, MentionState> {
        let placeholder = Fragment::default();
        reply_in_step(step, subject, self.fragment.as_ref().unwrap_or(&placeholder), &self.inbound)
    }

    /// What it adds to bundles, by owner key.
    pub fn contributions(&self, subject: &Subject) -> BTreeMap<String, Contribution> {
        let named = Fragment::default();
        match &self.fragment {
            _ if self.failed => BTreeMap::new(),
            Some(fragment) => contribute(subject, fragment, &self.inbound, &self.owner_keys()),
            // What is only named is a shipment all the same.
            None if is_shipped(subject, &self.inbound) => {
                contribute(subject, &named, &self.inbound, &self.owner_keys())
            }
            None => BTreeMap::new(),
        }
    }

    /// When its first fact happened; 0 where none could be folded.
    pub fn at(&self) -> Micros {
        self.fragment.as_ref().and_then(Fragment::first_at).unwrap_or(0)
    }

    /// Owner keys under which it stands in the index of documents: its own, the members of those that are of several, and
    /// parties that it names as owners, passed over or not.
    pub fn index_keys(&self, subject: &Subject) -> BTreeSet<String> {
        if !self.is_known() || !subject.kind().is_document() {
            return BTreeSet::new();
        }
        let keys = self.owner_keys();
        let mut all: BTreeSet<String> = keys.all().filter(|key| !key.is_empty()).cloned().collect();
        let members: Vec<OwnerKey> = all.iter().flat_map(|key| OwnerKey::references_of(key)).collect();
        all.extend(members.iter().map(|member| member.key_for(subject)));
        let named = self.named_parties(subject).into_iter().filter(|(role, _)| role.target() == RoleTarget::Owner);
        all.extend(named.map(|(_, party)| party.to_string()));
        all
    }

    /// Keys under which it stands in the index of former owners: [`FormerKeys::index_keys`].
    pub fn former_keys(&self, subject: &Subject) -> BTreeSet<String> {
        let for_others = self.keys.as_ref().is_some_and(|keys| keys.for_others);
        let none = FormerKeys::default();
        let former = self.former.as_deref().unwrap_or(&none);
        former.index_keys(subject, self.fragment.as_ref(), || self.index_keys(subject), for_others)
    }

    /// The number that stands on a document, where the document is not found as often by the number of its subject.
    pub fn written_number(&self, subject: &Subject) -> Option<DocumentNumber> {
        let written = self.fragment.as_ref()?.written_number();
        let number = DocumentNumber::of(written).filter(|_| subject.kind().is_document())?;
        // What finds `4711` finds the subject of `RE-4711` too, and not the other way round.
        let own = DocumentNumber::of(subject.number());
        own.is_none_or(|own| number.nearness(&own).is_none()).then_some(number)
    }
}

/// Whether the version of its fact that stands says that none of it was ever said.
fn is_withdrawn(event: &DecodedEvent, standing: &[DecodedEvent]) -> bool {
    let of_fact = standing.iter().find(|other| other.header.fact == event.header.fact);
    of_fact.is_some_and(|other| matches!(other.body, Body::FactWithdrawn(_)))
}

/// Whether a later mapping made another version of the same version of the source. What the earlier one misread of it, the source
/// never asserted.
fn is_remapped(event: &DecodedEvent, all: &[DecodedEvent]) -> bool {
    let header = &event.header;
    let alike = || {
        let others = all.iter().map(|other| &other.header);
        others.filter(|other| other.fact == header.fact && other.revision == header.revision)
    };
    // Each mapping's version bears an id that is made of the source's own version's.
    let made_anew = |first: &EventHeader, other: &EventHeader| {
        other.revision_order.last().is_some_and(|mapping| first.id.remapped(*mapping) == other.id)
    };
    alike()
        .filter(|first| first.id == header.id || made_anew(first, header))
        .any(|first| alike().any(|other| other.revision_order > header.revision_order && made_anew(first, other)))
}

#[cfg(test)]
mod tests {
    use onefold_event::{EmptyKeyRing, Event, IdParts, v1};

    use super::*;

    #[test]
    fn the_earliest_copy_of_one_content_counts_in_all_that_it_says_whichever_comes_first() {
        let subject: Subject = "order:erp:1".parse().unwrap();
        let ids = IdParts { source: "erp", part: "", parts: &["1".to_owned()], revision: "" };
        let body = v1::OrderCancelled::default();
        let plain = Event::new(ids.event_id(), ids.fact_id(), "erp", subject, 0, body.into()).unwrap();
        let plain = plain.into_decoded(&EmptyKeyRing).unwrap();
        let mut ordered = plain.clone();
        (ordered.header.revision_order, ordered.header.offset) = (vec![7], Some(3_600));
        // By the time that it was taken in; where that is the same, by where it stands.
        for stamps in [[1, 2], [1, 1]] {
            let state = |order: [usize; 2]| {
                let mut state = SubjectState::default();
                for n in order {
                    let event = [&plain, &ordered][n];
                    state.admit(event, &[7; 16], stamps[n], 0, n as u64);
                }
                state
            };
            let (first, last) = (state([0, 1]), state([1, 0]));
            assert_eq!(first, last, "{stamps:?}");
            assert_eq!((first.facts[0].order.len(), first.facts[0].offset), (0, 0));
            assert!(first.knows_copy(&ordered.header, &[7; 16], stamps[1], 0, 1));
        }
    }
    #[test]
    fn a_number_that_stands_on_a_document_is_kept_where_that_of_its_subject_does_not_lead_to_it() {
        for (written, number, is_kept) in [
            ("RE-4711", "4711", true),
            ("RE-4711", "SO-4711", true),
            ("RE-4712", "4711", true),
            ("RE-4711", "RE-4711", false),
            ("re 4711", "RE-04711", false),
            ("4711", "RE-4711", false),
            ("1000000000000004711", "2000000000000004711", true),
            ("", "4711", false),
        ] {
            let subject = Subject::new(SubjectKind::Invoice, "erp", number).unwrap();
            let ids = IdParts { source: "erp", part: "", parts: &["1".to_owned()], revision: "" };
            let body = v1::InvoiceIssued { number: written.to_owned(), ..Default::default() };
            let event = Event::new(ids.event_id(), ids.fact_id(), "erp", subject.clone(), 0, body.into()).unwrap();
            let event = event.into_decoded(&EmptyKeyRing).unwrap();
            let fragment = Fragment::fold(&subject, &[FactRef { event: &event, recorded_at: 0 }]);
            let state = SubjectState { fragment: Some(fragment), ..SubjectState::default() };
            assert_eq!(state.written_number(&subject).is_some(), is_kept, "{written} on {number}");
        }
    }
}
