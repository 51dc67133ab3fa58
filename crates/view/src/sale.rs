//! Orders, invoices and credit notes: what was bought, and for how much.

use std::collections::BTreeMap;

use onefold_event::{Body, v1};

use crate::amount::{Money, day_number};
use crate::party::value::truncate_text;
use crate::payment::AllocatedAmount;
use crate::tally::PurchaseTallies;

/// What an order's, invoice's or credit note's facts say.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct SaleFragment {
    /// As placed or issued, or as amended; none while only a cancellation is known.
    #[prost(message, optional, tag = "1")]
    pub(crate) total: Option<Money>,
    #[prost(bool, tag = "2")]
    pub(crate) cancelled: bool,
    /// An amendment beats the placing, whatever their times say.
    #[prost(bool, tag = "3")]
    pub(crate) amended: bool,
    #[prost(uint32, tag = "4")]
    pub(crate) lines: u32,
    /// Day number on which an invoice falls due.
    #[prost(sint64, optional, tag = "5")]
    pub(crate) due: Option<i64>,
    /// Day number promised for an order.
    #[prost(sint64, optional, tag = "6")]
    pub(crate) promised: Option<i64>,
    #[prost(message, optional, tag = "7")]
    pub(crate) tallies: Option<PurchaseTallies>,
    #[prost(string, tag = "8")]
    pub(crate) channel: String,
    #[prost(message, optional, tag = "9")]
    pub(crate) tax: Option<Money>,
    /// Where a credit note says which invoices it lowers.
    #[prost(message, repeated, tag = "10")]
    pub(crate) allocations: Vec<AllocatedAmount>,
    /// Disputes about an invoice, by their number.
    #[prost(btree_map = "string, message", tag = "11")]
    pub(crate) disputes: BTreeMap<String, SaleDispute>,
}

/// What a customer disputes of an invoice.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct SaleDispute {
    /// All that is open where it is not said.
    #[prost(message, optional, tag = "1")]
    pub(crate) amount: Option<Money>,
    #[prost(bool, tag = "2")]
    pub(crate) opened: bool,
    #[prost(bool, tag = "3")]
    pub(crate) closed: bool,
    #[prost(string, tag = "4")]
    pub(crate) reason: String,
}

impl SaleDispute {
    /// Whether it was opened and not closed since.
    pub(crate) fn is_open(&self) -> bool {
        self.opened && !self.closed
    }
}

impl SaleFragment {
    pub(crate) fn apply(&mut self, body: &Body) {
        match body {
            Body::OrderPlaced(m) => {
                self.channel.clone_from(&m.channel);
                self.fill_totals(m.total.as_ref(), m.tax.as_ref(), &m.lines, !self.amended);
                self.set_promised_day(&m.promised_on, !self.amended);
            }
            Body::OrderAmended(m) => {
                self.amended = true;
                self.fill_totals(m.total.as_ref(), m.tax.as_ref(), &m.lines, true);
                self.set_promised_day(&m.promised_on, true);
            }
            Body::OrderCancelled(_) => self.cancelled = true,
            Body::InvoiceIssued(m) => {
                self.fill_totals(m.total.as_ref(), m.tax.as_ref(), &m.lines, true);
                self.due = day_number(&m.due_on);
            }
            Body::CreditNoteIssued(m) => {
                self.fill_totals(m.total.as_ref(), m.tax.as_ref(), &m.lines, true);
                let currency = self.total.map_or(0, |total| total.currency);
                self.allocations =
                    m.allocations.iter().map(|a| AllocatedAmount::from_allocation(a, currency)).collect();
            }
            Body::DisputeOpened(m) => {
                let amount = Money::from_message(m.amount.as_ref());
                let reason = truncate_text(&m.reason, 60).to_owned();
                self.disputes.insert(m.number.clone(), SaleDispute { amount, opened: true, closed: false, reason });
            }
            Body::DisputeClosed(m) => self.disputes.entry(m.number.clone()).or_default().closed = true,
            _ => {}
        }
    }

    /// What is given replaces what was said; where it may not, it only fills what is missing.
    fn fill_totals(&mut self, total: Option<&v1::Money>, tax: Option<&v1::Money>, lines: &[v1::Line], replace: bool) {
        if let Some(total) = Money::from_message(total).filter(|_| replace || self.total.is_none()) {
            self.total = Some(total);
        }
        if let Some(tax) = Money::from_message(tax).filter(|_| replace || self.tax.is_none()) {
            self.tax = Some(tax);
        }
        if !lines.is_empty() && (replace || self.lines == 0) {
            self.lines = u32::try_from(lines.len()).unwrap_or(u32::MAX);
            let tallies = PurchaseTallies::from_lines(lines, self.total.map_or(0, |t| t.currency));
            self.tallies = (!tallies.is_empty()).then_some(tallies);
        }
    }

    fn set_promised_day(&mut self, day: &str, replace: bool) {
        if let Some(day) = day_number(day).filter(|_| replace || self.promised.is_none()) {
            self.promised = Some(day);
        }
    }
}
