//! Payments, refunds and adjustments: money that moves.

use onefold_event::{Body, v1};

use crate::amount::Money;

/// A part of a payment for an invoice, in the payment's currency.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Allocated {
    #[prost(string, tag = "1")]
    pub(crate) invoice: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) amount: Option<Money>,
}

/// What a payment's, refund's or adjustment's facts say.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Payment {
    #[prost(message, optional, tag = "1")]
    pub(crate) amount: Option<Money>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) allocations: Vec<Allocated>,
    /// Taken back as a whole: it stays on the timeline, without money.
    #[prost(bool, tag = "3")]
    pub(crate) reversed: bool,
    #[prost(string, tag = "4")]
    pub(crate) method: String,
}

impl Payment {
    pub(crate) fn apply(&mut self, body: &Body) {
        match body {
            Body::PaymentReceived(m) => {
                self.amount = Money::of(m.amount.as_ref());
                self.method.clone_from(&m.method);
                let currency = self.amount.map_or(0, |a| a.currency);
                self.allocations = m.allocations.iter().map(|a| allocated(a, currency)).collect();
            }
            Body::PaymentReversed(_) => self.reversed = true,
            Body::RefundPaid(m) => self.amount = Money::of(m.amount.as_ref()),
            Body::AdjustmentPosted(m) => self.amount = Money::of(m.amount.as_ref()),
            _ => {}
        }
    }
}

fn allocated(allocation: &v1::Allocation, currency: u32) -> Allocated {
    let amount = Money::number(&allocation.amount).map(|amount| Money { currency, ..amount });
    Allocated { invoice: allocation.invoice.clone(), amount }
}
