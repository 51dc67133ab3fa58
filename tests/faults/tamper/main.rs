//! The judge is not blind: one row altered, taken away or added by hand in each derived table in turn, and the
//! verification fails and names the customer. In each engine.

mod postgres;
mod sqlite;

use onefold_event::{party_id, v1};
use onefold_fold::MOST_FACTS;
use onefold_testkit::{Draft, Engine, Shape, TestHub, party};

const A: &str = "party:erp:A";
const B: &str = "party:crm:B";
/// Of another customer than A and B.
const C: &str = "party:erp:C";
/// Buyers of one invoice: the key of all of them is longer than an index can hold.
const CROWD: usize = 80;

/// Parties linked by rule and by decision, documents of one owner, of two and of a crowd, one that was given away, one with a
/// long history, open items, an identifier that owns, a set of owners that lost the one document that it had, and a case that bears
/// another number than its subject.
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
        Draft::new("case:desk:1", v1::CaseOpened { number: "T-4711".into(), ..Default::default() })
            .refer("customer", A),
    ];
    let mut hub = TestHub::on(engine, Shape::default()).await;
    hub.append(&drafts.iter().map(Draft::event).collect::<Vec<_>>()).await;
    // Of A more than stands in its row.
    let many = (2..10).map(|n| Draft::order(&format!("order:erp:{n}"), "1.00").refer("buyer", A).event());
    hub.append(&many.collect::<Vec<_>>()).await;
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

/// Altered, taken away and added: tables that stand alike in each engine. Names in braces are what an engine calls it.
const FAULTS: &[Fault] = &[
    fault(
        "subject",
        "subjects",
        A,
        "UPDATE subject SET state = (SELECT state FROM subject WHERE key = 'invoice:erp:2') WHERE {key} = {invoice}",
    ),
    fault("subject", "subjects", A, "DELETE FROM subject WHERE key = 'order:erp:1'"),
    fault("subject", "subjects", C, "UPDATE subject SET state = {nothing} WHERE key = 'party:erp:C'"),
    fault(
        "fact",
        "facts",
        A,
        "UPDATE fact SET state = (SELECT state FROM fact ORDER BY state DESC LIMIT 1) WHERE id = (SELECT id FROM fact ORDER BY state LIMIT 1)",
    ),
    fault("fact", "facts", A, "DELETE FROM fact WHERE id = (SELECT id FROM fact LIMIT 1)"),
    fault("fact", "facts", C, "INSERT INTO fact SELECT {C}, id, state FROM fact LIMIT 1"),
    fault(
        "owner",
        "owners",
        A,
        "UPDATE owner SET bundle = (SELECT bundle FROM owner WHERE {key} = {C}) WHERE {key} = {A}",
    ),
    fault("owner", "owners", C, "UPDATE owner SET digest = {zeros} WHERE {key} = {C}"),
    fault("owner", "owners", C, "UPDATE owner SET first_seen = first_seen - 1 WHERE {key} = {C}"),
    fault("owner", "owners", C, "DELETE FROM owner WHERE {key} = {C}"),
    fault("holder", "holders", A, "UPDATE holder SET present = NOT present WHERE identifier = {phone}"),
    fault("holder", "holders", A, "DELETE FROM holder WHERE identifier = {phone} AND party = {A}"),
    fault("holder", "holders", C, "INSERT INTO holder VALUES ({phone}, {C}, true)"),
    fault("decision", "decisions", A, "UPDATE decision SET party = {C} WHERE party = {A}"),
    fault("decision", "decisions", A, "DELETE FROM decision WHERE party = {B}"),
    fault("decision", "decisions", C, "INSERT INTO decision VALUES ({C}, {decision})"),
    // Once B's and C's, now B's alone.
    fault("former", "former owners", C, "UPDATE former SET key = {A} WHERE key = {C}"),
    fault("former", "former owners", C, "DELETE FROM former WHERE key = {C}"),
    fault("former", "former owners", A, "INSERT INTO former (key, subject) VALUES ({A}, {invoice})"),
    fault("written", "numbers", A, "UPDATE written SET place = place + 1"),
    fault("written", "numbers", A, "UPDATE written SET prefix = 'x'"),
    fault("written", "numbers", A, "DELETE FROM written"),
    fault("written", "numbers", A, "INSERT INTO written (place, subject, prefix) VALUES (7, {invoice}, '')"),
    fault("decided", "decided", C, "UPDATE decided SET subject = {invoice} WHERE subject = {given}"),
    fault("decided", "decided", C, "DELETE FROM decided WHERE subject = {given}"),
    fault("decided", "decided", A, "INSERT INTO decided VALUES ({invoice})"),
    fault("member", "members", A, "UPDATE member SET cluster = {C} WHERE party = {B}"),
    fault("member", "members", A, "DELETE FROM member WHERE party = {B}"),
    fault("member", "members", C, "INSERT INTO member VALUES ({C}, {A})"),
    fault("search", "search", C, "DELETE FROM search WHERE party = {C}"),
    fault("set_member", "set members", A, "UPDATE set_member SET atom = {C} WHERE atom = {A}"),
    fault("set_member", "set members", A, "DELETE FROM set_member WHERE atom = {B}"),
    fault("set_member", "set members", C, "INSERT INTO set_member VALUES ({C}, {set})"),
    fault("set_member", "set members", C, "INSERT INTO set_member VALUES ({C}, {emptied})"),
];

/// Those and an engine's own.
fn all(own: &[Fault]) -> impl Iterator<Item = &Fault> + Clone {
    FAULTS.iter().chain(own)
}

/// The head of the customer that a party is of: A and B are one.
fn head(party: &str) -> &str {
    if party == B { A } else { party }
}

/// Each fault alone is found, and its customer named.
async fn are_found(hub: &TestHub, hand: &dyn Hand, own: &[Fault], statement: impl Fn(&str) -> String) {
    let mut missed = Vec::new();
    for Fault { table, named, party, sql } in all(own) {
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
    assert!(missed.is_empty(), "{} faults of {} were missed:\n{}", missed.len(), all(own).count(), missed.join("\n\n"));
    assert!(hub.verify().await.is_equal(), "everything was put back");
}
