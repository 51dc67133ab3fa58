//! How goods get to the door, and what goes wrong on the way.

use crate::customer::SimulatedCustomer;
use crate::dice::SeededDice;
use crate::documents::{CarrierScan, GoodsDelivery, GoodsReturn, SalesOrder, ScanKind};
use crate::moment::LocalTime;
use crate::names::CITIES;
use crate::numbers::NumberSeries;

pub(crate) const PLACES: [&str; 2] = ["SY1", "SH2"];

/// Ships an order of this customer, as far as it has got by `today`.
pub(crate) fn ship_order(
    order: &SalesOrder,
    customer: Option<&SimulatedCustomer>,
    consignee: Option<String>,
    today: LocalTime,
    numbers: &mut NumberSeries,
    dice: &mut SeededDice,
) -> GoodsDelivery {
    let western = customer.is_some_and(|customer| customer.western);
    let carrier = if western { "dhl" } else { *dice.pick(&["sf", "sf", "yto"]) };
    let city = customer.map_or(0, |customer| customer.city);
    let reserved = order.at.plus_days(1).at_time(8, dice.between(0, 59), dice.between(0, 59));
    let issued = reserved.plus_minutes(dice.between(60, 600));
    let dispatched = issued.at_time(18, dice.between(0, 50), dice.between(0, 59));
    let promised = dispatched.plus_days(4);
    let mut delivery = GoodsDelivery {
        number: numbers.delivery(),
        order: order.number.clone(),
        place: dice.pick_constant(&PLACES),
        consignee,
        items: order.standing_lines().iter().map(|line| (line.good, line.quantity)).collect(),
        reserved,
        issued,
        carrier,
        waybill: numbers.next_waybill(carrier),
        dispatched,
        promised,
        scans: Vec::new(),
    };
    scan_journey(&mut delivery, city, western, customer, today, dice);
    delivery
}

fn scan_journey(
    delivery: &mut GoodsDelivery,
    city: usize,
    western: bool,
    customer: Option<&SimulatedCustomer>,
    today: LocalTime,
    dice: &mut SeededDice,
) {
    let there = if western { "Frankfurt am Main" } else { CITIES[city].0 };
    let scan = |at, what, city, text| CarrierScan { at, what, city, text, signed_by: None };
    let mut at = delivery.dispatched.plus_minutes(dice.between(60, 300));
    let mut scans = vec![scan(at, ScanKind::Moved, "沈阳", "已揽收")];
    at = at.plus_minutes(dice.between(400, 2_000));
    scans.push(scan(at, ScanKind::Moved, there, "到达派送网点"));
    if dice.chance(20) {
        at = at.plus_minutes(dice.between(30, 300));
        scans.push(scan(at, ScanKind::Damaged, there, "外包装破损"));
    }
    if dice.chance(50) {
        at = at.plus_days(1).at_time(11, dice.between(0, 59), dice.between(0, 59));
        scans.push(scan(at, ScanKind::Failed, there, "收件人不在"));
    }
    // One in a hundred never arrives: nobody will ever say so.
    if !dice.chance(10) {
        at = at.plus_days(dice.between(1, 3)).at_time(dice.between(9, 19), dice.between(0, 59), dice.between(0, 59));
        let mut last = scan(at, ScanKind::Delivered, there, "已签收");
        last.signed_by = customer.filter(|_| dice.chance(700)).map(|customer| customer.name.clone());
        scans.push(last);
    }
    scans.retain(|scan| scan.at < today);
    delivery.scans = scans;
}

/// When the goods were handed over, if they were.
pub(crate) fn delivered_at(delivery: &GoodsDelivery) -> Option<LocalTime> {
    let last = delivery.scans.iter().rev().find(|scan| scan.what == ScanKind::Delivered);
    last.map(|scan| scan.at)
}

/// Sends one line of a delivery back.
pub(crate) fn send_back(
    delivery: &GoodsDelivery,
    at: LocalTime,
    numbers: &mut NumberSeries,
    dice: &mut SeededDice,
) -> Option<GoodsReturn> {
    let (good, quantity) = *delivery.items.first()?;
    let (condition, reason) =
        *dice.pick(&[("完好", "客户改变主意"), ("已拆封", "颜色不符"), ("破损", "运输途中破损"), ("完好", "发错货")]);
    Some(GoodsReturn {
        number: numbers.goods_return(),
        at,
        order: delivery.order.clone(),
        delivery: delivery.number.clone(),
        place: delivery.place,
        condition,
        reason,
        item: (good, dice.between(1, quantity)),
    })
}
