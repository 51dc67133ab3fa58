//! The warehouse: packed NDJSON, one line per movement, and its own list of consignees.

use serde_json::{Value, json};

use crate::corrupt::{self, Breakage, JsonDamage, broken_json};
use crate::customer::{Customer, System};
use crate::dice::Dice;
use crate::documents::{Delivery, Ledger, StockCount};
use crate::error::SimulateError;
use crate::export::{Sheet, Shelf};
use crate::goods::GOODS;
use crate::identifiers::phone_written;
use crate::moment::Moment;
use crate::numbers::Numbers;
use crate::settings::Settings;

const BREAKAGES: [Breakage<JsonDamage>; 6] = [
    Breakage { damage: JsonDamage::Set("at", "2025-02-30T10:00:00+08:00"), reason: "no such date" },
    Breakage { damage: JsonDamage::Cut, reason: "the line ends too early" },
    Breakage { damage: JsonDamage::Set("type", "teleported"), reason: "unknown word" },
    Breakage { damage: JsonDamage::Bytes, reason: "bytes that are not UTF-8" },
    Breakage { damage: JsonDamage::Set("at", "null"), reason: "a required field is missing" },
    Breakage { damage: JsonDamage::Set("type", "null"), reason: "a required field is missing" },
];

fn items(of: &[(usize, i64)]) -> Value {
    of.iter()
        .map(|(good, quantity)| json!({"sku": GOODS[*good].number, "name": GOODS[*good].name, "qty": quantity, "unit": GOODS[*good].unit}))
        .collect()
}

fn issued(delivery: &Delivery) -> Value {
    json!({
        "type": "issued", "id": delivery.number, "at": delivery.issued.iso(), "order": delivery.order,
        "wh": delivery.place, "consignee": delivery.consignee, "items": items(&delivery.items),
    })
}

fn counted(count: &StockCount, id: String) -> Value {
    json!({
        "type": "counted", "id": id, "at": count.at.iso(), "wh": count.place,
        "sku": GOODS[count.good].number, "qty": count.quantity, "case": count.case,
    })
}

pub(crate) fn write(
    customers: &[Customer],
    ledger: &Ledger,
    branch: u32,
    settings: &Settings,
    numbers: &mut Numbers,
    shelf: &mut Shelf,
) -> Result<(), SimulateError> {
    let mut dice = Dice::new(settings.seed, "wms", branch.into());
    let mut sheet = Sheet::of_lines("wms-movements", format!("wms/movements-{branch:03}.ndjson.gz"), None);
    let mut put = |at: Moment, record: Value| sheet.push(at, vec![record.to_string().into_bytes()]);
    for customer in customers {
        for party in customer.parties_in(System::Wms) {
            let phone = party.phone.as_ref().map(|phone| phone_written(phone, customer.index as usize / 3));
            put(
                party.since,
                json!({
                    "type": "consignee", "id": party.number, "at": party.since.iso(), "name": party.name,
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
                    "type": "reserved", "id": numbers.movement(), "at": delivery.reserved.iso(), "order": delivery.order,
                    "wh": delivery.place, "sku": GOODS[*good].number, "qty": quantity,
                }),
            );
        }
        put(delivery.issued, issued(delivery));
        put(
            delivery.dispatched,
            json!({
                "type": "dispatched", "id": delivery.number, "at": delivery.dispatched.iso(), "order": delivery.order,
                "carrier": delivery.carrier, "waybill": delivery.waybill, "promised": delivery.promised.iso_date(),
                "parcels": 1 + delivery.items.len() / 3,
            }),
        );
    }
    for back in &ledger.returns {
        put(
            back.at,
            json!({
                "type": "returned", "id": back.number, "at": back.at.iso(), "order": back.order, "delivery": back.delivery,
                "wh": back.place, "condition": back.condition, "reason": back.reason, "items": items(&[back.item]),
            }),
        );
    }
    for count in &ledger.counts {
        put(count.at, counted(count, numbers.movement()));
    }
    for nth in 0..corrupt::how_many(settings, sheet.len()) {
        if ledger.deliveries.is_empty() {
            break;
        }
        let breakage = &BREAKAGES[(nth + branch as usize) % BREAKAGES.len()];
        let delivery = dice.pick(&ledger.deliveries);
        let record = issued(delivery);
        let line = broken_json(record, "id", &numbers.broken(), breakage.damage);
        sheet.push_broken(delivery.issued, vec![line], breakage.reason);
    }
    shelf.put_sheet(sheet, &mut dice)
}
