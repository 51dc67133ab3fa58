//! Guest orders: what they say of the party that they make of an identifier (C7).

use std::collections::BTreeMap;

use onefold_event::{Body, DecodedEvent, ReferenceRole, RoleTarget, Subject, SubjectKind};
use onefold_identity::{Facet, IdentifierKey, guest_identifier, guest_party, normalise_name};

use crate::party::key_of;
use crate::party::value::{LONGEST, PartyValue, truncate_text};

/// Most forms of names, and other identifiers, that a guest is known by: a value that more people order by tells nobody apart.
const MOST: usize = 8;

/// What guest orders say of one guest. It adds up over all copies of all events, whatever their order.
#[derive(Clone, PartialEq, prost::Message)]
pub struct GuestParty {
    /// Forms of the buyer's names, the least ones, sorted.
    #[prost(string, repeated, tag = "1")]
    pub(crate) names: Vec<String>,
    /// The latest name, as it was written.
    #[prost(message, optional, tag = "2")]
    pub(crate) name: Option<PartyValue>,
    /// Identifiers that stood beside the guest's own on its orders, the least ones, sorted. It is found by them; they are not its
    /// own, so that they link nobody and own nothing.
    #[prost(string, repeated, tag = "3")]
    pub(crate) beside: Vec<String>,
}

impl GuestParty {
    /// The guests that an event makes; almost always one, or none.
    pub(crate) fn guests_of(event: &DecodedEvent) -> BTreeMap<Subject, Self> {
        if !is_guest_order(event.header.subject.kind(), event.header.references.iter().map(|r| r.role)) {
            return BTreeMap::new();
        }
        let identifiers = event.body.identifiers().iter();
        let identifiers: Vec<(String, IdentifierKey)> =
            identifiers.filter_map(|i| Some((i.role.clone(), key_of(i)?))).collect();
        let mut all = BTreeMap::new();
        for facet in Facet::ALL {
            let Some((party, role)) = guest_party(facet, event.header.subject.source(), &identifiers) else { continue };
            // The party's own is asserted, not beside itself.
            let own = guest_identifier(&party);
            let said: &mut Self = all.entry(party).or_default();
            // The order names its buyer, not whoever else an identifier is of.
            if is_buyer(role) {
                let beside = identifiers.iter().filter(|(role, key)| is_buyer(role) && own.as_ref() != Some(key));
                let beside = beside.map(|(_, key)| key.to_string()).collect();
                said.merge_with(&Self { beside, ..Self::from_event(event) });
            }
        }
        all
    }

    fn from_event(event: &DecodedEvent) -> Self {
        let Body::OrderPlaced(m) = &event.body else { return Self::default() };
        let text = m.buyer.as_ref().map_or("", |buyer| buyer.name.trim());
        let names: Vec<String> = normalise_name(text).into_iter().collect();
        if names.is_empty() {
            return Self::default();
        }
        let (text, source) = (truncate_text(text, LONGEST).to_owned(), event.header.source.clone());
        Self { names, name: Some(PartyValue { text, source, at: event.header.occurred_at }), ..Self::default() }
    }

    /// Adds what another order says.
    pub fn merge_with(&mut self, other: &Self) {
        for (all, more) in [(&mut self.names, &other.names), (&mut self.beside, &other.beside)] {
            for text in more {
                if let Err(at) = all.binary_search(text) {
                    all.insert(at, text.clone());
                }
            }
            all.truncate(MOST);
        }
        let order = |value: &Option<PartyValue>| value.as_ref().map(|v| (v.at, v.text.clone(), v.source.clone()));
        if order(&other.name) > order(&self.name) {
            self.name.clone_from(&other.name);
        }
    }
}

/// Whether an identifier in this role is the buyer's.
fn is_buyer(role: &str) -> bool {
    matches!(role, "" | "buyer" | "customer" | "caller")
}

/// Whether nothing but identifiers can say whose a document is, and it is of a kind that makes a party of them.
pub(crate) fn is_guest_order(kind: SubjectKind, mut roles: impl Iterator<Item = ReferenceRole>) -> bool {
    kind == SubjectKind::Order && !roles.any(|role| matches!(role.target(), RoleTarget::Owner | RoleTarget::Parent(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_orders_say_adds_up_in_any_order() {
        let said = |n: usize| GuestParty {
            names: vec![format!("name {n}")],
            name: Some(PartyValue { text: format!("Name {n}"), source: "shop".into(), at: (n % 5) as i64 }),
            beside: vec![format!("phone:+861380013{n:04}")],
        };
        let sum = |all: &mut dyn Iterator<Item = usize>| {
            let mut sum = GuestParty::default();
            all.for_each(|n| sum.merge_with(&said(n)));
            sum
        };
        let (up, down) = (sum(&mut (0..20)), sum(&mut (0..20).rev().chain(3..9)));
        assert_eq!(up, down);
        assert_eq!(up.beside.len(), MOST);
        assert_eq!((up.names.len(), up.name.map(|v| v.text).as_deref()), (MOST, Some("Name 9")));
    }
}
