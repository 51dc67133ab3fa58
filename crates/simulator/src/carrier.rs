//! The carriers' feed: CSV in UTF-8. A waybill number is all that it knows of anybody.

use crate::corrupt::{self, DamageKind, RecordDamage, TableShape};
use crate::dice::SeededDice;
use crate::documents::{BranchLedger, CarrierScan, GoodsDelivery, ScanKind};
use crate::error::SimulateError;
use crate::export::{ExportSheet, ExportShelf};
use crate::numbers::NumberSeries;
use crate::settings::CompanySettings;

const TABLE: TableShape = TableShape {
    headings: &["waybill", "carrier", "time", "status", "city", "text", "signed_by"],
    delimiter: ',',
    charset: encoding_rs::UTF_8,
    number: "waybill",
};

const BREAKAGES: [DamageKind<RecordDamage>; 5] = [
    DamageKind { damage: RecordDamage::Text("status", "LOST_IN_SPACE"), reason: "unknown word" },
    DamageKind { damage: RecordDamage::Text("time", "2025-04-31 10:00:00"), reason: "no such date" },
    DamageKind { damage: RecordDamage::Text("time", ""), reason: "a required column is blank" },
    DamageKind { damage: RecordDamage::Bytes("text", b"\xc3\x28\xff"), reason: "bytes that are not UTF-8" },
    DamageKind { damage: RecordDamage::Cut, reason: "a row ends too early" },
];

fn scan_cells(delivery: &GoodsDelivery, scan: &CarrierScan, first: bool) -> Vec<String> {
    let status = match scan.what {
        ScanKind::Moved if first => "PICKED_UP",
        ScanKind::Moved => "IN_TRANSIT",
        ScanKind::Delivered => "DELIVERED",
        ScanKind::Failed => "FAILED",
        ScanKind::Damaged => "DAMAGED",
    };
    vec![
        delivery.waybill.clone(),
        delivery.carrier.to_owned(),
        scan.at.to_spaced_time(),
        status.to_owned(),
        scan.city.to_owned(),
        scan.text.to_owned(),
        scan.signed_by.clone().unwrap_or_default(),
    ]
}

pub(crate) fn write_carrier(
    ledger: &BranchLedger,
    branch: u32,
    settings: &CompanySettings,
    numbers: &mut NumberSeries,
    shelf: &mut ExportShelf,
) -> Result<(), SimulateError> {
    let mut dice = SeededDice::new(settings.seed, "carrier", branch.into());
    let mut sheet =
        ExportSheet::of_lines("carrier-scans", format!("carrier/scans-{branch:03}.csv"), Some(TABLE.heading_row()));
    for delivery in &ledger.deliveries {
        for (place, scan) in delivery.scans.iter().enumerate() {
            sheet.push(scan.at, vec![TABLE.encode_row(&scan_cells(delivery, scan, place == 0))]);
        }
    }
    let scanned: Vec<(&GoodsDelivery, &CarrierScan)> =
        ledger.deliveries.iter().filter_map(|delivery| Some((delivery, delivery.scans.first()?))).collect();
    for nth in 0..corrupt::how_many(settings, sheet.len()) {
        let (delivery, scan) = dice.pick(&scanned);
        let breakage = &BREAKAGES[(nth + branch as usize) % BREAKAGES.len()];
        let rows =
            TABLE.damage_rows(vec![scan_cells(delivery, scan, true)], &numbers.broken(), breakage.damage, &mut dice);
        sheet.push_broken(scan.at, rows, breakage.reason);
    }
    shelf.put_sheet(sheet, &mut dice)
}
