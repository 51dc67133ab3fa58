//! The truth beside the files: who is one customer, and what the books say.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::books::{Account, Books, Written};
use crate::customer::{Customer, Kind, Party};
use crate::error::SimulateError;

#[derive(Serialize)]
struct Line<'a> {
    kind: &'static str,
    name: &'a str,
    parties: Vec<String>,
    #[serde(flatten)]
    figures: Figures,
}

#[derive(Serialize)]
struct Figures {
    books: BTreeMap<&'static str, Written>,
    /// All of them; `cancelled` says how many no longer stand.
    orders: u64,
    cancelled: u64,
    invoices: u64,
    credit_notes: u64,
    adjustments: u64,
    cases: u64,
    contacts: u64,
}

impl From<&Account> for Figures {
    fn from(account: &Account) -> Self {
        Self {
            books: account.written(),
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
pub(crate) struct Documents {
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
struct Totals<'a> {
    /// Clusters that the hub should find, the marketplace and the walk-in customer among them.
    customers: u64,
    /// Parties that sources have recorded.
    parties: u64,
    documents: &'a Documents,
    /// Everything, reckoned without asking whose it is.
    total: Figures,
    of_customers: Figures,
    unattributed: Figures,
}

/// `truth/customers.ndjson`, as it grows branch by branch.
pub(crate) struct Truth {
    path: PathBuf,
    to: BufWriter<File>,
    of_customers: Account,
    pub(crate) customers: u64,
    parties: u64,
}

impl Truth {
    pub(crate) fn open(dir: &Path) -> Result<Self, SimulateError> {
        let path = dir.join("truth/customers.ndjson");
        let to = File::create(&path).map_err(SimulateError::write(&path))?;
        Ok(Self { path, to: BufWriter::new(to), of_customers: Account::default(), customers: 0, parties: 0 })
    }

    fn line(&mut self, line: &Line<'_>) -> Result<(), SimulateError> {
        self.customers += 1;
        self.parties += line.parties.len() as u64;
        serde_json::to_writer(&mut self.to, line)
            .map_err(std::io::Error::from)
            .and_then(|()| self.to.write_all(b"\n"))
            .map_err(SimulateError::write(&self.path))
    }

    pub(crate) fn customer(&mut self, customer: &Customer, account: &Account) -> Result<(), SimulateError> {
        self.of_customers.add(account);
        let kind = match customer.kind {
            Kind::Person => "person",
            Kind::Organisation => "organisation",
        };
        let parties = customer.parties.iter().map(Party::subject).collect();
        self.line(&Line { kind, name: &customer.name, parties, figures: account.into() })
    }

    /// A party that stands for others.
    pub(crate) fn house(&mut self, kind: &'static str, number: &str, account: &Account) -> Result<(), SimulateError> {
        self.of_customers.add(account);
        let parties = vec![format!("party:erp:{number}")];
        self.line(&Line { kind, name: "", parties, figures: account.into() })
    }

    pub(crate) fn close(mut self, dir: &Path, books: &Books, documents: &Documents) -> Result<u64, SimulateError> {
        self.to.flush().map_err(SimulateError::write(&self.path))?;
        let totals = Totals {
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
        serde_json::to_vec_pretty(value).map_err(std::io::Error::from).map_err(SimulateError::write(path))?;
    text.push(b'\n');
    std::fs::write(path, text).map_err(SimulateError::write(path))
}
