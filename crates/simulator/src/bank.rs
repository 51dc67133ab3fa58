//! The house bank: its register of payers, and its statement. Windows-1252, semicolons,
//! German headings, dates and numbers; one row per invoice that a payment settles.

use crate::corrupt::{self, DamageKind, RecordDamage, TableShape};
use crate::customer::{PartyRecord, SimulatedCustomer, SourceSystem};
use crate::dice::SeededDice;
use crate::documents::{BranchLedger, CustomerPayment, CustomerRefund, PaymentAllocation};
use crate::error::SimulateError;
use crate::export::{BranchExports, ExportShelf};
use crate::moment::LocalTime;
use crate::money::dot_grouped;
use crate::numbers::NumberSeries;
use crate::settings::CompanySettings;

const STATEMENT: TableShape = TableShape {
    headings: &[
        "Zahlungsnummer",
        "Version",
        "Art",
        "Buchungstag",
        "Konto",
        "Zahler",
        "Kundennummer",
        "Währung",
        "Betrag",
        "Rechnung",
        "Zugeordnet",
        "Bezug",
        "Grund",
    ],
    delimiter: ';',
    charset: encoding_rs::WINDOWS_1252,
    number: "Zahlungsnummer",
};

const STATEMENT_BREAKAGES: [DamageKind<RecordDamage>; 6] = [
    DamageKind { damage: RecordDamage::Everywhere("Betrag", "1250.75"), reason: "a number in another locale" },
    DamageKind { damage: RecordDamage::Everywhere("Buchungstag", "31.02.2025"), reason: "no such date" },
    DamageKind { damage: RecordDamage::Everywhere("Betrag", ""), reason: "a required column is blank" },
    DamageKind { damage: RecordDamage::Everywhere("Art", "Lastschrift"), reason: "unknown word" },
    DamageKind { damage: RecordDamage::Text("Zugeordnet", "zwölf"), reason: "not a number" },
    DamageKind { damage: RecordDamage::Everywhere("Währung", "DM"), reason: "unknown word" },
];

const PAYERS: TableShape = TableShape {
    headings: &["Zahlernummer", "Name", "Art", "Konto", "Kundennummer", "Steuernummer", "Angelegt"],
    delimiter: ';',
    charset: encoding_rs::WINDOWS_1252,
    number: "Zahlernummer",
};

const PAYER_BREAKAGES: [DamageKind<RecordDamage>; 3] = [
    DamageKind { damage: RecordDamage::Text("Angelegt", "2025-02-11"), reason: "a date in another form" },
    DamageKind { damage: RecordDamage::Everywhere("Art", "Verein?"), reason: "unknown word" },
    DamageKind { damage: RecordDamage::Text("Angelegt", ""), reason: "a required column is blank" },
];

fn payer_row(party: &PartyRecord, customer: &SimulatedCustomer) -> Vec<String> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let kind = match customer.kind {
        crate::customer::CustomerKind::Person => "Privat",
        crate::customer::CustomerKind::Organisation => "Firma",
    };
    vec![
        party.number.clone(),
        text(&party.name),
        kind.to_owned(),
        text(&party.account),
        text(&party.erp_number),
        text(&party.tax_number),
        party.since.to_dotted_date(),
    ]
}

pub(crate) fn write_payers(
    customers: &[SimulatedCustomer],
    branch: u32,
    settings: &CompanySettings,
    numbers: &mut NumberSeries,
    shelf: &mut ExportShelf,
) -> Result<(), SimulateError> {
    let mut dice = SeededDice::new(settings.seed, "bank-payers", branch.into());
    let mut exports = BranchExports::new("bank-payers", "bank/payers", branch, PAYERS.heading_row());
    let known: Vec<(&PartyRecord, &SimulatedCustomer)> = customers
        .iter()
        .flat_map(|customer| customer.parties_in(SourceSystem::Bank).map(move |party| (party, customer)))
        .collect();
    for (party, customer) in &known {
        exports.push(party.since, vec![PAYERS.encode_row(&payer_row(party, customer))], &mut dice);
    }
    for nth in 0..corrupt::how_many(settings, exports.main.len()) {
        let (party, customer) = dice.pick(&known);
        let breakage = &PAYER_BREAKAGES[(nth + branch as usize) % PAYER_BREAKAGES.len()];
        let broken =
            PAYERS.damage_rows(vec![payer_row(party, customer)], &numbers.broken(), breakage.damage, &mut dice);
        exports.main.push_broken(party.since, broken, breakage.reason);
    }
    shelf.add_exports(exports, &mut dice)
}

fn payment_rows(
    payment: &CustomerPayment,
    version: usize,
    allocations: &[PaymentAllocation],
    ledger: &BranchLedger,
) -> Vec<Vec<String>> {
    let row = |invoice: String, amount: String| {
        vec![
            payment.number.clone(),
            version.to_string(),
            "Zahlung".to_owned(),
            payment.at.to_dotted_date(),
            payment.account.clone().unwrap_or_default(),
            payment.payer_name.clone(),
            payment.payer.as_ref().map(|payer| payer.number.clone()).unwrap_or_default(),
            payment.currency.code().to_owned(),
            dot_grouped(payment.amount),
            invoice,
            amount,
            String::new(),
            String::new(),
        ]
    };
    if allocations.is_empty() {
        return vec![row(String::new(), String::new())];
    }
    allocations
        .iter()
        .filter_map(|part| Some(row(ledger.invoices.get(part.invoice)?.number.clone(), dot_grouped(part.amount))))
        .collect()
}

fn reversal_row(payment: &CustomerPayment, at: LocalTime, number: &str) -> Vec<String> {
    let mut row = vec![String::new(); STATEMENT.headings.len()];
    for (column, text) in [
        (0, number.to_owned()),
        (1, "1".to_owned()),
        (2, "Storno".to_owned()),
        (3, at.to_dotted_date()),
        (7, payment.currency.code().to_owned()),
        (8, dot_grouped(-payment.amount)),
        (11, payment.number.clone()),
        (12, "Rückgabe mangels Deckung".to_owned()),
    ] {
        row[column] = text;
    }
    row
}

fn refund_row(refund: &CustomerRefund) -> Vec<String> {
    vec![
        refund.number.clone(),
        "1".to_owned(),
        "Rückzahlung".to_owned(),
        refund.at.to_dotted_date(),
        refund.account.clone(),
        refund.payee_name.clone(),
        refund.payee.number.clone(),
        refund.currency.code().to_owned(),
        dot_grouped(-refund.amount),
        String::new(),
        String::new(),
        String::new(),
        "Gutschrift ausgezahlt".to_owned(),
    ]
}

pub(crate) fn write_statement(
    ledger: &BranchLedger,
    branch: u32,
    settings: &CompanySettings,
    numbers: &mut NumberSeries,
    shelf: &mut ExportShelf,
) -> Result<(), SimulateError> {
    let mut dice = SeededDice::new(settings.seed, "bank-statement", branch.into());
    let mut exports = BranchExports::new("bank-payments", "bank/statement", branch, STATEMENT.heading_row());
    for payment in &ledger.payments {
        let rows = |version: usize, parts: &[PaymentAllocation]| {
            STATEMENT.encode_rows(&payment_rows(payment, version, parts, ledger))
        };
        match payment.versions.as_slice() {
            [first, last] => {
                let later = payment.at.plus_days(9);
                exports.push_revised((payment.at, rows(1, first)), (later, rows(2, last)), &mut dice);
            }
            _ => exports.push(payment.at, rows(1, payment.allocations()), &mut dice),
        }
        if let Some((at, number)) = &payment.reversed {
            exports.push(*at, vec![STATEMENT.encode_row(&reversal_row(payment, *at, number))], &mut dice);
        }
    }
    for refund in &ledger.refunds {
        exports.push(refund.at, vec![STATEMENT.encode_row(&refund_row(refund))], &mut dice);
    }
    let allocated: Vec<&CustomerPayment> =
        ledger.payments.iter().filter(|payment| !payment.allocations().is_empty()).collect();
    for nth in 0..corrupt::how_many(settings, exports.main.len()) {
        if allocated.is_empty() {
            break;
        }
        let payment = dice.pick(&allocated);
        let breakage = &STATEMENT_BREAKAGES[(nth + branch as usize) % STATEMENT_BREAKAGES.len()];
        let sound = payment_rows(payment, 1, payment.allocations(), ledger);
        let broken = STATEMENT.damage_rows(sound, &numbers.broken(), breakage.damage, &mut dice);
        exports.main.push_broken(payment.at, broken, breakage.reason);
    }
    shelf.add_exports(exports, &mut dice)
}
