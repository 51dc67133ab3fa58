//! The truth beside the files: who is one customer, and what the books say.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::books::{BranchBooks, CurrencyFigures, OwnerAccount};
use crate::customer::{CustomerKind, PartyRecord, SimulatedCustomer};
use crate::error::SimulateError;

#[derive(Serialize)]
struct TruthLine<'a> {
    kind: &'static str,
    name: &'a str,
    parties: Vec<String>,
    #[serde(flatten)]
    figures: OwnerFigures,
}

#[derive(Serialize)]
struct OwnerFigures {
    books: BTreeMap<&'static str, CurrencyFigures>,
    /// All of them; `cancelled` says how many no longer stand.
    orders: u64,
    cancelled: u64,
    invoices: u64,
    credit_notes: u64,
    adjustments: u64,
    cases: u64,
    contacts: u64,
}

impl From<&OwnerAccount> for OwnerFigures {
    fn from(account: &OwnerAccount) -> Self {
        Self {
            books: account.to_figures(),
            orders: account.orders,
            cancelled: account.cancelled,
            invoices: account.invoices,
            credit_notes: account.credit_notes,
            adjustments: account.adjustments,
            cases: account.cases,
            contacts: account.contacts,
        }
    }
}

/// How many documents of each kind there are, whoever owns them.
#[derive(Debug, Default, Serialize)]
pub(crate) struct DocumentCounts {
    pub(crate) orders: u64,
    pub(crate) invoices: u64,
    pub(crate) credit_notes: u64,
    pub(crate) adjustments: u64,
    pub(crate) payments: u64,
    pub(crate) refunds: u64,
    pub(crate) deliveries: u64,
    pub(crate) tracks: u64,
    pub(crate) returns: u64,
    pub(crate) cases: u64,
    pub(crate) contacts: u64,
}

#[derive(Serialize)]
struct TruthTotals<'a> {
    /// Clusters that the hub should find, the marketplace and the walk-in customer among them.
    customers: u64,
    /// Parties that sources have recorded.
    parties: u64,
    documents: &'a DocumentCounts,
    /// Everything, reckoned without asking whose it is.
    total: OwnerFigures,
    of_customers: OwnerFigures,
    unattributed: OwnerFigures,
}

/// `truth/customers.ndjson`, as it grows branch by branch.
pub(crate) struct TruthWriter {
    path: PathBuf,
    to: BufWriter<File>,
    of_customers: OwnerAccount,
    pub(crate) customers: u64,
    parties: u64,
}

impl TruthWriter {
    pub(crate) fn open(dir: &Path) -> Result<Self, SimulateError> {
        let path = dir.join("truth/customers.ndjson");
        let to = File::create(&path).map_err(SimulateError::write_error(&path))?;
        Ok(Self { path, to: BufWriter::new(to), of_customers: OwnerAccount::default(), customers: 0, parties: 0 })
    }

    fn write_line(&mut self, line: &TruthLine<'_>) -> Result<(), SimulateError> {
        self.customers += 1;
        self.parties += line.parties.len() as u64;
        serde_json::to_writer(&mut self.to, line)
            .map_err(std::io::Error::from)
            .and_then(|()| self.to.write_all(b"\n"))
            .map_err(SimulateError::write_error(&self.path))
    }

    pub(crate) fn write_customer(
        &mut self,
        customer: &SimulatedCustomer,
        account: &OwnerAccount,
    ) -> Result<(), SimulateError> {
        self.of_customers.add(account);
        let kind = match customer.kind {
            CustomerKind::Person => "person",
            CustomerKind::Organisation => "organisation",
        };
        let parties = customer.parties.iter().map(PartyRecord::subject).collect();
        self.write_line(&TruthLine { kind, name: &customer.name, parties, figures: account.into() })
    }

    /// A party that stands for others.
    pub(crate) fn write_house(
        &mut self,
        kind: &'static str,
        number: &str,
        account: &OwnerAccount,
    ) -> Result<(), SimulateError> {
        self.of_customers.add(account);
        let parties = vec![format!("party:erp:{number}")];
        self.write_line(&TruthLine { kind, name: "", parties, figures: account.into() })
    }

    pub(crate) fn write_totals(
        mut self,
        dir: &Path,
        books: &BranchBooks,
        documents: &DocumentCounts,
    ) -> Result<u64, SimulateError> {
        self.to.flush().map_err(SimulateError::write_error(&self.path))?;
        let totals = TruthTotals {
            customers: self.customers,
            parties: self.parties,
            documents,
            total: (&books.whole).into(),
            of_customers: (&self.of_customers).into(),
            unattributed: (&books.nobody).into(),
        };
        write_json(&dir.join("truth/totals.json"), &totals)?;
        Ok(self.customers)
    }
}

pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), SimulateError> {
    let mut text =
        serde_json::to_vec_pretty(value).map_err(std::io::Error::from).map_err(SimulateError::write_error(path))?;
    text.push(b'\n');
    std::fs::write(path, text).map_err(SimulateError::write_error(path))
}
