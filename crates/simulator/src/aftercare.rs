//! What customers tell the service desk, and what the desk does about it.

use crate::customer::{SimulatedCustomer, SourceSystem};
use crate::dice::SeededDice;
use crate::documents::{CallerIdentity, CaseStep, SalesOrder, ServiceCall, ServiceCase, TrueOwner};
use crate::moment::LocalTime;
use crate::numbers::NumberSeries;

pub(crate) const AGENTS: [&str; 5] = ["赵敏", "钱进", "孙悦", "李想", "周舟"];

/// A case, and the calls that belong to it.
#[derive(Default)]
pub(crate) struct CaseHistory {
    pub(crate) cases: Vec<ServiceCase>,
    pub(crate) calls: Vec<ServiceCall>,
}

/// How this customer makes itself known, and whether that says who it is.
fn choose_caller(customer: &SimulatedCustomer, dice: &mut SeededDice) -> (CallerIdentity, TrueOwner) {
    let me = TrueOwner::Customer(customer.index);
    let contact = customer.parties_in(SourceSystem::Desk).next();
    match (contact, dice.chance(350)) {
        (Some(party), false) => (CallerIdentity::Contact(party.number.clone()), me),
        _ if customer.phone_known() && dice.chance(700) => by_phone(customer),
        _ => (CallerIdentity::ErpNumber(customer.erp_number().to_owned()), me),
    }
}

/// A number on the display, and nothing else: two who share it could both be calling.
fn by_phone(customer: &SimulatedCustomer) -> (CallerIdentity, TrueOwner) {
    let owner = if customer.phone_shared { TrueOwner::Nobody } else { TrueOwner::Customer(customer.index) };
    (CallerIdentity::Phone(customer.phone.clone()), owner)
}

struct CustomerGrievance {
    category: &'static str,
    severity: &'static str,
    title: &'static str,
    words: &'static str,
    department: &'static str,
    what: &'static str,
    result: &'static str,
}

const GRIEVANCES: [CustomerGrievance; 4] = [
    CustomerGrievance {
        category: "破损",
        severity: "高",
        title: "收到时已破损",
        words: "打开包装发现边角碎了，要求处理。",
        department: "warehouse",
        what: "核对出库照片",
        result: "出库时完好",
    },
    CustomerGrievance {
        category: "少件",
        severity: "普通",
        title: "数量不对",
        words: "少了一件，请核实。",
        department: "warehouse",
        what: "盘点并补发",
        result: "已补发",
    },
    CustomerGrievance {
        category: "延误",
        severity: "普通",
        title: "迟迟未到",
        words: "比承诺的日期晚了好几天。",
        department: "shipping",
        what: "联系承运商",
        result: "承运商致歉",
    },
    CustomerGrievance {
        category: "发票",
        severity: "低",
        title: "发票抬头有误",
        words: "请重新开具发票。",
        department: "finance",
        what: "重开发票",
        result: "已重开",
    },
];

/// A grievance about a delivered order, told as far as it has got by `today`.
pub(crate) fn open_case(
    customer: &SimulatedCustomer,
    order: &SalesOrder,
    delivered: LocalTime,
    today: LocalTime,
    numbers: &mut NumberSeries,
    dice: &mut SeededDice,
) -> CaseHistory {
    let at =
        delivered.plus_days(dice.between(0, 6)).at_time(dice.between(9, 17), dice.between(0, 59), dice.between(0, 59));
    if at >= today {
        return CaseHistory::default();
    }
    let (caller, known) = choose_caller(customer, dice);
    let about = dice.chance(850);
    // Whoever calls from a shared phone about an order is known by the order.
    let owner = if about && known == TrueOwner::Nobody { order.roles.trade_owner() } else { known };
    let grievance = dice.pick(&GRIEVANCES);
    let number = numbers.case();
    let agent = *dice.pick(&AGENTS);
    let action = format!("{number}-A1");
    let mut steps = vec![(at, CaseStep::Opened { with: agent })];
    let mut clock = at;
    let mut then = |minutes: i64, step: CaseStep| {
        clock = clock.plus_minutes(minutes);
        steps.push((clock, step));
        clock
    };
    if dice.chance(500) {
        then(dice.between(5, 90), CaseStep::Noted { by: agent, words: "客户情绪平稳，已记录。" });
    }
    then(
        dice.between(10, 200),
        CaseStep::Requested { action: action.clone(), department: grievance.department, what: grievance.what },
    );
    if !dice.chance(80) {
        then(dice.between(100, 4_000), CaseStep::Completed { action, result: grievance.result, order: None });
        then(dice.between(10, 600), CaseStep::Resolved("按客户要求处理"));
        if dice.chance(80) {
            then(dice.between(500, 3_000), CaseStep::Reopened("客户反馈问题未解决"));
            then(dice.between(500, 3_000), CaseStep::Resolved("再次处理完毕"));
        }
        if dice.chance(850) {
            then(dice.between(30, 3_000), CaseStep::Closed("客户确认"));
            if dice.chance(600) {
                let (score, words) = *dice.pick(&[(5, "很满意"), (4, "不错"), (3, ""), (2, "太慢"), (1, "不会再买")]);
                then(dice.between(60, 3_000), CaseStep::Rated { score, words });
            }
        }
    }
    steps.retain(|(at, _)| *at < today);
    let mut told = CaseHistory::default();
    if dice.chance(600) {
        told.calls.push(ServiceCall {
            number: numbers.call(),
            at: at.plus_minutes(-4),
            caller: caller.clone(),
            owner,
            case: Some(number.clone()),
            inward: true,
            channel: "phone",
            with: agent,
            topic: grievance.title,
            words: grievance.words,
        });
    }
    told.cases.push(ServiceCase {
        number,
        caller,
        owner,
        order: about.then(|| order.number.clone()),
        good: order.standing_lines().first().map(|line| line.good),
        category: grievance.category,
        severity: grievance.severity,
        channel: "phone",
        title: grievance.title,
        words: grievance.words,
        steps,
    });
    told
}

/// Somebody asks something; nothing comes of it.
pub(crate) fn make_enquiry(
    customer: &SimulatedCustomer,
    at: LocalTime,
    numbers: &mut NumberSeries,
    dice: &mut SeededDice,
) -> ServiceCall {
    let by_number = customer.phone_known() && dice.chance(600);
    let (caller, owner) = if by_number { by_phone(customer) } else { choose_caller(customer, dice) };
    let (topic, words) = *dice.pick(&[
        ("物流查询", "问什么时候到货。"),
        ("价格咨询", "问大批量有没有优惠。"),
        ("开票", "问发票什么时候寄出。"),
    ]);
    ServiceCall {
        number: numbers.call(),
        at: at.at_time(dice.between(9, 17), dice.between(0, 59), dice.between(0, 59)),
        caller,
        owner,
        case: None,
        inward: true,
        channel: dice.pick_constant(&["phone", "chat", "email"]),
        with: dice.pick_constant(&AGENTS),
        topic,
        words,
    }
}
