//! Whose a document is, step by step and facet by facet.

use onefold_event::{ReferenceRole, Subject};
use onefold_identity::{Facet, Intermediary, OwnerAtom, OwnerKey, OwnershipClaim, find_owner};

const SHOP: &str = "party:erp:market";
const CASH: &str = "party:erp:cash";

const NOREPLY: &str = "party:web:guest:email:noreply@b.c";

/// What a document says, in words.
#[derive(Default)]
struct Says<'a> {
    reassigned: Option<&'a str>,
    references: &'a [(ReferenceRole, &'a str)],
    parents: &'a [&'a [&'a str]],
    identifiers: &'a [(&'a str, &'a str)],
    guest_of: Option<&'a str>,
}

fn subject(text: &str) -> Subject {
    text.parse().unwrap()
}

fn owner(atoms: &[&str]) -> OwnerKey {
    OwnerKey::from_atoms(atoms.iter().map(|atom| OwnerAtom::parse(atom).unwrap()).collect())
}

/// The owners in trade and receivable.
fn owners(says: &Says<'_>) -> [OwnerKey; 2] {
    let reassigned = says.reassigned.map(subject);
    let references: Vec<_> = says.references.iter().map(|(role, party)| (*role, subject(party))).collect();
    let parents: Vec<_> = says.parents.iter().map(|atoms| owner(atoms)).collect();
    let identifiers: Vec<_> =
        says.identifiers.iter().map(|(role, key)| ((*role).to_owned(), key.parse().unwrap())).collect();
    let intermediary = |party: &Subject| match party.as_str() {
        SHOP => Intermediary::Marketplace,
        CASH | NOREPLY => Intermediary::WalkIn,
        _ => Intermediary::None,
    };
    let claim = OwnershipClaim {
        reassigned: reassigned.as_ref(),
        references: &references,
        intermediary: &intermediary,
        parents: &parents,
        identifiers: &identifiers,
        guest_of: says.guest_of,
    };
    Facet::ALL.map(|facet| find_owner(facet, &claim))
}

/// The first of these that names somebody who can own.
fn first(steps: &[&[&str]]) -> OwnerKey {
    OwnerKey::first_of(steps.iter().map(|step| owner(step)))
}

fn check(says: Says<'_>, trade: &[&str], receivable: &[&str]) {
    assert_eq!(owners(&says), [owner(trade), owner(receivable)]);
}

const A: &str = "party:erp:a";
const B: &str = "party:erp:b";
const C: &str = "party:erp:c";
const PHONE: &str = "identifier:phone:+8613800138000";

#[test]
fn who_buys_is_not_always_who_pays() {
    check(Says { references: &[(ReferenceRole::Buyer, A), (ReferenceRole::Debtor, B)], ..Says::default() }, &[A], &[B]);
    check(
        Says { references: &[(ReferenceRole::Buyer, A), (ReferenceRole::EndCustomer, B)], ..Says::default() },
        &[B],
        &[A],
    );
    check(
        Says { references: &[(ReferenceRole::Customer, A), (ReferenceRole::Buyer, B)], ..Says::default() },
        &[B],
        &[B],
    );
    check(
        Says {
            references: &[(ReferenceRole::BillTo, A), (ReferenceRole::Payer, B), (ReferenceRole::Buyer, C)],
            ..Says::default()
        },
        &[C],
        &[A],
    );
}

#[test]
fn a_decision_comes_before_all() {
    let references = [(ReferenceRole::Buyer, A)];
    check(Says { reassigned: Some(C), references: &references, parents: &[&[B]], ..Says::default() }, &[C], &[C]);
}

#[test]
fn contact_ship_to_and_carrier_never_own() {
    check(
        Says {
            references: &[(ReferenceRole::Contact, A), (ReferenceRole::ShipTo, B), (ReferenceRole::Carrier, C)],
            ..Says::default()
        },
        &[],
        &[],
    );
    check(Says { identifiers: &[("contact", "phone:+861"), ("ship_to", "phone:+862")], ..Says::default() }, &[], &[]);
}

#[test]
fn a_marketplace_owes_but_does_not_buy() {
    check(
        Says { references: &[(ReferenceRole::Debtor, SHOP), (ReferenceRole::Buyer, A)], ..Says::default() },
        &[A],
        &[SHOP],
    );
    check(
        Says {
            references: &[(ReferenceRole::Buyer, SHOP)],
            identifiers: &[("buyer", "phone:+8613800138000")],
            ..Says::default()
        },
        &[PHONE],
        &[SHOP],
    );
}

#[test]
fn a_walk_in_owns_nothing() {
    check(Says { references: &[(ReferenceRole::Buyer, CASH)], ..Says::default() }, &[], &[]);
    check(
        Says { references: &[(ReferenceRole::Buyer, CASH), (ReferenceRole::Customer, A)], ..Says::default() },
        &[A],
        &[A],
    );
}

#[test]
fn several_at_one_step_are_a_set() {
    check(
        Says { references: &[(ReferenceRole::Buyer, A), (ReferenceRole::Buyer, B)], ..Says::default() },
        &[A, B],
        &[A, B],
    );
    check(
        Says { references: &[(ReferenceRole::Payer, A), (ReferenceRole::Payee, B)], ..Says::default() },
        &[A],
        &[A, B],
    );
    check(Says { parents: &[&[A], &[], &[B, C]], ..Says::default() }, &[A, B, C], &[A, B, C]);
}

#[test]
fn parents_come_before_identifiers_and_after_parties() {
    let identifiers = [("", "phone:+8613800138000")];
    check(
        Says {
            references: &[(ReferenceRole::Buyer, A)],
            parents: &[&[B]],
            identifiers: &identifiers,
            ..Says::default()
        },
        &[A],
        &[A],
    );
    check(Says { parents: &[&[B]], identifiers: &identifiers, ..Says::default() }, &[B], &[B]);
    check(Says { parents: &[&[]], identifiers: &identifiers, ..Says::default() }, &[PHONE], &[PHONE]);
}

#[test]
fn an_invoice_that_names_only_whom_it_bills_was_bought_by_them() {
    check(Says { references: &[(ReferenceRole::Debtor, A), (ReferenceRole::Payer, B)], ..Says::default() }, &[A], &[A]);
    check(Says { references: &[(ReferenceRole::BillTo, A)], parents: &[&[B]], ..Says::default() }, &[B], &[A]);
    let billed = Says {
        references: &[(ReferenceRole::BillTo, A)],
        identifiers: &[("buyer", "phone:+8613800138000")],
        ..Says::default()
    };
    assert_eq!(owners(&billed), [first(&[&[PHONE], &[A]]), owner(&[A])]);
    check(Says { references: &[(ReferenceRole::Debtor, SHOP)], ..Says::default() }, &[], &[SHOP]);
}

#[test]
fn the_payers_account_is_not_the_buyers_phone() {
    let identifiers = [("buyer", "phone:+8613800138000"), ("payer", "account:DE89370400440532013000")];
    let account = "identifier:account:DE89370400440532013000";
    assert_eq!(
        owners(&Says { identifiers: &identifiers, ..Says::default() }),
        [first(&[&[PHONE], &[account]]), first(&[&[account], &[PHONE]])]
    );
    let identifiers = [("", "phone:+8613800138000"), ("", "email:a@b.c")];
    check(
        Says { identifiers: &identifiers, ..Says::default() },
        &[PHONE, "identifier:email:a@b.c"],
        &[PHONE, "identifier:email:a@b.c"],
    );
}

#[test]
fn a_guest_order_is_of_the_party_that_its_strongest_identifier_makes() {
    let guest = |parents, identifiers| Says { parents, identifiers, guest_of: Some("web"), ..Says::default() };
    let mail = "party:web:guest:email:a@b.c";
    check(guest(&[], &[("", "phone:+8613800138000"), ("", "email:a@b.c")]), &[mail], &[mail]);
    check(guest(&[&[B]], &[("", "email:a@b.c")]), &[B], &[B]);
    check(guest(&[], &[("", "email:noreply@b.c")]), &[], &[]);
    check(guest(&[], &[("", "wechat:o1")]), &[], &[]);
}

#[test]
fn a_value_of_an_unknown_kind_owns_nothing() {
    check(Says { identifiers: &[("", "wechat:o1"), ("buyer", "wechat:o2")], ..Says::default() }, &[], &[]);
    check(
        Says { identifiers: &[("", "tax_number:CN:1")], ..Says::default() },
        &["identifier:tax_number:CN:1"],
        &["identifier:tax_number:CN:1"],
    );
}

#[test]
fn identifiers_follow_the_precedence_of_parties_role_by_role() {
    let (mail, phone) = ("identifier:email:a@b.c", PHONE);
    let both =
        Says { identifiers: &[("end_customer", "email:a@b.c"), ("buyer", "phone:+8613800138000")], ..Says::default() };
    assert_eq!(owners(&both), [first(&[&[mail], &[phone]]), first(&[&[phone], &[mail]])]);
    let all = ["customer", "payee", "payer", "bill_to", "buyer", "debtor", "end_customer"];
    let keys: Vec<String> = all.iter().map(|role| format!("loyalty:club:{role}")).collect();
    let identifiers: Vec<(&str, &str)> = all.iter().copied().zip(keys.iter().map(String::as_str)).collect();
    let of = |role: &str| owner(&[&format!("identifier:loyalty:club:{role}")]);
    let payers = owner(&["identifier:loyalty:club:payee", "identifier:loyalty:club:payer"]);
    assert_eq!(
        owners(&Says { identifiers: &identifiers, ..Says::default() }),
        [
            OwnerKey::first_of([
                of("end_customer"),
                of("buyer"),
                of("customer"),
                of("debtor"),
                of("bill_to"),
                payers.clone()
            ]),
            OwnerKey::first_of([of("debtor"), of("bill_to"), payers, of("buyer"), of("customer"), of("end_customer")]),
        ]
    );
}

#[test]
fn what_comes_after_a_value_that_may_become_a_hub_is_kept_up_to_the_first_party() {
    let identifiers = [("buyer", "phone:+8613800138000")];
    let says = Says { references: &[(ReferenceRole::Debtor, A)], identifiers: &identifiers, ..Says::default() };
    assert_eq!(owners(&says), [first(&[&[PHONE], &[A]]), owner(&[A])]);
    let says = Says { parents: &[&["identifier:email:a@b.c"]], identifiers: &identifiers, ..Says::default() };
    let both = first(&[&["identifier:email:a@b.c"], &[PHONE]]);
    assert_eq!(owners(&says), [both.clone(), both]);
    let says = Says { parents: &[&["identifier:email:a@b.c"], &[B]], identifiers: &identifiers, ..Says::default() };
    let set = owner(&["identifier:email:a@b.c", B]);
    assert_eq!(owners(&says), [set.clone(), set]);
}
