//! Nothing that is accepted is without effect (A7): the catalogue is walked, and each event, field and role must change something
//! that a view, a list or a finding says, or stand here with the reason why not.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::{
    Event, EventType, FieldKind, MessageField, ReferenceRole, RoleTarget, SubjectKind, catalogue, from_cloudevent,
};
use serde_json::{Map, Value, json};

use crate::given::*;
use crate::hub::{Folded, Hub, subject};

/// What changes nothing, by the reason why: type, and field or role (`*`: the event itself).
const EXCEPTIONS: &[(&str, &[(&str, &str)])] = &[
    (
        "a word of the event itself, which `events` shows",
        &[
            ("decision.document_reassigned.v1", "by"),
            ("decision.document_reassigned.v1", "why"),
            ("decision.identifier_withdrawn.v1", "by"),
            ("decision.identifier_withdrawn.v1", "why"),
            ("decision.parties_linked.v1", "by"),
            ("decision.parties_linked.v1", "why"),
            ("decision.parties_separated.v1", "by"),
            ("decision.parties_separated.v1", "why"),
            ("fact.withdrawn.v1", "reason"),
            ("finance.adjustment_posted.v1", "number"),
            ("finance.adjustment_posted.v1", "reason"),
            ("finance.credit_note_issued.v1", "issued_on"),
            ("finance.credit_note_issued.v1", "number"),
            ("finance.credit_note_issued.v1", "reason"),
            ("finance.credit_note_issued.v1", "tax"),
            ("finance.dispute_closed.v1", "reason"),
            ("finance.document_reinstated.v1", "reason"),
            ("finance.invoice_issued.v1", "buyer"),
            ("finance.invoice_issued.v1", "issued_on"),
            ("finance.invoice_issued.v1", "number"),
            ("finance.invoice_issued.v1", "tax"),
            ("finance.payment_received.v1", "number"),
            ("finance.payment_received.v1", "payer"),
            ("finance.payment_received.v1", "text"),
            ("finance.payment_reversed.v1", "reason"),
            ("finance.refund_paid.v1", "number"),
            ("finance.refund_paid.v1", "reason"),
            ("party.corrected.v1", "reason"),
            ("party.flagged_intermediary.v1", "reason"),
            ("sales.contact_made.v1", "words"),
            ("sales.order_amended.v1", "discount"),
            ("sales.order_amended.v1", "reason"),
            ("sales.order_amended.v1", "tax"),
            ("sales.order_cancelled.v1", "reason"),
            ("sales.order_placed.v1", "buyer"),
            ("sales.order_placed.v1", "discount"),
            ("sales.order_placed.v1", "number"),
            ("sales.order_placed.v1", "tax"),
            ("service.action_completed.v1", "result"),
            ("service.case_closed.v1", "reason"),
            ("service.case_noted.v1", "by"),
            ("service.case_noted.v1", "words"),
            ("service.case_opened.v1", "channel"),
            ("service.case_opened.v1", "number"),
            ("service.case_reopened.v1", "reason"),
            ("service.case_resolved.v1", "resolution"),
            ("service.satisfaction_rated.v1", "words"),
            ("shipping.damaged.v1", "text"),
            ("shipping.delivered.v1", "place"),
            ("shipping.delivered.v1", "signed_by"),
            ("shipping.delivery_failed.v1", "place"),
            ("shipping.delivery_failed.v1", "reason"),
            ("shipping.dispatched.v1", "parcels"),
            ("shipping.scanned.v1", "place"),
            ("shipping.scanned.v1", "text"),
            ("warehouse.goods_issued.v1", "place"),
            ("warehouse.goods_returned.v1", "items"),
        ],
    ),
    (
        "what a document's inside says beside, which `show` tells of its events",
        &[
            ("finance.adjustment_posted.v1", "attributes"),
            ("finance.credit_note_issued.v1", "attributes"),
            ("finance.invoice_issued.v1", "attributes"),
            ("finance.payment_received.v1", "attributes"),
            ("finance.refund_paid.v1", "attributes"),
            ("sales.contact_made.v1", "attributes"),
            ("sales.order_amended.v1", "attributes"),
            ("sales.order_amended.v1", "discount_codes"),
            ("sales.order_amended.v1", "freight"),
            ("sales.order_placed.v1", "attributes"),
            ("sales.order_placed.v1", "discount_codes"),
            ("sales.order_placed.v1", "freight"),
            ("service.case_opened.v1", "attributes"),
            ("shipping.dispatched.v1", "attributes"),
            ("warehouse.goods_issued.v1", "attributes"),
            ("warehouse.goods_returned.v1", "attributes"),
        ],
    ),
    (
        "products and stocks belong to no customer: `events` shows what is said of them",
        &[
            ("product.described.v1", "*"),
            ("product.described.v1", "category"),
            ("product.described.v1", "name"),
            ("product.described.v1", "price"),
            ("product.described.v1", "unit"),
            ("service.case_opened.v1", "role product"),
            ("warehouse.stock_counted.v1", "*"),
            ("warehouse.stock_counted.v1", "place"),
            ("warehouse.stock_counted.v1", "role case"),
            ("warehouse.stock_counted.v1", "role product"),
            ("warehouse.stock_counted.v1", "unit"),
            ("warehouse.stock_reserved.v1", "*"),
            ("warehouse.stock_reserved.v1", "place"),
            ("warehouse.stock_reserved.v1", "role order"),
            ("warehouse.stock_reserved.v1", "role product"),
            ("warehouse.stock_reserved.v1", "unit"),
        ],
    ),
    (
        "of what is disputed alone: `tests/view/settlement.rs` has disputes of a part, and two of one invoice",
        &[("finance.dispute_opened.v1", "amount"), ("finance.dispute_opened.v1", "number")],
    ),
    (
        "a case ranks above it, so that it gives it no owner: `events` shows that it is named",
        &[("finance.refund_paid.v1", "role case"), ("warehouse.goods_returned.v1", "role case")],
    ),
    (
        "no type is about a contract or an opportunity, so that none has an owner to give",
        &[
            ("finance.invoice_issued.v1", "role contract"),
            ("sales.order_amended.v1", "role contract"),
            ("sales.order_amended.v1", "role opportunity"),
            ("sales.order_placed.v1", "role contract"),
            ("sales.order_placed.v1", "role opportunity"),
        ],
    ),
    (
        "no older decision is here: `tests/properties/cases.rs` has one that is superseded",
        &[("decision.parties_linked.v1", "supersedes"), ("decision.parties_separated.v1", "supersedes")],
    ),
];

/// A world of two customers, each with a document of every kind.
fn world() -> Hub {
    let mut hub = Hub::default();
    hub.say("party:erp:C", "2026-01-01", party("C", &[id("lei", "5493001KJTIIGC8Y1R12")]));
    let holds = |n: u8| {
        [
            id("phone", &format!("+8613800138{n:03}")),
            id("lei", ["5493001KJTIIGC8Y1R12", "HWUPKR0MPOU8FGXBT394"][usize::from(n)]),
        ]
    };
    for (n, number) in ["A", "B"].into_iter().enumerate() {
        let party_key = format!("party:erp:{number}");
        hub.say(&party_key, "2026-01-01", party(number, &holds(n as u8)));
        for ty in catalogue().types() {
            for kind in ty.kinds.iter().filter(|kind| kind.is_document()) {
                let owner = ty.roles.iter().find(|role| role.target() == RoleTarget::Owner);
                if let Some(owner) = owner.filter(|_| first_of(*kind) == ty.name) {
                    let about = format!("{}:erp:{}", kind.word(), n + 1);
                    hub.take(event(ty, &about, &json!({}), &[(*owner, party_key.clone())]));
                }
            }
        }
    }
    // A day that was promised for an order is seen by what is shipped of it.
    let shipped = hub.say("delivery:erp:3", "2026-02-01", dispatched("", &["order:erp:1", "order:erp:new"]));
    shipped.add_reference("buyer", subject("party:erp:A")).unwrap();
    hub
}

/// The type by which documents of a kind come to be: the first that may name an owner.
fn first_of(kind: SubjectKind) -> &'static str {
    let opens = |ty: &&EventType| {
        let word = [
            "placed",
            "issued",
            "received",
            "case_opened",
            "dispatched",
            "made",
            "recorded",
            "returned",
            "paid",
            "posted",
        ];
        ty.kinds.contains(&kind) && !ty.name.starts_with("decision.") && word.iter().any(|word| ty.name.contains(word))
    };
    catalogue().types().find(opens).map_or("", |ty| ty.name)
}

/// An event of a type with its required fields, and more.
fn event(ty: &EventType, about: &str, more: &Value, references: &[(ReferenceRole, String)]) -> Event {
    let mut data: Map<String, Value> =
        ty.fields.iter().filter(|field| field.required).map(|field| (field.name.clone(), value(field))).collect();
    data.extend(more.as_object().cloned().unwrap_or_default());
    let references: Vec<Value> =
        references.iter().map(|(role, to)| json!({ "role": role.word(), "subject": to })).collect();
    if !references.is_empty() {
        data.insert("references".to_owned(), references.into());
    }
    let event = json!({
        "specversion": "1.0", "id": format!("{about} {}", ty.name), "source": "erp", "type": ty.name,
        "subject": about, "time": "2026-03-01T09:00:00Z", "data": data,
    });
    from_cloudevent(&event).unwrap_or_else(|e| panic!("{}: {e}\n{event:#}", ty.name))
}

/// A value for a field, with meaning where its name gives it one.
fn value(field: &MessageField) -> Value {
    let one = match (&field.kind, field.name.as_str()) {
        (FieldKind::Message(_), "identifiers") => json!({ "kind": "phone", "text": "+8613800138009" }),
        (FieldKind::Message(_), "wrong") => json!({ "kind": "phone", "text": "+8613800138000" }),
        (FieldKind::Text, "facet") => json!("trade"),
        (FieldKind::Text, "channel") => json!("phone"),
        (FieldKind::Text, "direction") => json!("in"),
        (FieldKind::Text, "currency") => json!("CNY"),
        (FieldKind::Text, name) => json!(format!("some {name}")),
        (FieldKind::Bool, _) => json!(true),
        (FieldKind::Integer, _) => json!(3),
        (FieldKind::Decimal, _) => json!("3.00"),
        (FieldKind::Date, _) => json!("2026-03-02"),
        (FieldKind::Money, _) => json!({ "amount": "7.00", "currency": "CNY" }),
        (FieldKind::Subject(SubjectKind::Party), "left") => json!("party:erp:A"),
        (FieldKind::Subject(SubjectKind::Party), "right") => json!("party:erp:C"),
        (FieldKind::Subject(SubjectKind::Party), "parties") => return json!(["party:erp:A", "party:erp:B"]),
        (FieldKind::Subject(SubjectKind::Party), _) => json!("party:erp:B"),
        (FieldKind::Subject(kind), _) => json!(format!("{}:erp:2", kind.word())),
        (FieldKind::Enum(words), _) => json!(words.last().map(|(word, _)| word.to_uppercase())),
        (FieldKind::Message(fields), _) => {
            fields.iter().map(|field| (field.name.clone(), value(field))).collect::<Map<_, _>>().into()
        }
    };
    if field.repeated { json!([one]) } else { one }
}

/// All that may be asked for: views, whose each document is, and what is nobody's.
fn visible(folded: &Folded) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for party in folded.customers.iter().flatten() {
        let view = folded.view_at(party.as_str(), Some("2026-06-30"));
        all.insert(party.to_string(), serde_json::to_string(&view).unwrap());
    }
    for (document, keys) in &folded.keys {
        all.insert(document.to_string(), format!("{} {} {:?}", keys.trade, keys.receivable, keys.parts));
    }
    for (key, bundle) in folded.bundles.iter().filter(|(key, _)| !folded.whose(key).whole) {
        all.insert(key.clone(), folded.shown(key, bundle, "2026-06-30"));
    }
    all
}

/// Whether an event changes what is visible, beside another one or beside nothing.
fn changes(with: &Event, without: Option<&Event>) -> bool {
    let fold = |event: Option<&Event>| {
        let mut hub = world();
        event.into_iter().for_each(|event| hub.take(event.clone()));
        visible(&hub.fold())
    };
    fold(Some(with)) != fold(without)
}

/// What a type says without effect: itself, its fields, its roles.
fn without_effect(ty: &EventType) -> BTreeSet<String> {
    let abouts: Vec<String> =
        ty.kinds.iter().flat_map(|kind| ["1", "A", "new"].map(|n| format!("{}:erp:{n}", kind.word()))).collect();
    let owner = ty.roles.iter().find(|role| role.target() == RoleTarget::Owner);
    let owned: Vec<(ReferenceRole, String)> = owner.map(|role| (*role, "party:erp:A".to_owned())).into_iter().collect();
    let nowhere = |changed: &dyn Fn(&str) -> bool| !abouts.iter().any(|about| changed(about));
    let mut all = BTreeSet::new();
    if nowhere(&|about| changes(&event(ty, about, &json!({}), &owned), None)) {
        all.insert("*".to_owned());
    }
    for field in ty.fields.iter().filter(|field| !field.required) {
        // What is undone must have been said.
        let undone = |of: &&MessageField| field.name == "undone" && of.name == "wrong";
        let base: Map<String, Value> = ty.fields.iter().filter(undone).map(|of| (of.name.clone(), value(of))).collect();
        let mut more = base.clone();
        more.insert(field.name.clone(), value(field));
        let (base, more) = (Value::from(base), Value::from(more));
        let says = |about: &str, of: &[(ReferenceRole, String)]| {
            changes(&event(ty, about, &more, of), Some(&event(ty, about, &base, of)))
        };
        if nowhere(&|about| says(about, &owned) || says(about, &[])) {
            all.insert(field.name.clone());
        }
    }
    // Contact, ship-to and carrier never own.
    for role in ty.roles.iter().filter(|role| role.target() != RoleTarget::Bystander) {
        let to = match role.target() {
            RoleTarget::Owner | RoleTarget::Bystander => "party:erp:B".to_owned(),
            RoleTarget::Child(kind) => format!("{}:erp:named", kind.word()),
            RoleTarget::Parent(kind) | RoleTarget::Plain(kind) => format!("{}:erp:2", kind.word()),
        };
        let named = [(*role, to)];
        if nowhere(&|about| changes(&event(ty, about, &json!({}), &named), Some(&event(ty, about, &json!({}), &[])))) {
            all.insert(format!("role {}", role.word()));
        }
    }
    all
}

#[test]
fn whatever_is_accepted_changes_what_somebody_sees_or_is_listed_here_with_a_reason() {
    let excepted: BTreeSet<(&str, String)> =
        EXCEPTIONS.iter().flat_map(|(_, all)| all.iter().map(|(ty, what)| (*ty, (*what).to_owned()))).collect();
    let found: BTreeSet<(&str, String)> =
        catalogue().types().flat_map(|ty| without_effect(ty).into_iter().map(move |what| (ty.name, what))).collect();
    let idle: Vec<_> = found.difference(&excepted).collect();
    assert!(idle.is_empty(), "without effect: {idle:#?}");
    let effective: Vec<_> = excepted.difference(&found).collect();
    assert!(effective.is_empty(), "not without effect any more: {effective:#?}");
}
