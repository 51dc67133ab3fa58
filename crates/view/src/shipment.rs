//! Deliveries, tracks and returns: goods on the move.

use onefold_event::{Body, Subject, v1};

use crate::amount::day_number;
use crate::party::value::truncate_text;
use crate::{EventTime, Fragment};

/// Where a shipment is. The numbers are part of the stored form.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShipmentStage {
    Open = 0,
    Delivered = 1,
    Failed = 2,
}

/// What a delivery's, track's or return's facts say.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ShipmentFragment {
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
    /// Day number on which its carrier last thought to arrive.
    #[prost(sint64, optional, tag = "10")]
    pub(crate) expected: Option<i64>,
    #[prost(message, optional, tag = "15")]
    pub(crate) delivered_at: Option<EventTime>,
}

impl ShipmentFragment {
    pub(crate) fn apply(&mut self, body: &Body, at: EventTime) {
        match body {
            Body::GoodsIssued(m) => {
                self.add_items(&m.items);
                self.resume_transit();
            }
            Body::Dispatched(m) => {
                self.add_items(&m.items);
                self.resume_transit();
                self.promised = day_number(&m.promised_on).or(self.promised);
                set_text(&mut self.carrier, &m.carrier);
                set_text(&mut self.number, &m.tracking_number);
            }
            Body::Scanned(m) => {
                self.resume_transit();
                // A scan that says nothing of it leaves the last expectation: carriers repeat it at few of their stops.
                self.expected = day_number(&m.expected_on).or(self.expected);
                set_text(&mut self.number, &m.tracking_number);
            }
            Body::Delivered(m) => {
                self.stage = ShipmentStage::Delivered as u32;
                self.delivered_at = Some(at);
                set_text(&mut self.number, &m.tracking_number);
            }
            Body::DeliveryFailed(m) => {
                self.stage = ShipmentStage::Failed as u32;
                self.delivered_at = None;
                set_text(&mut self.number, &m.tracking_number);
            }
            Body::Damaged(m) => {
                self.damaged = true;
                set_text(&mut self.number, &m.tracking_number);
            }
            Body::GoodsReturned(m) => {
                self.add_items(&m.items);
                let note = [m.condition.as_str(), m.reason.as_str()];
                let note: Vec<_> = note.into_iter().filter(|n| !n.is_empty()).collect();
                set_text(&mut self.note, truncate_text(&note.join(": "), 120));
            }
            _ => {}
        }
    }

    pub(crate) fn shipment_stage(&self) -> ShipmentStage {
        match self.stage {
            1 => ShipmentStage::Delivered,
            2 => ShipmentStage::Failed,
            _ => ShipmentStage::Open,
        }
    }

    /// A scan after a failed attempt puts it on its way again; one after the delivery changes nothing.
    fn resume_transit(&mut self) {
        if self.shipment_stage() == ShipmentStage::Failed {
            self.stage = ShipmentStage::Open as u32;
        }
    }

    fn add_items(&mut self, items: &[v1::Item]) {
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

impl Fragment {
    /// When a parcel or delivery that stands arrived, as its own facts say.
    pub fn delivered_at(&self) -> Option<EventTime> {
        let shipment = self.shipment.as_ref().filter(|_| self.is_standing())?;
        shipment.delivered_at.filter(|_| shipment.shipment_stage() == ShipmentStage::Delivered)
    }
}

fn set_text(field: &mut String, text: &str) {
    if !text.is_empty() {
        text.clone_into(field);
    }
}
