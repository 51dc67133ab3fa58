//! Deliveries, tracks and returns: goods on the move.

use onefold_event::{Body, Subject, v1};

use crate::EventTime;
use crate::amount::day_number;
use crate::party::cut;

/// Where a shipment is. The numbers are part of the stored form.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Open = 0,
    Delivered = 1,
    Failed = 2,
}

/// What a delivery's, track's or return's facts say.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Shipment {
    #[prost(uint32, tag = "1")]
    pub(crate) stage: u32,
    #[prost(bool, tag = "3")]
    pub(crate) damaged: bool,
    /// Day number promised by who handed it over.
    #[prost(sint64, optional, tag = "4")]
    pub(crate) promised: Option<i64>,
    /// Orders that its lines fulfil, in the order in which they are first named.
    #[prost(string, repeated, tag = "5")]
    pub(crate) orders: Vec<String>,
    #[prost(string, tag = "6")]
    pub(crate) carrier: String,
    #[prost(string, tag = "7")]
    pub(crate) number: String,
    /// Condition and reason of a return.
    #[prost(string, tag = "8")]
    pub(crate) note: String,
    /// Lines that name no order stand beside those that do.
    #[prost(bool, tag = "9")]
    pub(crate) loose: bool,
    #[prost(message, optional, tag = "15")]
    pub(crate) delivered_at: Option<EventTime>,
}

impl Shipment {
    pub(crate) fn apply(&mut self, body: &Body, at: EventTime) {
        match body {
            Body::GoodsIssued(m) => {
                self.items(&m.items);
                self.moves();
            }
            Body::Dispatched(m) => {
                self.items(&m.items);
                self.moves();
                self.promised = day_number(&m.promised_on).or(self.promised);
                set(&mut self.carrier, &m.carrier);
                set(&mut self.number, &m.tracking_number);
            }
            Body::Scanned(m) => {
                self.moves();
                set(&mut self.number, &m.tracking_number);
            }
            Body::Delivered(m) => {
                self.stage = Stage::Delivered as u32;
                self.delivered_at = Some(at);
                set(&mut self.number, &m.tracking_number);
            }
            Body::DeliveryFailed(m) => {
                self.stage = Stage::Failed as u32;
                self.delivered_at = None;
                set(&mut self.number, &m.tracking_number);
            }
            Body::Damaged(m) => {
                self.damaged = true;
                set(&mut self.number, &m.tracking_number);
            }
            Body::GoodsReturned(m) => {
                self.items(&m.items);
                let note = [m.condition.as_str(), m.reason.as_str()];
                let note: Vec<_> = note.into_iter().filter(|n| !n.is_empty()).collect();
                set(&mut self.note, cut(&note.join(": "), 120));
            }
            _ => {}
        }
    }

    pub(crate) fn stage(&self) -> Stage {
        match self.stage {
            1 => Stage::Delivered,
            2 => Stage::Failed,
            _ => Stage::Open,
        }
    }

    /// A scan after a failed attempt puts it on its way again; one after the delivery changes nothing.
    fn moves(&mut self) {
        if self.stage() == Stage::Failed {
            self.stage = Stage::Open as u32;
        }
    }

    fn items(&mut self, items: &[v1::Item]) {
        if items.is_empty() {
            return;
        }
        // The shipping system's items replace the warehouse's: they are of the same goods.
        let mut orders: Vec<String> = Vec::new();
        let mut loose = false;
        for item in items {
            let named = item.order.parse::<Subject>().is_ok();
            loose |= !named;
            if named && !orders.contains(&item.order) {
                orders.push(item.order.clone());
            }
        }
        if !orders.is_empty() {
            (self.orders, self.loose) = (orders, loose);
        }
    }
}

fn set(field: &mut String, text: &str) {
    if !text.is_empty() {
        text.clone_into(field);
    }
}
