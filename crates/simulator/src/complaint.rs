//! One complaint told in full. A customer of five years and 27 orders reports a leaking
//! package: stock is looked up, finance releases a free replacement, the warehouse issues
//! it, the carrier delivers it, and the desk calls back after three days and closes the case.

use crate::customer::{Customer, System};
use crate::dice::Dice;
use crate::documents::{
    Allocation, Call, Caller, Case, Delivery, Invoice, Line, Order, Roles, Scan, ScanKind, Step, StockCount, Who,
};
use crate::goods::{GOODS, LEAKING};
use crate::moment::Moment;
use crate::money::Currency;
use crate::payments::{self, Purse};
use crate::shipping;
use crate::trading::{Branch, basket, own};

/// Where to look for the complaint.
#[derive(Debug, Clone, serde::Serialize)]
pub(crate) struct Complaint {
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
pub(crate) fn tell(branch: &mut Branch<'_>, customer: &Customer) -> Complaint {
    let mut dice = Dice::new(branch.settings.seed, "complaint", 0);
    for nth in 1..ORDERS as i64 {
        // Evenly over the years: the last before the story is two months old.
        let at = customer.since.plus_days(nth * 65).at(10, dice.between(0, 59), dice.between(0, 59));
        let lines = basket(Currency::Cny, 5, &mut dice);
        let order = order(branch, customer, at, "web", lines, &mut dice);
        let delivery =
            shipping::ship(&order, Some(customer), consignee(customer), branch.today, branch.numbers, &mut dice);
        paid(branch, customer, &order, delivery.issued, &mut dice);
        branch.ledger.deliveries.push(delivery);
        branch.ledger.orders.push(order);
    }

    let leaking = Line { good: LEAKING, quantity: 2, unit_price: GOODS[LEAKING].price, discount: 0 };
    let bought = branch.today.plus_days(-26).at(11, 20, 5);
    let first = order(branch, customer, bought, "web", vec![leaking], &mut dice);
    let sent = delivery(branch, customer, &first, bought.plus_days(1).at(9, 0, 0), 3);
    paid(branch, customer, &first, sent.issued, &mut dice);

    let opened = branch.today.plus_days(-21).at(9, 12, 0);
    let stock = (sent.place, format!("stock:wms:{}/{}", sent.place, GOODS[LEAKING].number));
    branch.ledger.counts.push(StockCount {
        at: opened.plus_minutes(25),
        place: stock.0,
        good: LEAKING,
        quantity: 184,
        case: None,
    });
    let freed = opened.plus_minutes(113);
    let free = Line { good: LEAKING, quantity: 1, unit_price: GOODS[LEAKING].price, discount: GOODS[LEAKING].price };
    let second = order(branch, customer, freed, "phone", vec![free], &mut dice);
    let again = delivery(branch, customer, &second, freed.plus_minutes(30), 2);
    let arrived = shipping::delivered(&again).unwrap_or(again.dispatched);
    let called_back = arrived.plus_days(3).at(10, 5, 0);

    let number = branch.numbers.case();
    if let Some(count) = branch.ledger.counts.last_mut() {
        count.case = Some(number.clone());
    }
    let contact = customer.parties_in(System::Desk).next();
    let caller = contact.map_or_else(
        || Caller::ErpNumber(customer.erp_number().to_owned()),
        |party| Caller::Contact(party.number.clone()),
    );
    let (look, release, issue) = (format!("{number}-A1"), format!("{number}-A2"), format!("{number}-A3"));
    let ask = |action: &str, department, what| Step::Requested { action: action.to_owned(), department, what };
    let done =
        |action: &str, result, order: Option<String>| Step::Completed { action: action.to_owned(), result, order };
    let steps = vec![
        (opened, Step::Opened { with: AGENT }),
        (opened.plus_minutes(6), Step::Noted { by: AGENT, words: "客户发来照片：桶盖开裂，漆已漏出。五年老客户。" }),
        (opened.plus_minutes(10), ask(&look, "warehouse", "查水性木器漆 5L 的库存")),
        (opened.plus_minutes(25), done(&look, "库存 184 桶", None)),
        (opened.plus_minutes(40), ask(&release, "finance", "放行一桶免费补发")),
        (freed.plus_minutes(2), done(&release, "已放行，金额为零", Some(second.number.clone()))),
        (freed.plus_minutes(5), ask(&issue, "warehouse", "当日发出补发件")),
        (again.dispatched, done(&issue, "已交承运商", Some(second.number.clone()))),
        (called_back.plus_minutes(8), Step::Resolved("免费补发一桶，客户已收到，完好")),
        (called_back.plus_minutes(10), Step::Closed("回访后关闭")),
        (called_back.plus_days(1), Step::Rated { score: 5, words: "处理得很快，谢谢！" }),
    ];
    let me = Who::Customer(customer.index);
    let complaint = Complaint {
        name: customer.name.clone(),
        parties: customer.parties.iter().map(crate::customer::Party::subject).collect(),
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
    let call = |number: String, at: Moment, caller: Caller, inward: bool, topic, words| Call {
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
        Caller::Phone(customer.phone.clone()),
        true,
        "包装漏液",
        "收到的水性木器漆漏了。",
    );
    let went_out = call(branch.numbers.call(), called_back, caller.clone(), false, "回访", "补发件完好，客户满意。");
    let complaint = Complaint {
        call: format!("contact:desk:{}", came_in.number),
        call_back: format!("contact:desk:{}", went_out.number),
        ..complaint
    };
    branch.ledger.calls.extend([came_in, went_out]);
    branch.ledger.cases.push(Case {
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

fn consignee(customer: &Customer) -> Option<String> {
    customer.parties_in(System::Wms).next().map(|party| party.number.clone())
}

fn order(
    branch: &mut Branch<'_>,
    customer: &Customer,
    at: Moment,
    channel: &'static str,
    lines: Vec<Line>,
    dice: &mut Dice,
) -> Order {
    Order {
        number: branch.numbers.order(),
        at,
        roles: Roles::buyer(own(customer, dice)),
        currency: Currency::Cny,
        channel,
        lines,
        misentered: None,
        amended: None,
        cancelled: None,
    }
}

/// Billed when shipped, and paid in full within the month: a good customer.
fn paid(branch: &mut Branch<'_>, customer: &Customer, order: &Order, issued: Moment, dice: &mut Dice) {
    let invoice = Invoice {
        number: branch.numbers.invoice(),
        at: issued.at(20, 0, 0),
        due_in: 30,
        order: order.number.clone(),
        roles: order.roles.clone(),
        currency: order.currency,
        lines: order.lines.clone(),
        misfiled: None,
        draft: false,
    };
    let amount = invoice.total();
    let parts = vec![Allocation { invoice: branch.ledger.invoices.len(), amount }];
    let at = issued.plus_days(dice.between(3, 15)).at(0, 0, 0);
    branch.ledger.invoices.push(invoice);
    if at < branch.today {
        let purse = Purse::of(customer, own(customer, dice));
        let mut payment = payments::payment(&purse, order.currency, amount, vec![parts], at, branch.numbers, dice);
        payment.reversed = None;
        branch.ledger.payments.push(payment);
    }
}

/// A delivery to the hour: the story is to be told the same way each time.
fn delivery(branch: &mut Branch<'_>, customer: &Customer, order: &Order, reserved: Moment, days: i64) -> Delivery {
    let dispatched = reserved.at(17, 40, 0);
    let scan = |at, what, city, text| Scan { at, what, city, text, signed_by: None };
    let arrived = dispatched.plus_days(days).at(10, 30, 0);
    let mut last = scan(arrived, ScanKind::Delivered, "沈阳", "已签收");
    last.signed_by = Some(customer.name.clone());
    Delivery {
        number: branch.numbers.delivery(),
        order: order.number.clone(),
        place: shipping::PLACES[0],
        consignee: consignee(customer),
        items: order.lines.iter().map(|line| (line.good, line.quantity)).collect(),
        reserved,
        issued: reserved.plus_minutes(95),
        carrier: "sf",
        waybill: branch.numbers.waybill("sf"),
        dispatched,
        promised: dispatched.plus_days(4),
        scans: vec![
            scan(dispatched.plus_minutes(90), ScanKind::Moved, "沈阳", "已揽收"),
            scan(arrived.plus_minutes(-150), ScanKind::Moved, "沈阳", "派送中"),
            last,
        ],
    }
}
