//! A whole company, branch by branch.

use std::path::Path;

use crate::books::{Account, Books};
use crate::complaint;
use crate::customer::{Customer, Party};
use crate::documents::{Handle, Ledger, Who};
use crate::error::SimulateError;
use crate::export::Shelf;
use crate::numbers::Numbers;
use crate::people::{COMPLAINANT, COMPLAINANT_MIN, Census, MERGED};
use crate::settings::{Settings, Summary};
use crate::trading::{Branch, House};
use crate::truth::{self, Documents, Truth};
use crate::{bank, carrier, desk, erp_goods, erp_master, erp_orders, erp_receivables, wms};

/// Writes a company's exports, and the truth about it, into a directory.
///
/// # Errors
///
/// When the settings describe no company, or the disk refuses.
pub fn simulate(dir: &Path, settings: &Settings) -> Result<Summary, SimulateError> {
    if settings.customers == 0 || settings.branch == 0 {
        return Err(SimulateError::Settings("a company has at least one customer, and so has a branch"));
    }
    if settings.customers > 50_000_000 {
        return Err(SimulateError::Settings("identifiers are unique up to 50 million customers only"));
    }
    let mut numbers = Numbers::new();
    let house = House {
        marketplace: Handle { who: Who::Marketplace, number: numbers.erp_customer() },
        walk_in: Handle { who: Who::WalkIn, number: numbers.erp_customer() },
    };
    let mut shelf = Shelf::open(dir)?;
    let mut truth = Truth::open(dir)?;
    let mut books = Books::default();
    let mut documents = Documents::default();
    erp_goods::write(settings, &mut shelf)?;

    let mut first = 0;
    let mut branch = 1;
    while first < settings.customers {
        let end = settings.customers.min(first.saturating_add(settings.branch));
        let mut census = Census { settings, numbers: &mut numbers };
        let customers: Vec<Customer> = (first..end).map(|index| census.next(index)).collect();
        let ledger = work(&customers, first, settings, &house, &mut numbers, dir, &mut shelf.summary)?;

        books.open(first, customers.len());
        books.keep(&ledger);
        count(&ledger, &mut documents);
        for customer in &customers {
            let nothing = Account::default();
            let account = books.of_customer(customer.index).unwrap_or(&nothing);
            truth.customer(customer, account)?;
        }

        // Scans and calls before what they are about: the hub must not mind.
        carrier::write(&ledger, branch, settings, &mut numbers, &mut shelf)?;
        let newcomers = (first == 0).then_some(&house);
        erp_master::write(&customers, newcomers, branch, settings, &mut numbers, &mut shelf)?;
        desk::write(&customers, &ledger, branch, settings, &mut numbers, &mut shelf)?;
        wms::write(&customers, &ledger, branch, settings, &mut numbers, &mut shelf)?;
        bank::write_payers(&customers, branch, settings, &mut numbers, &mut shelf)?;
        bank::write_statement(&ledger, branch, settings, &mut numbers, &mut shelf)?;
        erp_orders::write(&ledger.orders, branch, settings, &mut numbers, &mut shelf)?;
        erp_receivables::write_invoices(&ledger, branch, settings, &mut numbers, &mut shelf)?;
        erp_receivables::write_notes(&ledger, branch, settings, &mut numbers, &mut shelf)?;
        first = end;
        branch += 1;
    }
    truth.house("marketplace", &house.marketplace.number, &books.marketplace)?;
    truth.house("walk_in", &house.walk_in.number, &Account::default())?;
    shelf.summary.customers = truth.close(dir, &books, &documents)?;
    shelf.close()
}

/// All that a branch's customers do.
fn work(
    customers: &[Customer],
    first: u32,
    settings: &Settings,
    house: &House,
    numbers: &mut Numbers,
    dir: &Path,
    summary: &mut Summary,
) -> Result<Ledger, SimulateError> {
    let mut branch = Branch::new(settings, house, numbers);
    for customer in customers {
        if customer.index == COMPLAINANT && settings.customers >= COMPLAINANT_MIN {
            let told = complaint::tell(&mut branch, customer);
            truth::write_json(&dir.join("truth/complaint.json"), &told)?;
            summary.complaint = told.parties.first().cloned();
        } else {
            branch.live(customer);
        }
        if customer.index == MERGED {
            summary.merged = customer.parties.last().map(Party::subject);
        }
    }
    Ok(branch.close(first, customers.len()))
}

fn count(ledger: &Ledger, documents: &mut Documents) {
    documents.orders += ledger.orders.len() as u64;
    documents.invoices += ledger.invoices.iter().filter(|invoice| !invoice.draft).count() as u64;
    for note in &ledger.notes {
        match note.kind {
            crate::documents::NoteKind::Credit => documents.credit_notes += 1,
            crate::documents::NoteKind::Adjustment => documents.adjustments += 1,
        }
    }
    documents.payments += ledger.payments.len() as u64;
    documents.refunds += ledger.refunds.len() as u64;
    documents.deliveries += ledger.deliveries.len() as u64;
    documents.tracks += ledger.deliveries.iter().filter(|delivery| !delivery.scans.is_empty()).count() as u64;
    documents.returns += ledger.returns.len() as u64;
    documents.cases += ledger.cases.len() as u64;
    documents.contacts += ledger.calls.len() as u64;
}
