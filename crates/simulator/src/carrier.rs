//! The carriers' feed: CSV in UTF-8. A waybill number is all that it knows of anybody.

use crate::corrupt::{self, Breakage, Damage, Table};
use crate::dice::Dice;
use crate::documents::{Delivery, Ledger, Scan, ScanKind};
use crate::error::SimulateError;
use crate::export::{Sheet, Shelf};
use crate::numbers::Numbers;
use crate::settings::Settings;

const TABLE: Table = Table {
    headings: &["waybill", "carrier", "time", "status", "city", "text", "signed_by"],
    delimiter: ',',
    charset: encoding_rs::UTF_8,
    number: "waybill",
};

const BREAKAGES: [Breakage<Damage>; 5] = [
    Breakage { damage: Damage::Text("status", "LOST_IN_SPACE"), reason: "unknown word" },
    Breakage { damage: Damage::Text("time", "2025-04-31 10:00:00"), reason: "no such date" },
    Breakage { damage: Damage::Text("time", ""), reason: "a required column is blank" },
    Breakage { damage: Damage::Bytes("text", b"\xc3\x28\xff"), reason: "bytes that are not UTF-8" },
    Breakage { damage: Damage::Cut, reason: "a row ends too early" },
];

fn cells(delivery: &Delivery, scan: &Scan, first: bool) -> Vec<String> {
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
        scan.at.spaced(),
        status.to_owned(),
        scan.city.to_owned(),
        scan.text.to_owned(),
        scan.signed_by.clone().unwrap_or_default(),
    ]
}

pub(crate) fn write(
    ledger: &Ledger,
    branch: u32,
    settings: &Settings,
    numbers: &mut Numbers,
    shelf: &mut Shelf,
) -> Result<(), SimulateError> {
    let mut dice = Dice::new(settings.seed, "carrier", branch.into());
    let mut sheet = Sheet::of_lines("carrier-scans", format!("carrier/scans-{branch:03}.csv"), Some(TABLE.heading()));
    for delivery in &ledger.deliveries {
        for (place, scan) in delivery.scans.iter().enumerate() {
            sheet.push(scan.at, vec![TABLE.row(&cells(delivery, scan, place == 0))]);
        }
    }
    let scanned: Vec<(&Delivery, &Scan)> =
        ledger.deliveries.iter().filter_map(|delivery| Some((delivery, delivery.scans.first()?))).collect();
    for nth in 0..corrupt::how_many(settings, sheet.len()) {
        let (delivery, scan) = dice.pick(&scanned);
        let breakage = &BREAKAGES[(nth + branch as usize) % BREAKAGES.len()];
        let rows = TABLE.broken(vec![cells(delivery, scan, true)], &numbers.broken(), breakage.damage, &mut dice);
        sheet.push_broken(scan.at, rows, breakage.reason);
    }
    shelf.put_sheet(sheet, &mut dice)
}
