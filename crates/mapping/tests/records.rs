//! What a record of several rows becomes: events, references, ids and versions.

mod support;

use onefold_event::{EmptyKeyRing, Event, format_micros};
use support::{ORDERS, error_free, errors, event, events, faults, good, order, orders, with};

const LINES: &str = r##"
[event.order.set.lines]
each = "#rows"
product = "Item"
quantity = "Qty"
unit_price = "Price"
amount = { calc = "quantity * unit_price" }
"##;

fn lines() -> String {
    orders("total = \"Total\"", "total = { calc = \"sum(lines.amount)\" }") + LINES
}

#[test]
fn rows_become_lines_and_their_sum_the_total() {
    let event = event(
        &good(&lines()),
        "No,At,Item,Qty,Price\nA,09.03.2026 10:00,P1,3,\"1,50\"\nA,09.03.2026 10:00,P2,2,\"0,125\"\n",
    );
    let order = order(&event);
    let amounts: Vec<_> = order.lines.iter().map(|l| l.amount.as_str()).collect();
    assert_eq!((amounts, order.total.as_ref().unwrap().amount.as_str()), (vec!["4.50", "0.250"], "4.750"));
    let locator = event.header.locator.unwrap();
    assert_eq!((locator.first_line, locator.last_line), (2, 3));
}

#[test]
fn one_bad_row_spoils_its_document_and_every_bad_row_is_told() {
    let problems =
        errors(&good(&lines()), "No,At,Item,Qty,Price\nA,09.03.2026 10:00,P1,x,\"1,50\"\nA,09.03.2026 10:00,P2,2,y\n");
    let found: Vec<_> = problems.iter().map(|p| (p.lines.clone(), p.path.as_str(), p.found.as_str())).collect();
    assert_eq!(found, [(vec![2], "Qty", "x"), (vec![3], "Price", "y")]);
}

#[test]
fn rows_that_disagree_are_an_error_that_names_both_values_and_lines() {
    let connector = good(ORDERS);
    let csv = "No,At,Total\nA,09.03.2026 10:00,5\nA,09.03.2026 10:00,6\n";
    let problems = errors(&connector, csv);
    assert_eq!((problems[0].code.as_ref(), problems[0].found.as_str()), ("R0405", "`5` and `6`"));
    assert_eq!(problems[0].lines, [2, 3]);
    assert!(problems[0].help[0].contains("pick = \"first\""));
    // white space is no disagreement, a blank is
    assert_eq!(error_free(&connector, "No,At,Total\nA,09.03.2026 10:00,5\nA, 09.03.2026 10:00,5 \n"), 1);
    assert_eq!(faults(&connector, "No,At,Total\nA,09.03.2026 10:00,5\nA,,5\n"), ["R0405"]);
}

#[test]
fn picks_give_what_they_say() {
    let of = |pick: &str| {
        let connector =
            good(&orders("total = \"Total\"", &format!("total = {{ from = \"Total\", pick = \"{pick}\" }}")));
        let csv = "No,At,Total\nA,09.03.2026 10:00,-\nA,09.03.2026 10:00,\"2,50\"\nA,09.03.2026 10:00,10\nA,09.03.2026 10:00,\"2,5\"\n";
        order(&event(&connector, csv)).total.clone().unwrap().amount
    };
    assert_eq!(
        (of("first"), of("last"), of("min"), of("max"), of("sum")),
        ("2.50".into(), "2.5".into(), "2.50".into(), "10".into(), "15.00".into())
    );
    let earliest = good(&orders("occurred_at = \"At\"", "occurred_at = { from = \"At\", pick = \"min\" }"));
    let event = event(&earliest, "No,At,Total\nA,10.03.2026 10:00,5\nA,09.03.2026 23:00,5\n");
    assert_eq!(format_micros(event.header.occurred_at), "2026-03-09T22:00:00Z");
}

#[test]
fn lists_leave_out_items_that_say_nothing_or_do_not_qualify() {
    let text = r##"
[connector]
name = "bank"
source = "bank"
[from]
kind = "file"
[read]
format = "csv"
group_by = ["No"]
[assume]
currency = "EUR"
time = "iso8601"
[event.payment]
type = "finance.payment_received.v1"
subject = "No"
id = ["No"]
occurred_at = "At"
[event.payment.set]
amount = { from = "Amount", pick = "sum" }
[event.payment.set.allocations]
each = "#rows"
when = "invoice is present"
invoice = { from = "Invoice", source = "erp" }
amount = "Amount"
"##;
    let csv = "No,At,Amount,Invoice\nP1,2026-03-09T10:00Z,5.00,R-1\nP1,2026-03-09T10:00Z,2.00,\n";
    let event = event(&good(text), csv);
    let onefold_event::Body::PaymentReceived(payment) = &event.read(&EmptyKeyRing).unwrap().body else { panic!() };
    let allocations: Vec<_> = payment.allocations.iter().map(|a| (a.invoice.as_str(), a.amount.as_str())).collect();
    assert_eq!(
        (payment.amount.as_ref().unwrap().amount.as_str(), allocations),
        ("7.00", vec![("invoice:erp:R-1", "5.00")])
    );
    // without the condition the missing invoice is an error with its place
    let problems = errors(&good(&text.replace("when = \"invoice is present\"\n", "")), csv);
    assert_eq!((problems[0].code.as_ref(), problems[0].path.as_str(), problems[0].lines[0]), ("R0402", "Invoice", 3));
}

#[test]
fn references_point_at_parties_documents_and_identifiers() {
    let text = orders("currency = \"EUR\"", "currency = \"EUR\"\nregion = \"DE\"")
        + r#"
[event.order.refs]
buyer = "Cust"
end_customer = [{ from = "End", source = "crm" }, "End2"]
contract = { from = "Contract", source = { from = "Sys" } }
phone = { from = "Tel", role = "contact" }
email = "Mail"
number = { from = "Crm", issuer = "crm" }
vat = { from = "Vat", issuer = { from = "Land" } }
"#;
    let csv = "No,At,Total,Cust,End,End2,Contract,Sys,Tel,Mail,Crm,Vat,Land\nA,09.03.2026 10:00,1, K1 ,E1,,C:7,legal, 030-1 ,a@b.de,77,U1,AT\n";
    let event = event(&good(&text), csv);
    let references: Vec<_> =
        event.header.references.iter().map(|r| format!("{} {}", r.role.word(), r.subject)).collect();
    assert_eq!(references, ["buyer party:erp:K1", "end_customer party:crm:E1", "contract contract:legal:C:7"]);
    let body = event.read(&EmptyKeyRing).unwrap().body;
    let identifiers: Vec<_> =
        body.identifiers().iter().map(|i| [&i.kind, &i.text, &i.issuer, &i.role].map(String::as_str)).collect();
    assert_eq!(
        identifiers,
        [
            ["phone", "030-1", "DE", "contact"],
            ["email", "a@b.de", "", ""],
            ["number", "77", "crm", ""],
            ["vat", "U1", "AT", ""]
        ]
    );
    assert!(!event.payload().personal().is_empty());
}

#[test]
fn subjects_take_the_kind_and_source_that_the_mapping_says() {
    let text = r#"
[connector]
name = "t"
source = "dhl"
[from]
kind = "file"
[read]
format = "csv"
[assume]
time = "iso8601"
[event.gone]
type = "shipping.dispatched.v1"
subject = { from = "No", kind = "track", source = { from = "Carrier", fold = "case" } }
id = ["No"]
occurred_at = "At"
"#;
    let event = event(&good(text), "No,At,Carrier\n42,2026-03-09T10:00:00+08:00,USPS\n");
    assert_eq!((event.header.subject.as_str(), event.header.source.as_str()), ("track:usps:42", "dhl"));
}

fn versions(revision: &str, csv: &str) -> Event {
    event(&good(&orders("id = [\"No\"]", &format!("id = [\"No\"]\nrevision = {revision}"))), csv)
}

#[test]
fn a_revision_changes_the_id_and_not_the_fact_and_has_an_order() {
    let csv = |changed: &str| format!("No,At,Total,Changed,V\nA,09.03.2026 10:00,1,{changed},7\n");
    let (first, second) =
        (versions("\"Changed\"", &csv("09.03.2026 10:00")), versions("\"Changed\"", &csv("10.03.2026 09:30")));
    assert_eq!(first.header.fact, second.header.fact);
    assert_ne!(first.header.id, second.header.id);
    assert_eq!(second.header.revision, "10.03.2026 09:30");
    assert!(first.header.revision_order < second.header.revision_order);
    assert_eq!(versions("{ from = \"V\", as = \"integer\" }", &csv("x")).header.revision_order, [7]);
    assert_eq!(versions("\"Changed\"", &csv("09.03.2026 10:00")).header.id, first.header.id);
}

#[test]
fn a_revision_by_content_sees_what_the_mapping_reads_and_nothing_else() {
    let csv = |total: &str, changed: &str, printed: &str| {
        format!("No,At,Total,Changed,Printed\nA,09.03.2026 10:00,{total},{changed},{printed}\n")
    };
    let by = "{ by = \"content\", order = \"Changed\" }";
    let first = versions(by, &csv("1", "09.03.2026 10:00", "0"));
    assert_eq!(versions(by, &csv("1", "10.03.2026 10:00", "5")).header.id, first.header.id);
    assert_ne!(versions(by, &csv("2", "09.03.2026 10:00", "0")).header.id, first.header.id);
    assert_eq!(first.header.revision.len(), 16);
    assert!(versions(by, &csv("1", "10.03.2026 10:00", "5")).header.revision_order > first.header.revision_order);
}

#[test]
fn ids_come_from_source_text_and_survive_a_better_enum() {
    let text = |to: &str| {
        orders("id = [\"No\"]", "id = [{ use = \"kind\" }, \"No\"]")
            + &format!(
                "channel = {{ use = \"kind\" }}\n[let]\nkind = {{ from = \"X\", fold = \"case\", enum = \"k\" }}\n[enum.k]\nelse = \"reject\"\n[enum.k.values]\nw = \"{to}\"\n"
            )
    };
    let csv = "No,At,Total,X\nA,09.03.2026 10:00,1,W\n";
    let (one, other) = (event(&good(&text("web")), csv), event(&good(&text("internet")), csv));
    assert_eq!(one.header.id, other.header.id);
    assert_ne!(order(&one).channel, order(&other).channel);
    assert_ne!(one.header.mapping, other.header.mapping);
    let parts = ["w".to_owned(), "A".to_owned()];
    assert_eq!(
        one.header.id,
        onefold_event::IdParts { source: "erp", part: "", parts: &parts, revision: "" }.event_id()
    );
}

#[test]
fn several_events_of_a_record_need_parts_of_their_own() {
    let second = r#"
[event.contact]
type = "sales.contact_made.v1"
subject = "No"
id = ["No"]
occurred_at = "At"
"#;
    let csv = "No,At,Total\nA,09.03.2026 10:00,1\n";
    let problems = errors(&good(&with(second)), csv);
    assert_eq!((problems[0].code.as_ref(), problems[0].found.as_str()), ("R0404", "order and contact"));
    assert!(problems[0].help[0].contains("part = \"contact\""));
    let both = events(&good(&with(&format!("{second}part = \"contact\"\n"))), csv);
    assert_eq!(both.len(), 2);
    assert_ne!(both[0].header.fact, both[1].header.fact);
}

#[test]
fn an_event_may_come_once_per_row() {
    let text = orders("id = [\"No\"]", "id = [\"No\", \"Item\"]\neach = \"#rows\"");
    let both = events(&good(&text), "No,At,Total,Item\nA,09.03.2026 10:00,1,x\nA,10.03.2026 10:00,2,y\n");
    assert_eq!(both.iter().map(|e| order(e).total.clone().unwrap().amount).collect::<Vec<_>>(), ["1", "2"]);
}

#[test]
fn expectations_that_fail_show_their_figures() {
    let text = with(&format!(
        "{LINES}[event.order.expect]\n\"lines add up\" = \"near(total, sum(lines.amount), 0.05)\"\n\"no line is free\" = \"all(lines, amount > 0)\"\n"
    ));
    let row = |total: &str| format!("No,At,Total,Item,Qty,Price\nA,09.03.2026 10:00,\"{total}\",P,2,\"1,50\"\n");
    let connector = good(&text);
    assert_eq!(error_free(&connector, &row("3,05")), 1);
    let problems = errors(&connector, &row("3,06"));
    assert_eq!(problems[0].code, "R0407");
    assert!(problems[0].message.contains("lines add up"));
    assert_eq!(problems[0].found, "total 3.06 EUR, sum of lines 3.00");
}

#[test]
fn a_number_that_makes_no_subject_is_refused() {
    let long = "x".repeat(600);
    assert_eq!(faults(&good(ORDERS), &format!("No,At,Total\n{long},09.03.2026 10:00,1\n")), ["R0408"]);
    let blank = faults(&good(&orders("group_by = [\"No\"]", "")), "No,At,Total\n-,09.03.2026 10:00,1\n");
    assert_eq!(blank, ["R0402", "R0402"]);
}

#[test]
fn columns_are_found_once_per_file() {
    let connector = good(ORDERS);
    let heading = |h: &[&str]| connector.plan_heading(&h.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
    assert!(heading(&["Total", "No", "At", "More"]).is_ok());
    let problems = heading(&["No", "When", "Totals"]).unwrap_err();
    let told: Vec<_> =
        problems.iter().map(|p| (p.code.as_ref(), p.path.as_str(), p.mapping.as_ref().unwrap().line)).collect();
    assert_eq!(told, [("R0201", "At", 22), ("R0201", "Total", 24)]);
    assert_eq!(problems[1].help, ["did the source rename it to `Totals`?"]);
    assert_eq!(heading(&["No", "At", "Total", "At"]).unwrap_err()[0].code, "R0202");
    let exact = good(&orders("format = \"csv\"", "format = \"csv\"\ncolumns = \"exact\""));
    let odd = exact.plan_heading(&["No", "At", "Total", "Extra"].map(str::to_owned)).unwrap_err();
    assert_eq!((odd[0].code.as_ref(), odd[0].path.as_str()), ("R0203", "Extra"));
}

#[test]
fn lineage_names_every_source_of_a_field() {
    let text = lines()
        + "channel = { from = \"X\", enum = \"k\", default = { use = \"kind\" } }\n[let]\nkind = \"Kind\"\n[enum.k]\nelse = \"absent\"\n[enum.k.values]\n";
    let text = text.replace("[event.order.set.lines]", "[event.order.set.lines] #").replace("channel =", "category =");
    let lineage = good(&text).lineage();
    let of = |field: &str| {
        let found = lineage.iter().find(|l| l.field == field).unwrap();
        (found.paths.join(" "), found.via.join(", "))
    };
    assert_eq!(of("subject"), ("No".into(), String::new()));
    let (paths, via) = of("total");
    assert_eq!((paths.as_str(), via.starts_with("computed:")), ("Price Qty", true));
    assert_eq!(of("lines[].category"), ("Kind X".into(), "[enum.k], by default:".into()));
}

#[test]
fn attributes_are_texts_under_names_of_the_authors_own_or_of_the_sources() {
    let of = |event: &Event| -> Vec<(String, String)> {
        let order = order(event);
        order.attributes.iter().map(|one| (one.name.clone(), one.text.clone())).collect()
    };
    let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    let common = "[common.set.attributes]\nship = \"Ship\"\n\"gift note\" = \"Gift\"\n";
    let own = "[event.order.set.attributes]\nship = { from = \"Ship\", fold = \"case\" }\nvia = { value = \"web\" }\n";
    let connector = good(&with(&format!("{common}{own}")));
    let made = event(&connector, "No,At,Total,Ship,Gift\nA,09.03.2026 10:00,5,DHL,\n");
    assert_eq!(of(&made), [pair("ship", "dhl"), pair("via", "web")], "a blank cell says nothing");
    let made = event(&connector, "No,At,Total,Ship,Gift\nA,09.03.2026 10:00,5,,for Anna\n");
    assert_eq!(of(&made), [pair("gift note", "for Anna"), pair("via", "web")]);

    let rows = "[event.order.set.attributes]\neach = \"#rows\"\nname = \"Key\"\ntext = \"Value\"\n";
    let rows = good(&with(rows));
    let csv = "No,At,Total,Key,Value\nA,09.03.2026 10:00,5,plan,gold\nA,09.03.2026 10:00,5,colour,\n";
    assert_eq!(of(&event(&rows, csv)), [pair("plan", "gold"), pair("colour", "")]);
    let list = "[event.order.set]\nattributes = [{ name = { value = \"plan\" }, text = \"Plan\" }]\n";
    let made = event(&good(&orders("[event.order.set]\n", list)), "No,At,Total,Plan\nA,09.03.2026 10:00,5,gold\n");
    assert_eq!(of(&made), [pair("plan", "gold")]);
}
