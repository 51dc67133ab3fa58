//! Whose a document and its parts are, and the day promised for its goods: C1 to C5.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::{RoleTarget, Subject, SubjectKind};
use onefold_identity::{Facet, Intermediary, OwnerKey, OwnershipClaim, find_owner};

use crate::{Fragment, MentionState, OwnedPart, OwnerKeys};

/// What decides whose a document is, beside what it says itself.
#[derive(Clone, Copy)]
pub struct OwnerContext<'a> {
    /// What other subjects say to it, by their key.
    pub inbound: &'a BTreeMap<String, MentionState>,
    /// What a party stands for.
    pub intermediary: &'a dyn Fn(&Subject) -> Intermediary,
    /// The keys of a parent; none where nothing is known of it.
    pub keys_of: &'a dyn Fn(&Subject) -> Option<OwnerKeys>,
}

/// Documents whose owner is this one's too: those it names, and those that name it as theirs.
pub fn parent_subjects(fragment: Option<&Fragment>, inbound: &BTreeMap<String, MentionState>) -> Vec<Subject> {
    let mut all = fragment.map(Fragment::parents).unwrap_or_default();
    all.extend(inbound.iter().filter(|(_, words)| words.is_parent).filter_map(|(from, _)| from.parse().ok()));
    all
}

/// Whether a track is named by a delivery or order that stands: it is a shipment, whether anybody scans it or not.
pub fn is_shipped(subject: &Subject, inbound: &BTreeMap<String, MentionState>) -> bool {
    subject.kind() == SubjectKind::Track && inbound.values().any(|words| words.is_parent && !words.is_void)
}

/// The owner keys of a subject. None where nothing is known of it that could have an owner.
pub fn find_keys(subject: &Subject, fragment: Option<&Fragment>, around: OwnerContext<'_>) -> Option<OwnerKeys> {
    let named = Fragment::default();
    let fragment = fragment.or_else(|| is_shipped(subject, around.inbound).then_some(&named))?;
    Some(
        OwnerFinder { subject, fragment, around, parents: parent_subjects(Some(fragment), around.inbound) }
            .owner_keys(),
    )
}

struct OwnerFinder<'a> {
    subject: &'a Subject,
    fragment: &'a Fragment,
    around: OwnerContext<'a>,
    parents: Vec<Subject>,
}

impl OwnerFinder<'_> {
    fn owner_keys(&self) -> OwnerKeys {
        let [trade, receivable] = Facet::ALL.map(|facet| self.direct_owner(facet, true));
        let direct = |facet| if facet == Facet::Trade { &trade } else { &receivable };
        let (of_trade, of_receivable) = (trade.key_for(self.subject), receivable.key_for(self.subject));
        let own = |facet| if facet == Facet::Trade { &of_trade } else { &of_receivable };
        let part = |part: &OwnedPart| match self.part_owner(part, direct(part.facet)) {
            Some(owner) => owner.key_for(self.subject),
            None => own(part.facet).clone(),
        };
        let mut parts: Vec<String> = self.fragment.owned_parts().iter().map(part).collect();
        if self.fragment.has_loose_lines() {
            parts.push(of_trade.clone());
        }
        if self.subject.kind() == SubjectKind::Track {
            parts = self.carried_owners().into_iter().collect();
        }
        let (promised, ordered) = self.promised_days();
        let flagged = |party: &Subject| (self.around.intermediary)(party) != Intermediary::None;
        let for_others = self
            .fragment
            .standing_references(|role| role.target() == RoleTarget::Owner)
            .any(|(_, party)| flagged(&party));
        OwnerKeys { trade: of_trade, receivable: of_receivable, parts, promised, ordered, for_others }
    }

    /// The document's own owner; on request without its parents' and the values on it.
    fn direct_owner(&self, facet: Facet, all: bool) -> OwnerKey {
        // What a payment leaves over is its payer's, not that of those whose invoices the rest of it settles.
        let settled: BTreeSet<Subject> = match self.subject.kind() {
            SubjectKind::Payment if self.fragment.leaves_over() => {
                self.fragment.owned_parts().into_iter().map(|part| part.parent).collect()
            }
            _ => BTreeSet::new(),
        };
        let parents = self.parents.iter().filter(|parent| all && !settled.contains(*parent));
        let parents: Vec<OwnerKey> = parents.filter_map(|parent| self.owner_of(parent, facet)).collect();
        let identifiers = if all { self.fragment.identifiers() } else { Vec::new() };
        let (reassigned, references) = (self.fragment.reassigned_party(facet), self.fragment.named_parties());
        let claim = OwnershipClaim {
            reassigned: reassigned.as_ref(),
            references: &references,
            intermediary: self.around.intermediary,
            parents: &parents,
            identifiers: &identifiers,
            guest_of: self.fragment.is_guest_order().then(|| self.subject.source()),
        };
        find_owner(facet, &claim)
    }

    fn owner_of(&self, parent: &Subject, facet: Facet) -> Option<OwnerKey> {
        let keys = (self.around.keys_of)(parent)?;
        OwnerKey::parse(if facet == Facet::Trade { &keys.trade } else { &keys.receivable })
    }

    /// A part is its parent's owner's, unless a person gave the whole document away. What nobody can own, and a payment for what
    /// nobody holds, is the document's own owner's: none.
    fn part_owner(&self, part: &OwnedPart, direct: &OwnerKey) -> Option<OwnerKey> {
        if self.fragment.reassigned_party(part.facet).is_some() {
            return None;
        }
        let owner = self.owner_of(&part.parent, part.facet).filter(|owner| *owner != OwnerKey::None)?;
        // What is surely somebody's is nobody else's: of a document of thousands of parts the direct owners are as many.
        if owner.is_sure() {
            return Some(owner);
        }
        Some(match part.facet {
            Facet::Trade => OwnerKey::first_of([owner, direct.clone()]),
            Facet::Receivable => owner.until(direct.clone()),
        })
    }

    /// Owners of what a track carries: of each line of the deliveries that name it or that it names. None where no delivery has
    /// lines of several, or the track says itself whose it is.
    fn carried_owners(&self) -> BTreeSet<String> {
        if self.direct_owner(Facet::Trade, false) != OwnerKey::None {
            return BTreeSet::new();
        }
        let keys: Vec<OwnerKeys> = self.parents.iter().filter_map(|parent| (self.around.keys_of)(parent)).collect();
        if keys.iter().all(|keys| keys.parts.is_empty()) {
            return BTreeSet::new();
        }
        let of = |keys: OwnerKeys| if keys.parts.is_empty() { vec![keys.trade] } else { keys.parts };
        // Nobody's is so under the track's own key.
        let own = |key: String| if key.starts_with("none:") { OwnerKey::None.key_for(self.subject) } else { key };
        keys.into_iter().flat_map(of).filter(|key| !key.is_empty()).map(own).collect()
    }

    /// The day promised by whoever ships it, and by whoever took the order: its own, else the earliest of its parents'.
    fn promised_days(&self) -> (Option<i64>, Option<i64>) {
        let own = self.fragment.promised_day();
        let of = |kind: SubjectKind, day: fn(&OwnerKeys) -> Option<i64>| {
            let of_kind = self.parents.iter().filter(|parent| parent.kind() == kind);
            of_kind.filter_map(|parent| day(&(self.around.keys_of)(parent)?)).min()
        };
        let ordered = || {
            let (orders, deliveries) =
                (of(SubjectKind::Order, |keys| keys.ordered), of(SubjectKind::Delivery, |keys| keys.ordered));
            orders.into_iter().chain(deliveries).min()
        };
        match self.subject.kind() {
            SubjectKind::Order => (None, own),
            SubjectKind::Delivery => (own, ordered()),
            SubjectKind::Track => (own.or_else(|| of(SubjectKind::Delivery, |keys| keys.promised)), ordered()),
            _ => (None, None),
        }
    }
}
