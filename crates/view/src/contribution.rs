//! What one subject adds to one owner's bundle.

use onefold_event::Micros;

use crate::EventTime;
use crate::amount::Money;
use crate::finding::FindingList;
use crate::money_totals::MoneyTotals;
use crate::profile::PartyProfile;
use crate::tally::PurchaseTallies;
use crate::top::DatedRow;

/// What is counted. The numbers are places in the stored form: only ever appended to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum BundleCounter {
    Documents,
    Rows,
    Orders,
    Invoices,
    Lines,
    Purchases,
    Dated,
    ProductLines,
    CategoryLines,
    Payments,
    OpenInvoices,
    PaidInvoices,
    DaysToPay,
    CreditNotes,
    OrdersCancelled,
    Adjustments,
    Refunds,
    PaymentsReversed,
    Returns,
    ShipmentsOpen,
    Delivered,
    Failed,
    Damaged,
    DeliveredPromised,
    OnTime,
    Cases,
    CasesOpen,
    CasesResolved,
    CasesClosed,
    Reopened,
    ActionsPending,
    Contacts,
    ContactsIn,
    ContactsOut,
    ByPhone,
    ByEmail,
    ByChat,
    ByVisit,
    SettledInvoices,
    InvoicesInCredit,
    DisputedInvoices,
    DocumentsWithFindings,
}

/// Counts by [`BundleCounter`]; places at the end that hold nothing are left out.
pub(crate) fn add_count(counts: &mut Vec<i64>, counter: BundleCounter, by: i64) {
    let at = counter as usize;
    if counts.capacity() == 0 {
        counts.reserve(16);
    }
    if counts.len() <= at {
        counts.resize(at + 1, 0);
    }
    if let Some(n) = counts.get_mut(at) {
        *n = n.wrapping_add(by);
    }
    trim_zeros(counts);
}

pub(crate) fn add_counts(counts: &mut Vec<i64>, other: &[i64], sign: i64) {
    if counts.len() < other.len() {
        counts.resize(other.len(), 0);
    }
    counts.iter_mut().zip(other).for_each(|(n, by)| *n = n.wrapping_add(by.wrapping_mul(sign)));
    trim_zeros(counts);
}

pub(crate) fn count_of(counts: &[i64], counter: BundleCounter) -> i64 {
    counts.get(counter as usize).copied().unwrap_or(0)
}

fn trim_zeros(counts: &mut Vec<i64>) {
    while counts.last() == Some(&0) {
        counts.pop();
    }
}

/// How a document stands, as its row on the timeline says. The numbers are part of the stored form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum DocumentStatus {
    Stands = 0,
    Cancelled = 1,
    Reversed = 2,
    Open = 3,
    Delivered = 4,
    Failed = 5,
    Resolved = 6,
    Closed = 7,
    Amended = 8,
    Settled = 9,
    InCredit = 10,
    Void = 11,
    Advance = 12,
}

impl DocumentStatus {
    pub(crate) fn status_word(number: u32) -> &'static str {
        match number {
            1 => "cancelled",
            2 => "reversed",
            3 => "open",
            4 => "delivered",
            5 => "failed",
            6 => "resolved",
            7 => "closed",
            8 => "amended",
            9 => "settled",
            10 => "in_credit",
            11 => "void",
            12 => "advance",
            _ => "",
        }
    }
}

/// A document on a timeline.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TimelineRow {
    #[prost(string, tag = "2")]
    pub(crate) subject: String,
    #[prost(uint32, tag = "3")]
    pub(crate) status: u32,
    /// None on a reference: the document's money is another's, or the whole set's.
    #[prost(message, optional, tag = "4")]
    pub(crate) amount: Option<Money>,
    #[prost(bool, tag = "5")]
    pub(crate) reference: bool,
    /// What it is about, in a few words.
    #[prost(string, tag = "6")]
    pub(crate) label: String,
    #[prost(message, required, tag = "15")]
    pub(crate) at: EventTime,
}

impl TimelineRow {
    /// When its document came to be.
    pub fn at(&self) -> Micros {
        self.at.at
    }

    /// The document.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// How its document stands, in the word that the view says; empty where it just stands.
    pub fn status(&self) -> &'static str {
        DocumentStatus::status_word(self.status)
    }

    /// Whether only the document's name stands here, without its money.
    pub fn is_reference(&self) -> bool {
        self.reference
    }
}

/// An action that a department still owes.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct PendingAction {
    #[prost(string, tag = "1")]
    pub(crate) action: String,
    #[prost(string, tag = "2")]
    pub(crate) department: String,
    #[prost(string, tag = "3")]
    pub(crate) what: String,
    #[prost(sint64, optional, tag = "4")]
    pub(crate) due: Option<i64>,
}

/// A case that is open.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct OpenCase {
    #[prost(string, tag = "2")]
    pub(crate) subject: String,
    #[prost(string, tag = "3")]
    pub(crate) title: String,
    #[prost(string, tag = "4")]
    pub(crate) words: String,
    #[prost(string, tag = "5")]
    pub(crate) with: String,
    #[prost(string, tag = "6")]
    pub(crate) category: String,
    #[prost(string, tag = "7")]
    pub(crate) severity: String,
    #[prost(string, tag = "8")]
    pub(crate) product: String,
    /// The first few; the bundle counts all.
    #[prost(message, repeated, tag = "9")]
    pub(crate) pending: Vec<PendingAction>,
    #[prost(uint32, tag = "10")]
    pub(crate) reopened: u32,
    #[prost(message, required, tag = "15")]
    pub(crate) opened_at: EventTime,
}

impl DatedRow for TimelineRow {
    fn sort_key(&self) -> (i64, &str) {
        (self.at.at, &self.subject)
    }
}

impl DatedRow for OpenCase {
    fn sort_key(&self) -> (i64, &str) {
        (self.opened_at.at, &self.subject)
    }
}

/// Ratings out of one best score.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct RatingSum {
    #[prost(uint32, tag = "1")]
    pub(crate) of: u32,
    #[prost(sint64, tag = "2")]
    pub(crate) n: i64,
    #[prost(sint64, tag = "3")]
    pub(crate) sum: i64,
}

/// An invoice with something left to pay, for the index of open items.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, prost::Message)]
pub struct OpenItem {
    /// Owner key in the receivable facet.
    #[prost(string, tag = "1")]
    pub owner: String,
    /// Day number on which it falls due; [`OpenItem::NEVER`] where no due date was given.
    #[prost(sint64, tag = "2")]
    pub due: i64,
    /// The invoice.
    #[prost(string, tag = "3")]
    pub invoice: String,
    /// ISO 4217.
    #[prost(string, tag = "4")]
    pub currency: String,
    /// What is left to pay, a decimal; negative where more was given than owed.
    #[prost(string, tag = "5")]
    pub open: String,
    /// What of it is disputed, a decimal; empty where nothing is.
    #[prost(string, tag = "6")]
    pub disputed: String,
}

impl OpenItem {
    /// Stands for no due date: such an item is never overdue.
    pub const NEVER: i64 = i64::MAX;

    /// What is left to pay; none where too much was paid, of which nothing is owed or overdue.
    pub(crate) fn amount_owed(&self) -> Option<Money> {
        Money::parse_number(&self.open).filter(|open| open.units() > 0)
    }

    /// Whether something is left to pay.
    pub fn is_owed(&self) -> bool {
        self.amount_owed().is_some()
    }
}

/// What one subject adds to one owner's bundle.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Contribution {
    #[prost(sint64, repeated, tag = "1")]
    pub(crate) counts: Vec<i64>,
    #[prost(message, optional, tag = "2")]
    pub(crate) money: Option<MoneyTotals>,
    #[prost(message, optional, tag = "4")]
    pub(crate) row: Option<TimelineRow>,
    #[prost(message, optional, boxed, tag = "5")]
    pub(crate) tallies: Option<Box<PurchaseTallies>>,
    #[prost(message, optional, boxed, tag = "6")]
    pub(crate) open: Option<Box<OpenItem>>,
    /// Day number promised for a shipment that has not arrived.
    #[prost(sint64, optional, tag = "7")]
    pub(crate) promised: Option<i64>,
    #[prost(message, optional, boxed, tag = "8")]
    pub(crate) case: Option<Box<OpenCase>>,
    #[prost(message, optional, boxed, tag = "9")]
    pub(crate) contact: Option<Box<TimelineRow>>,
    #[prost(message, optional, tag = "10")]
    pub(crate) rating: Option<RatingSum>,
    #[prost(message, optional, boxed, tag = "11")]
    pub(crate) profile: Option<Box<PartyProfile>>,
    #[prost(message, optional, boxed, tag = "12")]
    pub(crate) findings: Option<Box<FindingList>>,
    /// When an order or invoice was made.
    #[prost(message, optional, tag = "15")]
    pub(crate) dated: Option<EventTime>,
}

impl Contribution {
    /// Its row on the owner's timeline.
    pub fn timeline_row(&self) -> Option<&TimelineRow> {
        self.row.as_ref()
    }

    /// Its money.
    pub fn money_totals(&self) -> MoneyTotals {
        self.money.clone().unwrap_or_default()
    }

    /// Whether the document counts here: once, under its main facet's owner, or the owners of its parts together.
    pub fn document_count(&self) -> i64 {
        count_of(&self.counts, BundleCounter::Documents)
    }

    /// Shipments of it that have neither arrived nor failed: one, or none.
    pub fn open_shipments(&self) -> i64 {
        count_of(&self.counts, BundleCounter::ShipmentsOpen)
    }

    /// Shipments of it that were tried, failed, and have not arrived since: one, or none.
    pub fn failed_shipments(&self) -> i64 {
        count_of(&self.counts, BundleCounter::Failed)
    }

    /// The day number promised for a shipment that has not arrived.
    pub fn promised_day(&self) -> Option<i64> {
        self.promised
    }

    /// Purchases among it: orders that stand, and invoices that name none.
    pub fn purchase_count(&self) -> i64 {
        count_of(&self.counts, BundleCounter::Purchases)
    }

    /// What it tallies of products and categories.
    pub fn tallies(&self) -> Option<&PurchaseTallies> {
        self.tallies.as_deref()
    }

    /// Open items of the owner: the invoice, while something of it is open.
    pub fn open_items(&self) -> Vec<OpenItem> {
        self.open.as_deref().into_iter().cloned().collect()
    }

    pub(crate) fn add_count(&mut self, counter: BundleCounter, by: i64) {
        add_count(&mut self.counts, counter, by);
    }

    pub(crate) fn add_money(&mut self, measure: crate::MoneyMeasure, money: &Money) {
        self.money.get_or_insert_default().add_money(measure as u32, money);
    }
}
