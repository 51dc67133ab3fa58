//! A document on one screen: how it stands, whose it is, what stands on it, what belongs to it, and what happened.

use std::fmt::Write;

use onefold_service::{Document, DocumentOwner, DocumentView, EventLine, RelatedSubject, Standing};
use serde_json::{Map, Value};

use super::line::{called, document_row, finding_line, status_text};
use super::time::time_text;
use super::{amount_text, is_zero, money_text, one_line, pad_columns};

/// Lines of goods that are shown.
const LINES: usize = 40;
/// Fields of a document that stand on its screen beside lines, sums and words, with what they are called there.
const FIELDS: [(&str, &str); 14] = [
    ("number", "number"),
    ("channel", "channel"),
    ("issued_on", "issued"),
    ("due_on", "due"),
    ("promised_on", "promised"),
    ("method", "method"),
    ("carrier", "carrier"),
    ("tracking_number", "waybill"),
    ("category", "category"),
    ("severity", "severity"),
    ("topic", "topic"),
    ("condition", "condition"),
    ("reason", "reason"),
    ("with", "with"),
];

/// The document as a service agent reads it.
pub(crate) fn render_document(document: &DocumentView) -> String {
    let mut text = String::new();
    write_head(document, &mut text);
    write_owners(document, &mut text);
    write_fields(document, &mut text);
    write_goods(&document.content, &mut text);
    write_allocations(&document.content, &mut text);
    for shipment in &document.shipments {
        put_line(&mut text, "shipment", &row_text(&shipment.subject, shipment));
    }
    for related in &document.names {
        put_line(&mut text, "names", &related_text(related));
    }
    let is_shipment = |related: &&RelatedSubject| document.shipments.iter().any(|one| one.subject == related.subject);
    for related in document.named_by.iter().filter(|related| !is_shipment(related)) {
        put_line(&mut text, "named by", &related_text(related));
    }
    if document.more_named_by > 0 {
        put_line(&mut text, "", &format!("and {} more", document.more_named_by));
    }
    write_events(document, &mut text);
    text.truncate(text.trim_end().len());
    text
}

fn put_line(text: &mut String, label: &str, words: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{label:<12}{words}");
}

/// What it is, how it stands, and when it came to be.
fn write_head(document: &DocumentView, text: &mut String) {
    let row = &document.whose.document;
    let sum = sum_text(row).map(|sum| format!("  {sum}")).unwrap_or_default();
    let status = if row.status.is_empty() { String::new() } else { format!("  {}", status_text(row)) };
    let _ = writeln!(text, "{}{sum}{status}", row.subject);
    put_line(text, "date", &time_text(&row.at));
    if let Some(open) = document.open.as_ref().filter(|open| !is_zero(open)) {
        let label = if row.kind == "invoice" { "OPEN" } else { "left over" };
        let currency = row.currency.as_deref().unwrap_or_default();
        put_line(text, label, &format!("{} {currency}", money_text(open, currency)));
    }
    for finding in &row.findings {
        put_line(text, "FINDING", &finding_line(finding));
    }
}

fn write_owners(document: &DocumentView, text: &mut String) {
    let (whose, why) = (&document.whose, &document.why);
    let holder = |owner: &DocumentOwner| match &owner.customer {
        Some(customer) => format!("{} ({})", called(customer), customer.id),
        None => "nobody: unattributed".to_owned(),
    };
    let (buys, owes) = (
        format!("{}: {}", holder(&whose.trade), why.trade),
        format!("{}: {}", holder(&whose.receivable), why.receivable),
    );
    if whose.document.kind == "payment" {
        put_line(text, "paid by", &owes);
    } else if whose.document.kind == "refund" {
        put_line(text, "paid to", &owes);
    } else if buys == owes {
        put_line(text, "of", &buys);
    } else {
        put_line(text, "bought by", &buys);
        put_line(text, "owed by", &owes);
    }
    for part in whose.parts.iter().filter(|part| part.key != whose.trade.key && part.key != whose.receivable.key) {
        put_line(text, "a part of", &format!("{}, by {}", holder(part), part.key));
    }
}

fn write_fields(document: &DocumentView, text: &mut String) {
    let content = &document.content;
    let number = document.whose.document.subject.splitn(3, ':').nth(2);
    let said = |field: &str| content.get(field).and_then(Value::as_str).filter(|said| !said.is_empty());
    let fields = FIELDS.iter().filter_map(|(field, label)| Some((*label, said(field)?)));
    let fields: Vec<String> = fields
        .filter(|(label, said)| *label != "number" || Some(*said) != number)
        .map(|(label, said)| format!("{label} {said}"))
        .collect();
    if !fields.is_empty() {
        put_line(text, "said", &fields.join(", "));
    }
    for (field, label) in [("tax", "tax"), ("discount", "discount"), ("freight", "freight")] {
        if let Some(sum) = content.get(field).and_then(sum_of) {
            put_line(text, label, &sum);
        }
    }
    let codes = content.get("discount_codes").and_then(Value::as_array).into_iter().flatten();
    let codes: Vec<&str> = codes.filter_map(Value::as_str).collect();
    if !codes.is_empty() {
        put_line(text, "codes", &codes.join(", "));
    }
    for (n, one) in objects(content, "attributes").enumerate() {
        let label = if n == 0 { "attributes" } else { "" };
        put_line(text, label, &format!("{}: {}", string(one, "name"), one_line(string(one, "text"))));
    }
    for (field, label) in [("buyer", "buyer"), ("payer", "payer")] {
        let person = content.get(field).and_then(Value::as_object).map(|person| joined(person, &["name", "address"]));
        person.iter().filter(|person| !person.is_empty()).for_each(|person| put_line(text, label, person));
    }
    let identifiers = objects(content, "identifiers").map(|one| {
        let role = string(one, "role").replace('_', " ");
        format!(
            "{} {}{}",
            string(one, "kind"),
            string(one, "text"),
            if role.is_empty() { role } else { format!(" ({role})") }
        )
    });
    let identifiers: Vec<String> = identifiers.collect();
    if !identifiers.is_empty() {
        put_line(text, "known by", &identifiers.join(", "));
    }
    said("title").iter().for_each(|title| put_line(text, "title", title));
    for words in ["words", "text"].into_iter().filter_map(said) {
        put_line(text, "words", &format!("\u{201c}{words}\u{201d}"));
    }
}

fn write_goods(content: &Map<String, Value>, text: &mut String) {
    let goods: Vec<&Map<String, Value>> = objects(content, "lines").chain(objects(content, "items")).collect();
    for (n, line) in goods.iter().take(LINES).enumerate() {
        let quantity = joined(line, &["quantity", "unit"]);
        let product = string(line, "product");
        let name = match string(line, "name") {
            "" => product.to_owned(),
            name if product.is_empty() => name.to_owned(),
            name => format!("{name} ({product})"),
        };
        let mut sums = Vec::new();
        for (field, label) in [("unit_price", "at "), ("discount", "less "), ("amount", "")] {
            let sum = string(line, field);
            if !sum.is_empty() && (field != "discount" || !is_zero(sum)) {
                sums.push(format!("{label}{}", amount_text(sum)));
            }
        }
        let order = string(line, "order");
        let order = if order.is_empty() { String::new() } else { format!("  of {order}") };
        let label = if n == 0 { "lines" } else { "" };
        put_line(
            text,
            label,
            &format!("{} {} {}{order}", pad_columns(&quantity, 10), pad_columns(&name, 32), sums.join("  ")),
        );
    }
    if goods.len() > LINES {
        put_line(text, "", &format!("and {} more", goods.len() - LINES));
    }
}

fn write_allocations(content: &Map<String, Value>, text: &mut String) {
    for one in objects(content, "allocations") {
        let settled = one.get("settled").and_then(sum_of).map(|sum| format!(", settles {sum}")).unwrap_or_default();
        let deductions = objects(one, "deductions").map(|less| {
            let reason = string(less, "reason").to_lowercase().replace('_', " ");
            format!(", less {} {reason}", amount_text(string(less, "amount")))
        });
        let deductions: String = deductions.collect();
        put_line(
            text,
            "settles",
            &format!("{}  {}{settled}{deductions}", string(one, "invoice"), amount_text(string(one, "amount"))),
        );
    }
}

fn write_events(document: &DocumentView, text: &mut String) {
    text.push_str("\nevents\n");
    let half = if document.more_events > 0 { document.events.len() / 2 } else { usize::MAX };
    for (n, event) in document.events.iter().enumerate() {
        if n == half {
            let _ = writeln!(text, "  and {} more", document.more_events);
        }
        let standing = match event.standing {
            Standing::Stands => "",
            Standing::Superseded => "  (superseded)",
            Standing::Conflict => "  (conflict)",
        };
        let file = if event.file.is_empty() { String::new() } else { format!(" {}:{}", event.file, event.line) };
        let _ = writeln!(
            text,
            "  {:<22}  {}  {}{file}{standing}",
            time_text(&event.occurred_at),
            pad_columns(&event_words(event), 40),
            event.connector
        );
    }
}

/// What happened, in the words of its type and of the event.
fn event_words(event: &EventLine) -> String {
    let name = event.ty.split('.').nth(1).unwrap_or(event.ty).replace('_', " ");
    let Some(data) = event.data() else { return name };
    let place = data.get("place").and_then(Value::as_object).map(|place| joined(place, &["city", "text"]));
    let mut words: Vec<String> = place.into_iter().filter(|place| !place.is_empty()).collect();
    let fields = ["text", "what", "result", "resolution", "reason", "words", "why", "by", "with", "department", "to"];
    let said = |field: &&str| Some(string(data, field)).filter(|said| !said.is_empty()).map(str::to_owned);
    words.extend(fields.iter().filter_map(said));
    let expected = string(data, "expected_on");
    if !expected.is_empty() {
        words.push(format!("expected {expected}"));
    }
    let signed = string(data, "signed_by");
    if !signed.is_empty() {
        words.push(format!("signed by {signed}"));
    }
    if let Some(score) = data.get("score").and_then(Value::as_u64) {
        words.push(format!("{score} of {}", data.get("of").and_then(Value::as_u64).filter(|of| *of > 0).unwrap_or(5)));
    }
    if words.is_empty() { name } else { format!("{name}: {}", words.join(", ")) }
}

fn related_text(related: &RelatedSubject) -> String {
    let role = related.role.replace('_', " ");
    let role = if role.is_empty() || related.subject.starts_with(&related.role) {
        String::new()
    } else {
        format!("  ({role})")
    };
    match &related.document {
        Some(document) => format!("{}{role}", row_text(&related.subject, document)),
        None if related.name.is_empty() => format!("{}{role}", related.subject),
        None => format!("{}  {}{role}", pad_columns(&related.subject, 32), related.name),
    }
}

/// A document beside another one: what it is before when it was.
fn row_text(subject: &str, document: &Document) -> String {
    let mut row = document_row(&Document { subject: String::new(), findings: Vec::new(), ..document.clone() });
    let time = time_text(&document.at);
    row = row.trim_start_matches(time.as_str()).trim_start().to_owned();
    let row = if row.is_empty() { row } else { format!("  {row}") };
    format!("{}  {time}{row}", pad_columns(subject, 32))
}

fn sum_text(row: &Document) -> Option<String> {
    let currency = row.currency.as_ref()?;
    Some(format!("{} {currency}", money_text(row.amount.as_ref()?, currency)))
}

fn sum_of(value: &Value) -> Option<String> {
    let money = value.as_object()?;
    let amount = Some(string(money, "amount")).filter(|amount| !amount.is_empty() && !is_zero(amount))?;
    let currency = string(money, "currency");
    Some(format!("{} {currency}", money_text(amount, currency)))
}

fn objects<'v>(of: &'v Map<String, Value>, field: &str) -> impl Iterator<Item = &'v Map<String, Value>> {
    of.get(field).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

fn string<'v>(of: &'v Map<String, Value>, field: &str) -> &'v str {
    of.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn joined(of: &Map<String, Value>, fields: &[&str]) -> String {
    let said = fields.iter().map(|field| string(of, field)).filter(|said| !said.is_empty());
    said.collect::<Vec<_>>().join(" ")
}
