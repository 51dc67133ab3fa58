//! One complaint told in full. A customer of five years and 27 orders reports a leaking
//! package: stock is looked up, finance releases a free replacement, the warehouse issues
//! it, the carrier delivers it, and the desk calls back after three days and closes the case.

use crate::customer::{SimulatedCustomer, SourceSystem};
use crate::dice::SeededDice;
use crate::documents::{
    CallerIdentity, CarrierScan, CaseStep, DocumentRoles, GoodsDelivery, OrderLine, PaymentAllocation, SalesInvoice,
    SalesOrder, ScanKind, ServiceCall, ServiceCase, StockCount, TrueOwner,
};
use crate::goods::{GOODS, LEAKING};
use crate::moment::LocalTime;
use crate::money::TradingCurrency;
use crate::payments::{self, StatementPayer};
use crate::shipping;
use crate::trading::{BranchRun, fill_basket, own_number};

/// Where to look for the complaint.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct ComplaintTrace {
    pub(crate) name: String,
    pub(crate) parties: Vec<String>,
    pub(crate) case: String,
    /// The order whose package leaked, and its delivery and track.
    pub(crate) order: String,
    pub(crate) delivery: String,
    pub(crate) track: String,
    /// What was sent in its stead.
    pub(crate) replacement: String,
    pub(crate) replacement_delivery: String,
    pub(crate) replacement_track: String,
    pub(crate) call: String,
    pub(crate) call_back: String,
    /// The stock that was looked up.
    pub(crate) stock: String,
    /// Orders before the replacement.
    pub(crate) orders: usize,
}

const ORDERS: usize = 27;
const AGENT: &str = "周舟";

/// Lives the complainant's five years, and tells the complaint.
pub(crate) fn play_complaint(branch: &mut BranchRun<'_>, customer: &SimulatedCustomer) -> ComplaintTrace {
    let mut dice = SeededDice::new(branch.settings.seed, "complaint", 0);
    for nth in 1..ORDERS as i64 {
        // Evenly over the years: the last before the story is two months old.
        let at = customer.since.plus_days(nth * 65).at_time(10, dice.between(0, 59), dice.between(0, 59));
        let lines = fill_basket(TradingCurrency::Cny, 5, &mut dice);
        let order = place_order(branch, customer, at, "web", lines, &mut dice);
        let delivery = shipping::ship_order(
            &order,
            Some(customer),
            consignee_name(customer),
            branch.today,
            branch.numbers,
            &mut dice,
        );
        bill_and_pay(branch, customer, &order, delivery.issued, &mut dice);
        branch.ledger.deliveries.push(delivery);
        branch.ledger.orders.push(order);
    }

    let leaking = OrderLine { good: LEAKING, quantity: 2, unit_price: GOODS[LEAKING].price, discount: 0 };
    let bought = branch.today.plus_days(-26).at_time(11, 20, 5);
    let first = place_order(branch, customer, bought, "web", vec![leaking], &mut dice);
    let sent = make_delivery(branch, customer, &first, bought.plus_days(1).at_time(9, 0, 0), 3);
    bill_and_pay(branch, customer, &first, sent.issued, &mut dice);

    let opened = branch.today.plus_days(-21).at_time(9, 12, 0);
    let stock = (sent.place, format!("stock:wms:{}/{}", sent.place, GOODS[LEAKING].number));
    branch.ledger.counts.push(StockCount {
        at: opened.plus_minutes(25),
        place: stock.0,
        good: LEAKING,
        quantity: 184,
        case: None,
    });
    let freed = opened.plus_minutes(113);
    let free =
        OrderLine { good: LEAKING, quantity: 1, unit_price: GOODS[LEAKING].price, discount: GOODS[LEAKING].price };
    let second = place_order(branch, customer, freed, "phone", vec![free], &mut dice);
    let again = make_delivery(branch, customer, &second, freed.plus_minutes(30), 2);
    let arrived = shipping::delivered_at(&again).unwrap_or(again.dispatched);
    let called_back = arrived.plus_days(3).at_time(10, 5, 0);

    let number = branch.numbers.case();
    if let Some(count) = branch.ledger.counts.last_mut() {
        count.case = Some(number.clone());
    }
    let contact = customer.parties_in(SourceSystem::Desk).next();
    let caller = contact.map_or_else(
        || CallerIdentity::ErpNumber(customer.erp_number().to_owned()),
        |party| CallerIdentity::Contact(party.number.clone()),
    );
    let (look, release, issue) = (format!("{number}-A1"), format!("{number}-A2"), format!("{number}-A3"));
    let ask = |action: &str, department, what| CaseStep::Requested { action: action.to_owned(), department, what };
    let done =
        |action: &str, result, order: Option<String>| CaseStep::Completed { action: action.to_owned(), result, order };
    let steps = vec![
        (opened, CaseStep::Opened { with: AGENT }),
        (
            opened.plus_minutes(6),
            CaseStep::Noted {
                by: AGENT, words: "客户发来照片：桶盖开裂，漆已漏出。五年老客户。"
            },
        ),
        (opened.plus_minutes(10), ask(&look, "warehouse", "查水性木器漆 5L 的库存")),
        (opened.plus_minutes(25), done(&look, "库存 184 桶", None)),
        (opened.plus_minutes(40), ask(&release, "finance", "放行一桶免费补发")),
        (freed.plus_minutes(2), done(&release, "已放行，金额为零", Some(second.number.clone()))),
        (freed.plus_minutes(5), ask(&issue, "warehouse", "当日发出补发件")),
        (again.dispatched, done(&issue, "已交承运商", Some(second.number.clone()))),
        (called_back.plus_minutes(8), CaseStep::Resolved("免费补发一桶，客户已收到，完好")),
        (called_back.plus_minutes(10), CaseStep::Closed("回访后关闭")),
        (called_back.plus_days(1), CaseStep::Rated { score: 5, words: "处理得很快，谢谢！" }),
    ];
    let me = TrueOwner::Customer(customer.index);
    let complaint = ComplaintTrace {
        name: customer.name.clone(),
        parties: customer.parties.iter().map(crate::customer::PartyRecord::subject).collect(),
        case: format!("case:desk:{number}"),
        order: format!("order:erp:{}", first.number),
        delivery: format!("delivery:wms:{}", sent.number),
        track: format!("track:{}:{}", sent.carrier, sent.waybill),
        replacement: format!("order:erp:{}", second.number),
        replacement_delivery: format!("delivery:wms:{}", again.number),
        replacement_track: format!("track:{}:{}", again.carrier, again.waybill),
        call: String::new(),
        call_back: String::new(),
        stock: stock.1,
        orders: ORDERS,
    };
    let call = |number: String, at: LocalTime, caller: CallerIdentity, inward: bool, topic, words| ServiceCall {
        number,
        at,
        caller,
        owner: me,
        case: Some(complaint.case.rsplit(':').next().unwrap_or_default().to_owned()),
        inward,
        channel: "phone",
        with: AGENT,
        topic,
        words,
    };
    // The first call is known by its number alone; the desk's contact comes up as the case is opened.
    let came_in = call(
        branch.numbers.call(),
        opened.plus_minutes(-3),
        CallerIdentity::Phone(customer.phone.clone()),
        true,
        "包装漏液",
        "收到的水性木器漆漏了。",
    );
    let went_out = call(branch.numbers.call(), called_back, caller.clone(), false, "回访", "补发件完好，客户满意。");
    let complaint = ComplaintTrace {
        call: format!("contact:desk:{}", came_in.number),
        call_back: format!("contact:desk:{}", went_out.number),
        ..complaint
    };
    branch.ledger.calls.extend([came_in, went_out]);
    branch.ledger.cases.push(ServiceCase {
        number,
        caller,
        owner: me,
        order: Some(first.number.clone()),
        good: Some(LEAKING),
        category: "破损",
        severity: "高",
        channel: "phone",
        title: "包装漏液",
        words: "昨天收到的两桶水性木器漆，有一桶漏了，纸箱都湿透了。",
        steps,
    });
    branch.ledger.deliveries.extend([sent, again]);
    branch.ledger.orders.extend([first, second]);
    complaint
}

fn consignee_name(customer: &SimulatedCustomer) -> Option<String> {
    customer.parties_in(SourceSystem::Wms).next().map(|party| party.number.clone())
}

fn place_order(
    branch: &mut BranchRun<'_>,
    customer: &SimulatedCustomer,
    at: LocalTime,
    channel: &'static str,
    lines: Vec<OrderLine>,
    dice: &mut SeededDice,
) -> SalesOrder {
    SalesOrder {
        number: branch.numbers.order(),
        at,
        roles: DocumentRoles::buyer(own_number(customer, dice)),
        currency: TradingCurrency::Cny,
        channel,
        lines,
        misentered: None,
        amended: None,
        cancelled: None,
    }
}

/// Billed when shipped, and paid in full within the month: a good customer.
fn bill_and_pay(
    branch: &mut BranchRun<'_>,
    customer: &SimulatedCustomer,
    order: &SalesOrder,
    issued: LocalTime,
    dice: &mut SeededDice,
) {
    let invoice = SalesInvoice {
        number: branch.numbers.invoice(),
        at: issued.at_time(20, 0, 0),
        due_in: 30,
        order: order.number.clone(),
        roles: order.roles.clone(),
        currency: order.currency,
        lines: order.lines.clone(),
        misfiled: None,
        draft: false,
    };
    let amount = invoice.total();
    let parts = vec![PaymentAllocation { invoice: branch.ledger.invoices.len(), amount }];
    let at = issued.plus_days(dice.between(3, 15)).at_time(0, 0, 0);
    branch.ledger.invoices.push(invoice);
    if at < branch.today {
        let purse = StatementPayer::payer_of(customer, own_number(customer, dice));
        let mut payment = payments::make_payment(&purse, order.currency, amount, vec![parts], at, branch.numbers, dice);
        payment.reversed = None;
        branch.ledger.payments.push(payment);
    }
}

/// A delivery to the hour: the story is to be told the same way each time.
fn make_delivery(
    branch: &mut BranchRun<'_>,
    customer: &SimulatedCustomer,
    order: &SalesOrder,
    reserved: LocalTime,
    days: i64,
) -> GoodsDelivery {
    let dispatched = reserved.at_time(17, 40, 0);
    let scan = |at, what, city, text| CarrierScan { at, what, city, text, signed_by: None };
    let arrived = dispatched.plus_days(days).at_time(10, 30, 0);
    let mut last = scan(arrived, ScanKind::Delivered, "沈阳", "已签收");
    last.signed_by = Some(customer.name.clone());
    GoodsDelivery {
        number: branch.numbers.delivery(),
        order: order.number.clone(),
        place: shipping::PLACES[0],
        consignee: consignee_name(customer),
        items: order.lines.iter().map(|line| (line.good, line.quantity)).collect(),
        reserved,
        issued: reserved.plus_minutes(95),
        carrier: "sf",
        waybill: branch.numbers.next_waybill("sf"),
        dispatched,
        promised: dispatched.plus_days(4),
        scans: vec![
            scan(dispatched.plus_minutes(90), ScanKind::Moved, "沈阳", "已揽收"),
            scan(arrived.plus_minutes(-150), ScanKind::Moved, "沈阳", "派送中"),
            last,
        ],
    }
}
