//! Payments, refunds and adjustments: money that moves.

use onefold_event::{Body, v1};

use crate::amount::Money;

/// A part of a payment or a credit note for an invoice. Between subjects it goes without the invoice's name, whom it is said to.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AllocatedAmount {
    #[prost(string, tag = "1")]
    pub(crate) invoice: String,
    /// In the currency of the payment or credit note.
    #[prost(message, optional, tag = "2")]
    pub(crate) amount: Option<Money>,
    /// In the invoice's currency, where that is said.
    #[prost(message, optional, tag = "3")]
    pub(crate) settled: Option<Money>,
    /// In the invoice's currency; it bears none itself.
    #[prost(message, repeated, tag = "4")]
    pub(crate) deductions: Vec<AmountDeduction>,
}

/// What a payer took off beside what it paid.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct AmountDeduction {
    #[prost(message, optional, tag = "1")]
    pub(crate) amount: Option<Money>,
    /// Number of the reason in the catalogue.
    #[prost(int32, tag = "2")]
    pub(crate) reason: i32,
}

impl AllocatedAmount {
    /// All of an amount.
    pub(crate) fn whole_amount(amount: Money) -> Self {
        Self { amount: Some(amount), ..Self::default() }
    }

    pub(crate) fn from_allocation(allocation: &v1::Allocation, currency: u32) -> Self {
        let amount = Money::parse_number(&allocation.amount).map(|amount| Money { currency, ..amount });
        let deducted = |d: &v1::Deduction| AmountDeduction { amount: Money::parse_number(&d.amount), reason: d.reason };
        Self {
            invoice: allocation.invoice.clone(),
            amount,
            settled: Money::from_message(allocation.settled.as_ref()),
            deductions: allocation.deductions.iter().map(deducted).collect(),
        }
    }

    /// What it settles of an invoice in its currency, deductions left aside; none where it does not say so (rule E5).
    pub(crate) fn settled_amount(&self, currency: u32) -> Option<Money> {
        self.settled.or(self.amount).filter(|money| money.currency == currency)
    }

    /// Deductions that it brings, in the invoice's currency.
    pub(crate) fn deductions_in(&self, currency: u32) -> impl Iterator<Item = (i32, Money)> {
        let of = move |d: &AmountDeduction| d.amount.map(|amount| (d.reason, Money { currency, ..amount }));
        self.deductions.iter().filter_map(of)
    }
}

/// What a payment's, refund's or adjustment's facts say.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct PaymentFragment {
    #[prost(message, optional, tag = "1")]
    pub(crate) amount: Option<Money>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) allocations: Vec<AllocatedAmount>,
    #[prost(string, tag = "4")]
    pub(crate) method: String,
    /// Receipts of a payment that stood already.
    #[prost(uint32, tag = "5")]
    pub(crate) repeated: u32,
}

impl PaymentFragment {
    /// Takes in a fact; `stood` says whether the document stood before it.
    pub(crate) fn apply(&mut self, body: &Body, stood: bool) {
        match body {
            Body::PaymentReceived(m) => {
                let was_received = stood && self.amount.is_some();
                self.repeated = self.repeated.saturating_add(u32::from(was_received));
                self.amount = Money::from_message(m.amount.as_ref());
                self.method.clone_from(&m.method);
                let currency = self.amount.map_or(0, |a| a.currency);
                self.allocations =
                    m.allocations.iter().map(|a| AllocatedAmount::from_allocation(a, currency)).collect();
            }
            Body::RefundPaid(m) => self.amount = Money::from_message(m.amount.as_ref()),
            Body::AdjustmentPosted(m) => self.amount = Money::from_message(m.amount.as_ref()),
            _ => {}
        }
    }
}
