//! A document from inside.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use onefold_service::{
    CustomerReference, DocumentOwner, DocumentView, EventLine, RelatedSubject, ServiceError, Shown, Standing,
};
use onefold_view::{amount_text, is_decimal};
use serde_json::Value;

use crate::page::{PageFrame, PageRequest, see_other};
use crate::shown::{DocumentLine, PageClock, ShownTime, money};

/// Whose a document is in one respect.
struct OwnerLine {
    label: &'static str,
    name: String,
    path: String,
    why: String,
}

/// A field that stands on it.
struct FieldLine {
    name: String,
    value: String,
}

/// A list that stands on it: its columns, and its rows.
struct FieldTable {
    name: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// Something that it names, or that names it.
struct RelatedLine {
    role: String,
    subject: String,
    path: String,
    name: String,
    document: Option<DocumentLine>,
}

/// An event.
pub(super) struct EventRow {
    pub(super) at: ShownTime,
    pub(super) ty: &'static str,
    pub(super) from: String,
    pub(super) place: String,
    /// In a word, where it does not stand.
    pub(super) standing: &'static str,
}

#[derive(Template)]
#[template(path = "document.html")]
struct DocumentPage {
    frame: PageFrame,
    document: DocumentLine,
    open: String,
    owners: Vec<OwnerLine>,
    fields: Vec<FieldLine>,
    tables: Vec<FieldTable>,
    names: Vec<RelatedLine>,
    named_by: Vec<RelatedLine>,
    more_named_by: usize,
    shipments: Vec<DocumentLine>,
    events: Vec<EventRow>,
    /// How many there are beside those told, in the middle.
    more_events: usize,
}

pub(crate) async fn get_document(request: PageRequest, Path(subject): Path<String>) -> Response {
    match show_document(&request, &subject).await {
        Ok(response) => response,
        Err(error) => request.refuse(&error),
    }
}

async fn show_document(request: &PageRequest, subject: &str) -> Result<Response, ServiceError> {
    let reference: CustomerReference = request.service.read_reference(subject).await?;
    if reference.document().is_none() {
        return Ok(see_other(&request.clock.customer_path(&reference.to_string())));
    }
    let today = Some(request.clock.today.0);
    let shown = match &request.clocks {
        None => request.service.show(&reference, today).await?,
        Some(clocks) => request.service.past_show(&reference, clocks, today).await?.answer,
    };
    Ok(match shown {
        Shown::Document(document) => request.answer(&document_page(request, &document)),
        Shown::Customer(view) => see_other(&request.clock.customer_path(&view.id)),
    })
}

fn document_page(request: &PageRequest, view: &DocumentView) -> DocumentPage {
    let clock = &request.clock;
    let words = request.words();
    let document = clock.document(&view.whose.document);
    let open = match (&view.open, &view.whose.document.currency) {
        (Some(open), Some(currency)) => money(open, currency),
        _ => String::new(),
    };
    let mut owners = vec![owner_line(request, words.bought_by, &view.whose.trade, &view.why.trade)];
    if view.whose.receivable.key != view.whose.trade.key {
        owners.push(owner_line(request, words.owed_by, &view.whose.receivable, &view.why.receivable));
    }
    owners.extend(view.whose.parts.iter().map(|part| owner_line(request, words.part_of, part, "")));
    let (mut fields, mut tables) = (Vec::new(), Vec::new());
    for (name, value) in &view.content {
        match value {
            Value::Array(rows) if rows.iter().any(Value::is_object) => tables.push(field_table(name, rows)),
            value => fields.push(FieldLine { name: name.clone(), value: value_text(value) }),
        }
    }
    // Deliveries and parcels of an order stand in a list of their own.
    let is_shipment = |one: &RelatedSubject| view.shipments.iter().any(|shipment| shipment.subject == one.subject);
    DocumentPage {
        frame: request.frame(),
        document,
        open,
        owners,
        fields,
        tables,
        names: view.names.iter().map(|one| related_line(clock, one)).collect(),
        named_by: view.named_by.iter().filter(|one| !is_shipment(one)).map(|one| related_line(clock, one)).collect(),
        more_named_by: view.more_named_by,
        more_events: view.more_events,
        shipments: view.shipments.iter().map(|one| clock.document(one)).collect(),
        events: view.events.iter().map(|event| event_row(clock, event)).collect(),
    }
}

fn owner_line(request: &PageRequest, label: &'static str, owner: &DocumentOwner, why: &str) -> OwnerLine {
    let words = request.words();
    let (name, path) = match &owner.customer {
        None => (words.nobody.to_owned(), String::new()),
        Some(customer) if customer.name.is_empty() => {
            (words.name_unknown.to_owned(), request.clock.customer_path(&customer.id))
        }
        Some(customer) => (customer.name.clone(), request.clock.customer_path(&customer.id)),
    };
    OwnerLine { label, name, path, why: why.to_owned() }
}

/// A value of an event as a cell: money as money, what is nested by its fields.
pub(super) fn value_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if is_decimal(text) => amount_text(text),
        Value::String(text) => text.clone(),
        Value::Object(fields) => match (fields.get("amount"), fields.get("currency")) {
            (Some(Value::String(amount)), Some(Value::String(currency))) if fields.len() == 2 => {
                money(amount, currency)
            }
            _ => {
                let one = |(name, value): (&String, &Value)| format!("{name} {}", value_text(value));
                fields.iter().map(one).collect::<Vec<_>>().join(", ")
            }
        },
        Value::Array(all) => all.iter().map(value_text).collect::<Vec<_>>().join("; "),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// A list of things with fields, in the columns that any of them has, in the order in which they come.
fn field_table(name: &str, rows: &[Value]) -> FieldTable {
    let mut columns: Vec<String> = Vec::new();
    for field in rows.iter().filter_map(Value::as_object).flat_map(|row| row.keys()) {
        if !columns.contains(field) {
            columns.push(field.clone());
        }
    }
    let cells =
        |row: &Value| columns.iter().map(|column| row.get(column).map(value_text).unwrap_or_default()).collect();
    let rows = rows.iter().map(cells).collect();
    FieldTable { name: name.to_owned(), columns, rows }
}

fn related_line(clock: &PageClock, one: &RelatedSubject) -> RelatedLine {
    RelatedLine {
        role: one.role.replace('_', " "),
        path: clock.subject_path(&one.subject),
        subject: one.subject.clone(),
        name: one.name.clone(),
        document: one.document.as_ref().map(|document| clock.document(document)),
    }
}

pub(super) fn event_row(clock: &PageClock, event: &EventLine) -> EventRow {
    let words = clock.language.words();
    EventRow {
        at: clock.time(event.occurred_at),
        ty: event.ty,
        from: event.origin(),
        place: format!("{}/{}", event.partition, event.offset),
        standing: match event.standing {
            Standing::Stands => "",
            Standing::Superseded => words.event_superseded,
            Standing::Conflict => words.event_conflict,
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_a_cell_and_a_list_of_things_a_table() {
        assert_eq!(value_text(&json!({ "amount": "1200", "currency": "CNY" })), "CNY\u{a0}1,200.00");
        assert_eq!(value_text(&json!(["a", { "b": 1 }])), "a; b 1");
        let table = field_table("lines", &[json!({ "product": "P1" }), json!({ "product": "P2", "quantity": "3" })]);
        assert_eq!(table.columns, ["product", "quantity"]);
        assert_eq!(table.rows, [["P1", ""], ["P2", "3"]]);
    }
}
