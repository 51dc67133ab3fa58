//! What the hub counts, all at one position.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use onefold_customer::StatusRows;
use onefold_event::format_micros;
use onefold_log::EVENTS_TOPIC;
use onefold_store::QuarantineFilter;
use onefold_view::{MoneyMeasure, MoneyTotals};
use serde::Serialize;

use crate::{Service, ServiceError};

/// Everything in one page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HubStatus {
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
    /// Of these, records that contradict an event that stands: somebody has to say which is right.
    pub quarantined_conflicts: u64,
    /// Copies of events that contradict an earlier one.
    pub conflicts: u64,
    /// Events, changes of identity and marks that wait.
    pub lag: u64,
    /// Digest of all that views are made of.
    pub digest: String,
    /// Digest of ids.
    pub ids_digest: String,
    /// What somebody should look at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Trade, by currency.
    pub money: BTreeMap<String, CurrencySums>,
}

/// Sums in one currency: customers plus unattributed is everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CurrencySums {
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
    pub async fn status(&self) -> Result<HubStatus, ServiceError> {
        let rows = self.customers().status().await?;
        let heads = self.log.heads(EVENTS_TOPIC).await?;
        let events = heads.iter().sum();
        let behind: u64 = heads.iter().zip(&rows.counts.positions).map(|(head, at)| head.saturating_sub(*at)).sum();
        let quarantined = self.store.open().await?;
        let quarantined_conflicts = if quarantined > 0 { self.count_open("conflict").await? } else { 0 };
        let mut warnings = Vec::new();
        if heads.len() != rows.counts.positions.len()
            || heads.iter().zip(&rows.counts.positions).any(|(head, at)| head < at)
        {
            warnings.push(format!(
                "the views are of another log, or of more of it than there is (log {heads:?}, views {:?}): stop all processes, put \
                 the log back from a later copy, or have the views made again with `onefold rebuild --accept`",
                rows.counts.positions
            ));
        }
        warnings.extend(self.clock_warning(&heads).await?);
        Ok(HubStatus {
            events,
            subjects: rows.counts.subjects,
            parties: rows.counts.parties,
            customers: rows.counts.customers,
            full_customers: rows.counts.full_customers,
            documents: rows.counts.totals.documents,
            unattributed_documents: rows.unattributed.documents,
            quarantined,
            quarantined_conflicts,
            conflicts: rows.counts.conflicts,
            lag: behind + rows.counts.waiting,
            digest: rows.counts.digest.to_string(),
            ids_digest: rows.counts.ids_digest.to_string(),
            warnings,
            money: money(&rows),
        })
    }
}

impl Service {
    /// Open entries of quarantine with a problem, a page at a time.
    async fn count_open(&self, code: &str) -> Result<u64, ServiceError> {
        let filter = QuarantineFilter { code: Some(code.to_owned()), ..QuarantineFilter::default() };
        let (mut count, mut after) = (0, 0);
        loop {
            let page = self.store.list(&filter, after, ENTRIES).await?;
            count += page.len() as u64;
            match page.last().filter(|_| page.len() == ENTRIES) {
                Some(last) => after = last.number,
                None => return Ok(count),
            }
        }
    }
}

/// Entries of quarantine that are read at once.
const ENTRIES: usize = 500;

/// Further ahead of this machine's clock than clocks differ: five minutes, in microseconds.
const AHEAD: i64 = 5 * 60 * 1_000_000;

impl Service {
    /// Says so where the last events of the log were taken in later than it is now.
    async fn clock_warning(&self, heads: &[u64]) -> Result<Option<String>, ServiceError> {
        let last: Vec<(u32, u64)> = (0..).zip(heads).filter_map(|(p, head)| Some((p, head.checked_sub(1)?))).collect();
        let latest = self.log.fetch(EVENTS_TOPIC, &last).await?.into_iter().map(|stored| stored.record.time).max();
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
        Ok(latest.filter(|latest| *latest > now.saturating_add(AHEAD)).map(|latest| {
            format!(
                "the last events were taken in at {}, which is later than it is by this machine's clock: that clock is behind, or \
                 one that stamped them was ahead; what comes in is stamped by this clock",
                format_micros(latest)
            )
        }))
    }
}

fn money(rows: &StatusRows) -> BTreeMap<String, CurrencySums> {
    currency_sums(&rows.owned().money, &rows.unattributed.money)
}

/// Sums by currency of what customers hold, and of what nobody holds.
pub(crate) fn currency_sums(owned: &MoneyTotals, unattributed: &MoneyTotals) -> BTreeMap<String, CurrencySums> {
    let mut all = MoneyTotals::default();
    all.add(owned);
    all.add(unattributed);
    let currencies: BTreeSet<String> = all.currencies();
    let one = |currency: String| {
        let sums = CurrencySums {
            invoiced: all.amount(MoneyMeasure::Invoiced, &currency),
            credited: all.amount(MoneyMeasure::Credited, &currency),
            adjusted: all.amount(MoneyMeasure::Adjusted, &currency),
            net: all.net_amount(&currency),
            of_customers: owned.net_amount(&currency),
            unattributed: unattributed.net_amount(&currency),
        };
        (currency, sums)
    };
    currencies.into_iter().map(one).collect()
}
