//! What is altered by hand, and whether the verification sees it.

use onefold_event::{party_id, v1};
use onefold_store::MOST_FACTS;
use onefold_testkit::{Draft, Engine, Shape, TestHub, party};

pub(crate) const A: &str = "party:erp:A";
pub(crate) const B: &str = "party:crm:B";
/// Of another customer than A and B.
pub(crate) const C: &str = "party:erp:C";

/// Parties linked by rule and by decision, documents of one owner and of two, open items, an identifier that owns, and a set
/// of owners that lost the one document that it had.
pub(crate) async fn hub(engine: &Engine) -> TestHub {
    let linked = v1::PartiesLinked {
        parties: vec![A.into(), B.into()],
        by: "anna".into(),
        why: "one man".into(),
        ..Default::default()
    };
    let given = v1::DocumentReassigned { to: C.into(), by: "anna".into(), why: "hers".into(), ..Default::default() };
    let drafts = [
        party(A, "王伟", &[("phone", "13800138000")]),
        party(B, "Wang Wei", &[("email", "wang@example.com")]),
        party(C, "李娜", &[("phone", "13900139000")]),
        Draft::new("decision:desk:1", linked),
        Draft::order("order:erp:1", "60.00").refer("buyer", A),
        Draft::invoice("invoice:erp:1", "60.00").refer("buyer", A).refer("order", "order:erp:1"),
        Draft::invoice("invoice:erp:2", "35.00").refer("buyer", C),
        Draft::new("invoice:erp:2", given),
        Draft::invoice("invoice:erp:3", "10.00").refer("buyer", A).refer("buyer", B),
        Draft::payment("payment:bank:1", "20.00", &[("invoice:erp:1", "20.00")]).known_by("phone", "13800138000"),
    ];
    let mut hub = TestHub::on(engine, Shape::default()).await;
    hub.append(&drafts.iter().map(Draft::event).collect::<Vec<_>>()).await;
    // More than a row holds.
    let amended = |n: usize| Draft::new("order:erp:1", v1::OrderAmended::default()).id(&format!("change {n}"));
    hub.append(&(0..=MOST_FACTS).map(|n| amended(n).event()).collect::<Vec<_>>()).await;
    let of_two = Draft::invoice("invoice:erp:4", "5.00").refer("buyer", B);
    hub.append(&[of_two.clone().refer("buyer", C).revision(1).event()]).await;
    hub.settle().await;
    hub.append(&[of_two.revision(2).event()]).await;
    hub.settle().await;
    let verified = hub.verify().await;
    assert!(verified.is_equal(), "{verified:#?}");
    hub
}

/// A fault, and whose customer must be named.
pub(crate) struct Fault {
    pub(crate) table: &'static str,
    /// As the verification calls the table.
    pub(crate) named: &'static str,
    pub(crate) sql: &'static str,
    pub(crate) party: &'static str,
}

pub(crate) const fn fault(table: &'static str, named: &'static str, party: &'static str, sql: &'static str) -> Fault {
    Fault { table, named, sql, party }
}

/// The head of the customer that a party is of: A and B are one.
fn head(party: &str) -> &str {
    if party == B { A } else { party }
}

/// What the verification says instead of naming the customer that a fault concerns; none where it does.
pub(crate) async fn misses(hub: &TestHub, fault: &Fault) -> Option<String> {
    let verified = hub.verify().await;
    let head = head(fault.party);
    let customer = party_id(head).to_string();
    let found = verified.mismatches.iter().any(|wrong| {
        wrong.table == fault.named
            && wrong.party.as_deref() == Some(head)
            && wrong.customer.as_deref() == Some(&customer)
    });
    (verified.is_equal() || !found).then(|| format!("{:#?}", verified.mismatches))
}
