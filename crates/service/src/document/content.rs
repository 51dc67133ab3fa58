//! What stands on a document: the events that describe it, one laid over the other.

use std::collections::BTreeMap;

use onefold_event::{Subject, SubjectKind};
use onefold_store::FactsOf;
use serde_json::{Map, Value};

use crate::document::rows::SubjectReader;
use crate::events::{Standing, places};
use crate::{EventLine, Service, ServiceError};

/// Types of event that say what a document is. Any other says what became of it: it is told among its events.
const DESCRIBING: [&str; 12] = [
    "sales.order_placed.v1",
    "sales.order_amended.v1",
    "sales.contact_made.v1",
    "finance.invoice_issued.v1",
    "finance.credit_note_issued.v1",
    "finance.payment_received.v1",
    "finance.refund_paid.v1",
    "finance.adjustment_posted.v1",
    "warehouse.goods_issued.v1",
    "warehouse.goods_returned.v1",
    "shipping.dispatched.v1",
    "service.case_opened.v1",
];
/// An amendment beats the placing, whatever their times say.
const AMENDED: &str = "sales.order_amended.v1";
/// The field of what a source says beside all others.
const ATTRIBUTES: &str = "attributes";
/// Fields of a document that list goods.
const GOODS: [&str; 2] = ["lines", "items"];

/// A subject that a document names in a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NamedReference {
    pub(super) role: String,
    pub(super) subject: Subject,
}

/// The events that stand, an amendment behind the others.
fn standing(events: &[EventLine]) -> impl Iterator<Item = &EventLine> {
    let stands = |event: &&EventLine| event.standing == Standing::Stands;
    let earlier = events.iter().filter(stands).filter(|event| event.ty != AMENDED);
    earlier.chain(events.iter().filter(stands).filter(|event| event.ty == AMENDED))
}

/// The fields of the events that describe a document; attributes name by name, of which each keeps its latest text.
pub(super) fn describe_document(events: &[EventLine]) -> Map<String, Value> {
    let (mut content, mut attributes) = (Map::new(), BTreeMap::new());
    for event in standing(events).filter(|event| DESCRIBING.contains(&event.ty)) {
        let fields = event.data().into_iter().flatten();
        let own = fields.filter(|(field, _)| !["references", ATTRIBUTES].contains(&field.as_str()));
        content.extend(own.map(|(field, value)| (field.clone(), value.clone())));
        for said in list(event.data().and_then(|data| data.get(ATTRIBUTES))) {
            let Some(name) = text(said, "name") else { continue };
            // A name without a text is taken back.
            match text(said, "text") {
                Some(_) => attributes.insert(name.to_owned(), said.clone()),
                None => attributes.remove(name),
            };
        }
    }
    if !attributes.is_empty() {
        content.insert(ATTRIBUTES.to_owned(), attributes.into_values().collect());
    }
    content
}

/// What a document names: by role, of which a later event that names parties replaces all; then invoices that it settles and orders
/// that its lines fulfil, as far as no role names them.
pub(super) fn find_references(events: &[EventLine], content: &Map<String, Value>) -> Vec<NamedReference> {
    let mut by_role: BTreeMap<String, Vec<Subject>> = BTreeMap::new();
    for event in standing(events) {
        let mut said: BTreeMap<String, Vec<Subject>> = BTreeMap::new();
        for reference in list(event.data().and_then(|data| data.get("references"))) {
            if let (Some(role), Some(Ok(subject))) =
                (text(reference, "role"), text(reference, "subject").map(str::parse))
            {
                said.entry(role.to_owned()).or_default().push(subject);
            }
        }
        for (role, named) in said {
            let all = by_role.entry(role).or_default();
            if named.iter().any(|subject| subject.kind() == SubjectKind::Party) {
                all.clear();
            }
            let new: Vec<Subject> = named.into_iter().filter(|subject| !all.contains(subject)).collect();
            all.extend(new);
        }
    }
    let of_role = |(role, all): (String, Vec<Subject>)| {
        all.into_iter().map(move |subject| NamedReference { role: role.clone(), subject })
    };
    let mut named: Vec<NamedReference> = by_role.into_iter().flat_map(of_role).collect();
    let settled = list(content.get("allocations")).iter().filter_map(|one| text(one, "invoice"));
    let fulfilled = list(content.get("items")).iter().filter_map(|one| text(one, "order"));
    for subject in settled.chain(fulfilled).filter_map(|key| key.parse::<Subject>().ok()) {
        if named.iter().all(|one| one.subject != subject) {
            named.push(NamedReference { role: subject.kind().word().to_owned(), subject });
        }
    }
    named
}

impl Service {
    /// Gives lines that say no more than the number of a product its name, where its source described it.
    pub(super) async fn name_products(
        &self,
        rows: &SubjectReader<'_>,
        document: &Subject,
        content: &mut Map<String, Value>,
    ) -> Result<(), ServiceError> {
        let subject = |line: &Value| {
            let number = text(line, "product").filter(|_| text(line, "name").is_none())?;
            Subject::new(SubjectKind::Product, document.source(), number).ok()
        };
        let lines = GOODS.iter().flat_map(|field| list(content.get(*field)));
        let mut products: Vec<String> = lines.filter_map(subject).map(|subject| subject.to_string()).collect();
        products.sort();
        products.dedup();
        // Products are no part of a past, which names them as its lines do.
        if products.is_empty() || matches!(rows, SubjectReader::Past(_)) {
            return Ok(());
        }
        let names = self.product_names(&products).await?;
        for field in GOODS {
            for line in content.get_mut(field).and_then(Value::as_array_mut).into_iter().flatten() {
                let name = subject(line).and_then(|product| names.get(product.as_str()).cloned());
                if let (Some(name), Some(line)) = (name, line.as_object_mut()) {
                    line.insert("name".to_owned(), Value::String(name));
                }
            }
        }
        Ok(())
    }

    /// What products are called by their sources now; those that nobody described are left out.
    pub(crate) async fn product_names(&self, products: &[String]) -> Result<BTreeMap<String, String>, ServiceError> {
        let asked: Vec<FactsOf> = products.iter().map(|product| FactsOf::all(product)).collect();
        let last = |facts: &Vec<_>| places(facts).into_iter().filter(|place| place.stands()).max();
        let told: Vec<_> = self.store.facts(&asked).await?.iter().filter_map(last).collect();
        let described = self.event_lines(&told).await?;
        let named = described.into_iter().filter_map(|event| {
            let name = event.data()?.get("name")?.as_str()?.to_owned();
            (!name.is_empty()).then_some((event.subject, name))
        });
        Ok(named.collect())
    }
}

impl EventLine {
    /// What the event says, by the fields of the catalogue.
    pub fn data(&self) -> Option<&Map<String, Value>> {
        self.event.get("data").and_then(Value::as_object)
    }
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn text<'v>(value: &'v Value, field: &str) -> Option<&'v str> {
    value.get(field).and_then(Value::as_str).filter(|text| !text.is_empty())
}
