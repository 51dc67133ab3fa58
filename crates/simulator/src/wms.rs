//! The warehouse: packed NDJSON, one line per movement, and its own list of consignees.

use serde_json::{Value, json};

use crate::corrupt::{self, DamageKind, JsonDamage, broken_json};
use crate::customer::{SimulatedCustomer, SourceSystem};
use crate::dice::SeededDice;
use crate::documents::{BranchLedger, GoodsDelivery, StockCount};
use crate::error::SimulateError;
use crate::export::{ExportSheet, ExportShelf};
use crate::goods::GOODS;
use crate::identifiers::phone_written;
use crate::moment::LocalTime;
use crate::numbers::NumberSeries;
use crate::settings::CompanySettings;

const BREAKAGES: [DamageKind<JsonDamage>; 6] = [
    DamageKind { damage: JsonDamage::Set("at", "2025-02-30T10:00:00+08:00"), reason: "no such date" },
    DamageKind { damage: JsonDamage::Cut, reason: "the line ends too early" },
    DamageKind { damage: JsonDamage::Set("type", "teleported"), reason: "unknown word" },
    DamageKind { damage: JsonDamage::Bytes, reason: "bytes that are not UTF-8" },
    DamageKind { damage: JsonDamage::Set("at", "null"), reason: "a required field is missing" },
    DamageKind { damage: JsonDamage::Set("type", "null"), reason: "a required field is missing" },
];

fn item_list(of: &[(usize, i64)]) -> Value {
    of.iter()
        .map(|(good, quantity)| json!({"sku": GOODS[*good].number, "name": GOODS[*good].name, "qty": quantity, "unit": GOODS[*good].unit}))
        .collect()
}

fn issue_record(delivery: &GoodsDelivery) -> Value {
    json!({
        "type": "issued", "id": delivery.number, "at": delivery.issued.to_iso_time(), "order": delivery.order,
        "wh": delivery.place, "consignee": delivery.consignee, "items": item_list(&delivery.items),
    })
}

fn count_record(count: &StockCount, id: String) -> Value {
    json!({
        "type": "counted", "id": id, "at": count.at.to_iso_time(), "wh": count.place,
        "sku": GOODS[count.good].number, "qty": count.quantity, "case": count.case,
    })
}

pub(crate) fn write_warehouse(
    customers: &[SimulatedCustomer],
    ledger: &BranchLedger,
    branch: u32,
    settings: &CompanySettings,
    numbers: &mut NumberSeries,
    shelf: &mut ExportShelf,
) -> Result<(), SimulateError> {
    let mut dice = SeededDice::new(settings.seed, "wms", branch.into());
    let mut sheet = ExportSheet::of_lines("wms-movements", format!("wms/movements-{branch:03}.ndjson.gz"), None);
    let mut put = |at: LocalTime, record: Value| sheet.push(at, vec![record.to_string().into_bytes()]);
    for customer in customers {
        for party in customer.parties_in(SourceSystem::Wms) {
            let phone = party.phone.as_ref().map(|phone| phone_written(phone, customer.index as usize / 3));
            put(
                party.since,
                json!({
                    "type": "consignee", "id": party.number, "at": party.since.to_iso_time(), "name": party.name,
                    "phone": phone, "card": party.loyalty, "erp_no": party.erp_number,
                }),
            );
        }
    }
    for delivery in &ledger.deliveries {
        for (good, quantity) in &delivery.items {
            put(
                delivery.reserved,
                json!({
                    "type": "reserved", "id": numbers.movement(), "at": delivery.reserved.to_iso_time(), "order": delivery.order,
                    "wh": delivery.place, "sku": GOODS[*good].number, "qty": quantity,
                }),
            );
        }
        put(delivery.issued, issue_record(delivery));
        put(
            delivery.dispatched,
            json!({
                "type": "dispatched", "id": delivery.number, "at": delivery.dispatched.to_iso_time(), "order": delivery.order,
                "carrier": delivery.carrier, "waybill": delivery.waybill, "promised": delivery.promised.iso_date(),
                "parcels": 1 + delivery.items.len() / 3,
            }),
        );
    }
    for back in &ledger.returns {
        put(
            back.at,
            json!({
                "type": "returned", "id": back.number, "at": back.at.to_iso_time(), "order": back.order, "delivery": back.delivery,
                "wh": back.place, "condition": back.condition, "reason": back.reason, "items": item_list(&[back.item]),
            }),
        );
    }
    for count in &ledger.counts {
        put(count.at, count_record(count, numbers.movement()));
    }
    for nth in 0..corrupt::how_many(settings, sheet.len()) {
        if ledger.deliveries.is_empty() {
            break;
        }
        let breakage = &BREAKAGES[(nth + branch as usize) % BREAKAGES.len()];
        let delivery = dice.pick(&ledger.deliveries);
        let record = issue_record(delivery);
        let line = broken_json(record, "id", &numbers.broken(), breakage.damage);
        sheet.push_broken(delivery.issued, vec![line], breakage.reason);
    }
    shelf.put_sheet(sheet, &mut dice)
}
