//! What a connector says of settlement and of documents that end, from the file to the view.

#[path = "harness.rs"]
mod harness;

use harness::Home;
use serde_json::json;

const BILLS: &str = r##"
[connector]
name   = "bills"
source = "erp"
[from]
kind = "file"
[read]
format = "csv"
[assume]
zone     = "Asia/Shanghai"
date     = "yyyy-MM-dd"
time     = "yyyy-MM-dd HH:mm"
currency = { from = "currency" }
[let]
kind  = "kind"
state = "state"
[common]
id          = ["no"]
revision    = "changed"
occurred_at = { from = "day", at = "00:00" }
[event.invoice]
type    = "finance.invoice_issued.v1"
when    = "kind == 'invoice' and state != 'void'"
subject = "no"
[event.invoice.refs]
buyer = "customer"
[event.invoice.set]
total  = "amount"
due_on = "day"
[event.void]
type    = "finance.document_voided.v1"
when    = "kind == 'invoice' and state == 'void'"
part    = "state"
subject = { from = "no", kind = "invoice" }
[event.void.refs]
buyer = "customer"
[event.payment]
type    = "finance.payment_received.v1"
when    = "kind == 'payment'"
subject = "no"
[event.payment.refs]
payer = "customer"
[event.payment.set]
amount = "amount"
[event.payment.set.allocations]
invoice = "of"
amount  = "amount"
settled = { from = "settled", currency = { from = "settled_in" } }
[event.payment.set.allocations.deductions]
amount = "taken_off"
reason = { value = "fee" }
"##;

#[test]
fn a_row_that_is_void_the_next_day_is_owed_by_nobody_and_a_payment_says_both_amounts() {
    let home = Home::new();
    let connector = home.file("bills.toml", BILLS);
    let heading = "no,kind,day,customer,currency,amount,state,changed,of,settled,settled_in,taken_off\n";
    let ingest = |name: &str, rows: &str| {
        let path = home.file(name, format!("{heading}{rows}"));
        home.run(&["ingest", "--json", "--connector", &connector, &path]).exits(0).json()
    };
    let show = || home.run(&["show", "party:erp:K1", "--json", "--today", "2026-12-31"]).exits(0).json();
    ingest(
        "one.csv",
        "I1,invoice,2026-03-01,K1,USD,100.00,ok,2026-03-01 10:00,,,,\nI2,invoice,2026-03-01,K1,USD,110.00,ok,2026-03-01 10:00,,,,\n",
    );
    assert_eq!(show()["receivable"]["by_currency"]["USD"]["overdue"], "210.00");

    let report = ingest("two.csv", "I1,invoice,2026-03-01,K1,USD,100.00,void,2026-03-02 10:00,,,,\n");
    assert_eq!((&report["accepted"], &report["skipped"]), (&json!(1), &json!(0)));
    let view = show();
    assert_eq!((&view["receivable"]["by_currency"]["USD"]["owed"], &view["documents"]), (&json!("110.00"), &json!(2)));
    let row = |of: &str| {
        let view = show();
        view["latest"].as_array().unwrap().iter().find(|row| row["subject"] == of).cloned().unwrap()
    };
    assert_eq!(row("invoice:erp:I1")["status"], "void");
    home.run(&["show", "party:erp:K1"]).exits(0).tells(&["invoice:erp:I1", "void"]);

    // In another currency without what it settles: a finding. With it, and the bank's fee: settled.
    ingest("three.csv", "P1,payment,2026-03-05,K1,YER,58410,,2026-03-05 10:00,I2,,,\n");
    let view = show();
    assert_eq!(view["receivable"]["by_currency"]["YER"]["unallocated"], "58410.00");
    assert_eq!(view["findings"]["by_code"], json!({ "F1201": 1 }));
    home.run(&["show", "party:erp:K1"]).exits(0).tells(&["FINDINGS", "F1201 payment:erp:P1 allocations[0]", "settled"]);
    let listed = home.run(&["documents", "party:erp:K1", "--json"]).exits(0).lines();
    assert_eq!(listed.iter().filter(|row| row["findings"][0]["code"] == "F1201").count(), 1);
    ingest("four.csv", "P1,payment,2026-03-05,K1,YER,58410,,2026-03-06 10:00,I2,108.00,USD,2.00\n");
    let view = show();
    assert_eq!(view["receivable"]["by_currency"]["USD"]["owed"], "0.00");
    assert_eq!(view["receivable"]["by_currency"]["USD"]["deductions"], json!({ "fee": "2.00" }));
    assert_eq!((&view["findings"]["total"], &row("invoice:erp:I2")["status"]), (&json!(0), &json!("settled")));

    ingest("five.csv", "I1,invoice,2026-03-01,K1,USD,100.00,ok,2026-03-07 10:00,,,,\n");
    assert_eq!(show()["receivable"]["by_currency"]["USD"]["owed"], "100.00");
    home.run(&["rebuild", "--verify"]).exits(0);
}
