//! A whole company, branch by branch.

use std::path::Path;

use crate::books::{BranchBooks, OwnerAccount};
use crate::complaint;
use crate::customer::{PartyRecord, SimulatedCustomer};
use crate::documents::{BranchLedger, CustomerNumber, TrueOwner};
use crate::error::SimulateError;
use crate::export::ExportShelf;
use crate::numbers::NumberSeries;
use crate::people::{COMPLAINANT, COMPLAINANT_MIN, CustomerCensus, MERGED};
use crate::settings::{CompanySettings, SimulationSummary};
use crate::trading::{BranchRun, HouseNumbers};
use crate::truth::{self, DocumentCounts, TruthWriter};
use crate::{bank, carrier, desk, erp_goods, erp_master, erp_orders, erp_receivables, wms};

/// Writes a company's exports, and the truth about it, into a directory.
///
/// # Errors
///
/// When the settings describe no company, or the disk refuses.
pub fn simulate(dir: &Path, settings: &CompanySettings) -> Result<SimulationSummary, SimulateError> {
    if settings.customers == 0 || settings.branch == 0 {
        return Err(SimulateError::Settings("a company has at least one customer, and so has a branch"));
    }
    if settings.customers > 50_000_000 {
        return Err(SimulateError::Settings("identifiers are unique up to 50 million customers only"));
    }
    let mut numbers = NumberSeries::new();
    let house = HouseNumbers {
        marketplace: CustomerNumber { who: TrueOwner::Marketplace, number: numbers.erp_customer() },
        walk_in: CustomerNumber { who: TrueOwner::WalkIn, number: numbers.erp_customer() },
    };
    let mut shelf = ExportShelf::open(dir)?;
    let mut truth = TruthWriter::open(dir)?;
    let mut books = BranchBooks::default();
    let mut documents = DocumentCounts::default();
    erp_goods::write_goods(settings, &mut shelf)?;

    let mut first = 0;
    let mut branch = 1;
    while first < settings.customers {
        let end = settings.customers.min(first.saturating_add(settings.branch));
        let mut census = CustomerCensus { settings, numbers: &mut numbers };
        let customers: Vec<SimulatedCustomer> = (first..end).map(|index| census.next_customer(index)).collect();
        let ledger = run_branch(&customers, first, settings, &house, &mut numbers, dir, &mut shelf.summary)?;

        books.open_accounts(first, customers.len());
        books.post_ledger(&ledger);
        count_documents(&ledger, &mut documents);
        for customer in &customers {
            let nothing = OwnerAccount::default();
            let account = books.of_customer(customer.index).unwrap_or(&nothing);
            truth.write_customer(customer, account)?;
        }

        // Scans and calls before what they are about: the hub must not mind.
        carrier::write_carrier(&ledger, branch, settings, &mut numbers, &mut shelf)?;
        let newcomers = (first == 0).then_some(&house);
        erp_master::write_parties(&customers, newcomers, branch, settings, &mut numbers, &mut shelf)?;
        desk::write_desk(&customers, &ledger, branch, settings, &mut numbers, &mut shelf)?;
        wms::write_warehouse(&customers, &ledger, branch, settings, &mut numbers, &mut shelf)?;
        bank::write_payers(&customers, branch, settings, &mut numbers, &mut shelf)?;
        bank::write_statement(&ledger, branch, settings, &mut numbers, &mut shelf)?;
        erp_orders::write_orders(&ledger.orders, branch, settings, &mut numbers, &mut shelf)?;
        erp_receivables::write_invoices(&ledger, branch, settings, &mut numbers, &mut shelf)?;
        erp_receivables::write_notes(&ledger, branch, settings, &mut numbers, &mut shelf)?;
        first = end;
        branch += 1;
    }
    truth.write_house("marketplace", &house.marketplace.number, &books.marketplace)?;
    truth.write_house("walk_in", &house.walk_in.number, &OwnerAccount::default())?;
    shelf.summary.customers = truth.write_totals(dir, &books, &documents)?;
    shelf.close()
}

/// All that a branch's customers do.
fn run_branch(
    customers: &[SimulatedCustomer],
    first: u32,
    settings: &CompanySettings,
    house: &HouseNumbers,
    numbers: &mut NumberSeries,
    dir: &Path,
    summary: &mut SimulationSummary,
) -> Result<BranchLedger, SimulateError> {
    let mut branch = BranchRun::new(settings, house, numbers);
    for customer in customers {
        if customer.index == COMPLAINANT && settings.customers >= COMPLAINANT_MIN {
            let told = complaint::play_complaint(&mut branch, customer);
            truth::write_json(&dir.join("truth/complaint.json"), &told)?;
            summary.complaint = told.parties.first().cloned();
        } else {
            branch.live_years(customer);
        }
        if customer.index == MERGED {
            summary.merged = customer.parties.last().map(PartyRecord::subject);
        }
    }
    Ok(branch.close_branch(first, customers.len()))
}

fn count_documents(ledger: &BranchLedger, documents: &mut DocumentCounts) {
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
