//! Why a document is whose it is, in a sentence.

use onefold_event::Subject;
use onefold_fold::SubjectState;
use onefold_identity::{Facet, OwnerAtom, OwnerKey};
use onefold_view::OwnerKeys;
use serde::Serialize;
use serde_json::Value;

use crate::EventLine;
use crate::events::Standing;

/// Why it is its buyer's, and why its debtor's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OwnerReasons {
    /// Of who bought.
    pub trade: String,
    /// Of who owes.
    pub receivable: String,
}

/// Why a document has the owner key that it has in a facet: the first of what decides (rules C1 to C5).
pub(crate) fn owner_reason(
    subject: &Subject,
    state: &SubjectState,
    facet: Facet,
    parents: &[(Subject, OwnerKeys)],
    events: &[EventLine],
) -> String {
    let of = |keys: &OwnerKeys| if facet == Facet::Trade { keys.trade.clone() } else { keys.receivable.clone() };
    let key = of(&state.owner_keys());
    let kind = subject.kind().word().replace('_', " ");
    let fragment = state.fragment.as_ref();
    if fragment.and_then(|fragment| fragment.reassigned_party(facet)).is_some() {
        return reassigned(events);
    }
    if fragment.is_some_and(|fragment| fragment.guest_parties(subject).iter().any(|guest| guest.as_str() == key)) {
        let identifiers = fragment.map(|fragment| fragment.identifiers()).unwrap_or_default();
        let identifiers: Vec<String> = identifiers.iter().map(|(_, key)| key.to_string()).collect();
        return format!("a guest ordered, known by {}", identifiers.join(", "));
    }
    if let Some((role, party)) = state.named_parties(subject).iter().find(|(_, party)| party.as_str() == key) {
        return format!("the {kind} names {party} as {}", role.word().replace('_', " "));
    }
    match OwnerKey::parse(&key) {
        None | Some(OwnerKey::None) => {
            return format!("the {kind} names nobody who can own it, and no document that somebody owns");
        }
        Some(OwnerKey::One(OwnerAtom::Identifier(identifier))) if parents.iter().all(|(_, keys)| of(keys) != key) => {
            return format!("the {kind} bears {identifier}");
        }
        Some(_) => {}
    }
    match parents.iter().find(|(_, keys)| of(keys) == key) {
        Some((parent, _)) => format!("the {kind} follows {parent}, which is theirs"),
        None => format!("several who are named speak for it: {key}"),
    }
}

/// Who gave it to its owner, and why.
fn reassigned(events: &[EventLine]) -> String {
    let stands =
        |event: &&EventLine| event.standing == Standing::Stands && event.ty == "decision.document_reassigned.v1";
    let decision = events.iter().rev().find(stands);
    let said = |field| decision.and_then(|event| event.data()?.get(field)).and_then(Value::as_str).unwrap_or_default();
    let (by, why) = (said("by"), said("why"));
    format!("{} gave it to them: {why}", if by.is_empty() { "a person" } else { by })
}
