//! The judge is not blind: one row altered, taken away or added by hand in each derived table in turn, and the
//! verification fails and names the customer. In each engine.

mod postgres;
mod sqlite;

use onefold_event::{party_id, v1};
use onefold_store::MOST_FACTS;
use onefold_testkit::{Draft, Engine, Shape, TestHub, party};

const A: &str = "party:erp:A";
const B: &str = "party:crm:B";
/// Of another customer than A and B.
const C: &str = "party:erp:C";
/// Buyers of one invoice: the key of all of them is longer than an index can hold.
const CROWD: usize = 80;

/// Parties linked by rule and by decision, documents of one owner, of two and of a crowd, one that was given away, one with a
/// long history, open items, an identifier that owns, and a set of owners that lost the one document that it had.
async fn hub(engine: &Engine) -> TestHub {
    let linked = v1::PartiesLinked {
        parties: vec![A.into(), B.into()],
        by: "anna".into(),
        why: "one man".into(),
        ..Default::default()
    };
    let given = v1::DocumentReassigned { to: C.into(), by: "anna".into(), why: "hers".into(), ..Default::default() };
    let crowd: Vec<String> = (0..CROWD).map(|n| format!("party:crowd:somebody-{n}")).collect();
    let of_crowd = Draft::invoice("invoice:erp:4", "1.00");
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
        crowd.iter().fold(of_crowd, |invoice, party| invoice.refer("buyer", party)),
        Draft::payment("payment:bank:1", "20.00", &[("invoice:erp:1", "20.00")]).known_by("phone", "13800138000"),
    ];
    let mut hub = TestHub::on(engine, Shape::default()).await;
    hub.append(&drafts.iter().map(Draft::event).collect::<Vec<_>>()).await;
    // More than a row holds.
    let amended = |n: usize| Draft::new("order:erp:1", v1::OrderAmended::default()).id(&format!("change {n}"));
    hub.append(&(0..=MOST_FACTS).map(|n| amended(n).event()).collect::<Vec<_>>()).await;
    let of_two = Draft::invoice("invoice:erp:5", "5.00").refer("buyer", B);
    hub.append(&[of_two.clone().refer("buyer", C).revision(1).event()]).await;
    hub.settle().await;
    hub.append(&[of_two.revision(2).event()]).await;
    hub.settle().await;
    let verified = hub.verify().await;
    assert!(verified.is_equal(), "{verified:#?}");
    hub
}

/// A fault, and whose customer must be named.
struct Fault {
    table: &'static str,
    /// As the verification calls the table.
    named: &'static str,
    /// Nobody, where the row is no customer's.
    party: Option<&'static str>,
    sql: &'static str,
}

const fn fault(table: &'static str, named: &'static str, party: &'static str, sql: &'static str) -> Fault {
    Fault { table, named, party: Some(party), sql }
}

/// Somebody who has a way to the rows.
trait Hand {
    /// Runs statements.
    fn run(&self, sql: &str);

    /// Runs one that must alter something.
    fn alter(&self, sql: &str);

    /// Tables in which the rows of one stand.
    fn stored(&self, table: &str) -> Vec<String> {
        vec![table.to_owned()]
    }
}

/// The head of the customer that a party is of: A and B are one.
fn head(party: &str) -> &str {
    if party == B { A } else { party }
}

/// Each fault alone is found, and its customer named.
async fn are_found(hub: &TestHub, hand: &dyn Hand, faults: &[Fault], statement: impl Fn(&str) -> String) {
    let mut missed = Vec::new();
    for Fault { table, named, party, sql } in faults {
        let sql = statement(sql);
        // The rows are put back after each fault, so that each stands alone.
        let stored = hand.stored(table);
        stored.iter().for_each(|table| hand.run(&format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}")));
        hand.alter(&sql);
        let verified = hub.verify().await;
        let head = party.map(head);
        let customer = head.map(|head| party_id(head).to_string());
        let found = verified
            .mismatches
            .iter()
            .any(|wrong| wrong.table == *named && wrong.party.as_deref() == head && wrong.customer == customer);
        if verified.is_equal() || !found {
            missed.push(format!("{sql}\n{:#?}", verified.mismatches));
        }
        for table in stored {
            let kept = format!("kept_{table}");
            hand.run(&format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {kept}; DROP TABLE {kept}"));
        }
    }
    assert!(missed.is_empty(), "{} faults of {} were missed:\n{}", missed.len(), faults.len(), missed.join("\n\n"));
    assert!(hub.verify().await.is_equal(), "everything was put back");
}
