//! The service desk's journal: NDJSON, one line per entry, with the desk's own contacts among them.

use serde_json::{Map, Value, json};

use crate::corrupt::{self, DamageKind, JsonDamage, broken_json};
use crate::customer::{SimulatedCustomer, SourceSystem};
use crate::dice::SeededDice;
use crate::documents::{BranchLedger, CallerIdentity, CaseStep, ServiceCall, ServiceCase};
use crate::error::SimulateError;
use crate::export::{ExportSheet, ExportShelf};
use crate::goods::GOODS;
use crate::identifiers::phone_written;
use crate::moment::LocalTime;
use crate::numbers::NumberSeries;
use crate::settings::CompanySettings;

const BREAKAGES: [DamageKind<JsonDamage>; 6] = [
    DamageKind { damage: JsonDamage::Set("at", "gestern"), reason: "not a time" },
    DamageKind { damage: JsonDamage::Set("kind", "escalated_to_nobody"), reason: "unknown word" },
    DamageKind { damage: JsonDamage::Cut, reason: "the line ends too early" },
    DamageKind { damage: JsonDamage::Set("severity", "紧急?"), reason: "unknown word" },
    DamageKind { damage: JsonDamage::Bytes, reason: "bytes that are not UTF-8" },
    DamageKind { damage: JsonDamage::Set("at", "null"), reason: "a required field is missing" },
];

/// Who it is, as far as the desk knows: its own contact, the ERP's number, or a phone.
fn write_caller(record: &mut Value, caller: &CallerIdentity, style: usize) {
    let (key, value) = match caller {
        CallerIdentity::Contact(number) => ("contact", number.clone()),
        CallerIdentity::ErpNumber(number) => ("erp_no", number.clone()),
        CallerIdentity::Phone(phone) => ("phone", phone_written(phone, style)),
    };
    if let Some(record) = record.as_object_mut() {
        record.insert(key.to_owned(), value.into());
    }
}

fn step_record(case: &ServiceCase, at: LocalTime, step: &CaseStep, entry: String, style: usize) -> Value {
    let mut record = match step {
        CaseStep::Opened { with } => {
            let mut opened = json!({
                "kind": "opened", "category": case.category, "severity": case.severity, "channel": case.channel,
                "title": case.title, "words": case.words, "order": case.order,
                "product": case.good.map(|good| GOODS[good].number), "agent": with,
            });
            write_caller(&mut opened, &case.caller, style);
            opened
        }
        CaseStep::Noted { by, words } => json!({"kind": "noted", "by": by, "words": words}),
        CaseStep::Requested { action, department, what } => {
            json!({"kind": "action_requested", "action": action, "department": department, "what": what,
                "due": at.plus_days(2).iso_date()})
        }
        CaseStep::Completed { action, result, order } => {
            json!({"kind": "action_completed", "action": action, "result": result, "order": order})
        }
        CaseStep::Resolved(resolution) => json!({"kind": "resolved", "resolution": resolution}),
        CaseStep::Reopened(reason) => json!({"kind": "reopened", "reason": reason}),
        CaseStep::Closed(reason) => json!({"kind": "closed", "reason": reason}),
        CaseStep::Rated { score, words } => json!({"kind": "rated", "score": score, "of": 5, "words": words}),
    };
    if let Some(record) = record.as_object_mut() {
        record.insert("entry".to_owned(), entry.into());
        record.insert("case".to_owned(), case.number.clone().into());
        record.insert("at".to_owned(), at.to_iso_time().into());
    }
    without_nulls(record)
}

fn call_record(call: &ServiceCall, entry: String, style: usize) -> Value {
    let mut record = json!({
        "kind": "call", "entry": entry, "at": call.at.to_iso_time(), "call": call.number, "case": call.case,
        "direction": if call.inward { "in" } else { "out" }, "channel": call.channel, "agent": call.with,
        "topic": call.topic, "words": call.words,
    });
    write_caller(&mut record, &call.caller, style);
    without_nulls(record)
}

/// The desk leaves out what it does not know.
fn without_nulls(record: Value) -> Value {
    match record {
        Value::Object(fields) => {
            let said: Map<String, Value> =
                fields.into_iter().filter(|(_, value)| !value.is_null() && value != "").collect();
            Value::Object(said)
        }
        other => other,
    }
}

pub(crate) fn write_desk(
    customers: &[SimulatedCustomer],
    ledger: &BranchLedger,
    branch: u32,
    settings: &CompanySettings,
    numbers: &mut NumberSeries,
    shelf: &mut ExportShelf,
) -> Result<(), SimulateError> {
    let mut dice = SeededDice::new(settings.seed, "desk", branch.into());
    let mut sheet = ExportSheet::of_lines("desk-events", format!("desk/journal-{branch:03}.ndjson"), None);
    let mut put = |at: LocalTime, record: Value| sheet.push(at, vec![record.to_string().into_bytes()]);
    for customer in customers {
        for party in customer.parties_in(SourceSystem::Desk) {
            let phone = party.phone.as_ref().map(|phone| phone_written(phone, customer.index as usize / 2));
            put(
                party.since,
                without_nulls(json!({
                    "kind": "contact", "entry": numbers.desk_entry(), "contact": party.number, "at": party.since.to_iso_time(),
                    "name": party.name, "phone": phone, "email": party.email, "erp_no": party.erp_number,
                    "tax_no": party.tax_number, "card": party.loyalty,
                })),
            );
            if let Some(at) = party.phone_disowned {
                put(
                    at,
                    without_nulls(json!({
                        "kind": "contact_corrected", "entry": numbers.desk_entry(), "contact": party.number, "at": at.to_iso_time(),
                        "wrong_phone": party.phone, "reason": "同名登记错人",
                    })),
                );
            }
        }
    }
    for (style, case) in ledger.cases.iter().enumerate() {
        for (at, what) in &case.steps {
            put(*at, step_record(case, *at, what, numbers.desk_entry(), style));
        }
    }
    for (style, made) in ledger.calls.iter().enumerate() {
        put(made.at, call_record(made, numbers.desk_entry(), style));
    }
    for nth in 0..corrupt::how_many(settings, sheet.len()) {
        let Some(case) = (!ledger.cases.is_empty()).then(|| dice.pick(&ledger.cases)) else { break };
        let Some((at, opened)) = case.steps.first() else { continue };
        let breakage = &BREAKAGES[(nth + branch as usize) % BREAKAGES.len()];
        let number = numbers.broken();
        let record = step_record(case, *at, opened, number.clone(), nth);
        let line = broken_json(record, "case", &number, breakage.damage);
        sheet.push_broken(*at, vec![line], breakage.reason);
    }
    shelf.put_sheet(sheet, &mut dice)
}
