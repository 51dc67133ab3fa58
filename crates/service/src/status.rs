//! What the hub counts, all at one position.

use std::collections::{BTreeMap, BTreeSet};

use onefold_store::StatusRows;
use onefold_view::{Measure, Purse};
use serde::Serialize;

use crate::{EVENTS, Service, ServiceError};

/// Everything in one page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Events in the log.
    pub events: u64,
    /// Subjects with at least one event.
    pub subjects: u64,
    /// Parties recorded or named.
    pub parties: u64,
    /// Customers.
    pub customers: u64,
    /// Those of them that have so many parties that values join nobody to them any more: for a person to look at.
    pub full_customers: u64,
    /// Documents.
    pub documents: i64,
    /// Documents that no customer holds, or of which a part is nobody's: those that are listed without a customer.
    pub unattributed_documents: i64,
    /// Open entries in quarantine.
    pub quarantined: u64,
    /// Copies of events that contradict an earlier one.
    pub conflicts: u64,
    /// Events, changes of identity and marks that wait.
    pub lag: u64,
    /// Digest of all that views are made of.
    pub digest: String,
    /// Digest of ids.
    pub ids_digest: String,
    /// Trade, by currency.
    pub money: BTreeMap<String, Money>,
}

/// Sums in one currency: customers plus unattributed is everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Money {
    /// Invoices.
    pub invoiced: String,
    /// Credit notes.
    pub credited: String,
    /// Adjustments, signed.
    pub adjusted: String,
    /// Invoiced less credited and adjusted.
    pub net: String,
    /// Of `net`, what customers hold.
    pub of_customers: String,
    /// Of `net`, what nobody holds.
    pub unattributed: String,
}

impl Service {
    /// Counts and sums over everything.
    ///
    /// # Errors
    /// The read model or the log cannot be read.
    pub async fn status(&self) -> Result<Status, ServiceError> {
        let rows = self.store.status().await?;
        let heads = self.log.heads(EVENTS).await?;
        let events = heads.iter().sum();
        let behind: u64 = heads.iter().zip(&rows.positions).map(|(head, at)| head.saturating_sub(*at)).sum();
        let quarantined = self.store.open().await?;
        Ok(Status {
            events,
            subjects: rows.subjects,
            parties: rows.parties,
            customers: rows.customers,
            full_customers: rows.full_customers,
            documents: rows.owned.documents + rows.unattributed.documents,
            unattributed_documents: rows.unattributed.documents,
            quarantined,
            conflicts: rows.conflicts,
            lag: behind + rows.waiting,
            digest: rows.digest.to_string(),
            ids_digest: rows.ids_digest.to_string(),
            money: money(&rows),
        })
    }
}

fn money(rows: &StatusRows) -> BTreeMap<String, Money> {
    let (owned, unattributed) = (&rows.owned.money, &rows.unattributed.money);
    let mut all = Purse::default();
    all.add(owned);
    all.add(unattributed);
    let currencies: BTreeSet<String> = all.currencies();
    let one = |currency: String| {
        let sums = Money {
            invoiced: all.amount(Measure::Invoiced, &currency),
            credited: all.amount(Measure::Credited, &currency),
            adjusted: all.amount(Measure::Adjusted, &currency),
            net: all.net(&currency),
            of_customers: owned.net(&currency),
            unattributed: unattributed.net(&currency),
        };
        (currency, sums)
    };
    currencies.into_iter().map(one).collect()
}
