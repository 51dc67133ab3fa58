//! The ERP's orders: one row per line, an order's changes and its cancellation as rows of their own.

use crate::corrupt::{self, Breakage, Damage, Table};
use crate::dice::Dice;
use crate::documents::{Handle, Line, Order};
use crate::error::SimulateError;
use crate::export::{Exports, Shelf};
use crate::goods::GOODS;
use crate::moment::Moment;
use crate::money::{Currency, comma_grouped};
use crate::numbers::Numbers;
use crate::settings::Settings;

const TABLE: Table = Table {
    headings: &[
        "订单编号",
        "变更序号",
        "单据类型",
        "单据时间",
        "客户编号",
        "付款方编号",
        "债务人编号",
        "最终客户编号",
        "渠道",
        "币种",
        "存货编码",
        "存货名称",
        "存货分类",
        "数量",
        "单位",
        "含税单价",
        "折扣额",
        "金额",
        "原因",
        "最后修改时间",
    ],
    delimiter: ',',
    charset: encoding_rs::GBK,
    number: "订单编号",
};

const BREAKAGES: [Breakage<Damage>; 8] = [
    Breakage { damage: Damage::Text("金额", "1250,00"), reason: "a number in another locale" },
    Breakage { damage: Damage::Everywhere("单据时间", "2025/2/30 9:00:00"), reason: "no such date" },
    Breakage { damage: Damage::Everywhere("币种", "比特币"), reason: "unknown word" },
    Breakage { damage: Damage::Disagree("客户编号", "K99999"), reason: "the rows of one document disagree" },
    Breakage { damage: Damage::Everywhere("单据类型", "样品出库"), reason: "unknown word" },
    Breakage { damage: Damage::Bytes("存货名称", b"\xff\xfe\xff"), reason: "bytes that are not GB18030" },
    Breakage { damage: Damage::Text("数量", "三"), reason: "not a number" },
    Breakage { damage: Damage::Cut, reason: "a row ends too early" },
];

pub(crate) fn number(handle: &Option<Handle>) -> String {
    handle.as_ref().map(|handle| handle.number.clone()).unwrap_or_default()
}

/// Two words for the renminbi are in use.
pub(crate) fn currency(currency: Currency, document: &str) -> String {
    let short = document.ends_with(['3', '7']);
    match currency {
        Currency::Cny if short => "RMB",
        Currency::Cny => "人民币",
        Currency::Eur => "欧元",
        Currency::Usd => "美元",
    }
    .to_owned()
}

fn channel(channel: &str) -> &'static str {
    match channel {
        "web" => "网店",
        "phone" => "电话",
        "marketplace" => "平台",
        _ => "门店",
    }
}

fn rows(
    order: &Order,
    sequence: &str,
    kind: &str,
    at: Moment,
    lines: &[Line],
    reason: &str,
    modified: Moment,
) -> Vec<Vec<String>> {
    let roles = &order.roles;
    lines
        .iter()
        .map(|line| {
            let good = &GOODS[line.good];
            vec![
                order.number.clone(),
                sequence.to_owned(),
                kind.to_owned(),
                at.slashed_time(),
                number(&roles.buyer),
                number(&roles.bill_to),
                number(&roles.debtor),
                number(&roles.end_customer),
                channel(order.channel).to_owned(),
                currency(order.currency, &order.number),
                good.number.to_owned(),
                good.name.to_owned(),
                good.category.to_owned(),
                line.quantity.to_string(),
                good.unit.to_owned(),
                comma_grouped(line.unit_price),
                comma_grouped(line.discount),
                comma_grouped(line.amount()),
                reason.to_owned(),
                modified.slashed_time(),
            ]
        })
        .collect()
}

/// A cancellation has no lines: one row, its amounts blank.
fn cancellation(order: &Order, at: Moment) -> Vec<Vec<String>> {
    let mut cells = vec![String::new(); TABLE.headings.len()];
    for (column, text) in [
        (0, order.number.clone()),
        (1, "9".to_owned()),
        (2, "订单取消".to_owned()),
        (3, at.slashed_time()),
        (4, number(&order.roles.buyer)),
        (18, "客户取消".to_owned()),
        (19, at.slashed_time()),
    ] {
        cells[column] = text;
    }
    vec![cells]
}

pub(crate) fn write(
    orders: &[Order],
    branch: u32,
    settings: &Settings,
    numbers: &mut Numbers,
    shelf: &mut Shelf,
) -> Result<(), SimulateError> {
    let mut dice = Dice::new(settings.seed, "erp-orders", branch.into());
    let mut exports = Exports::new("erp-orders", "erp/orders", branch, TABLE.heading());
    for order in orders {
        let placed =
            |lines: &[Line], modified: Moment| TABLE.rows(&rows(order, "0", "销售订单", order.at, lines, "", modified));
        match &order.misentered {
            Some(wrong) => {
                let corrected = order.at.plus_minutes(dice.between(30, 600));
                let (old, new) = (placed(wrong, order.at), placed(&order.lines, corrected));
                exports.push_revised((order.at, old), (corrected, new), &mut dice);
            }
            None => exports.push(order.at, placed(&order.lines, order.at), &mut dice),
        }
        if let Some((at, lines)) = &order.amended {
            let changed = rows(order, "1", "订单变更", *at, lines, "客户要求变更", *at);
            exports.push(*at, TABLE.rows(&changed), &mut dice);
        }
        if let Some(at) = order.cancelled {
            exports.push(at, TABLE.rows(&cancellation(order, at)), &mut dice);
        }
    }
    let long: Vec<&Order> = orders.iter().filter(|order| order.lines.len() > 1).collect();
    for nth in 0..corrupt::how_many(settings, exports.main.len()) {
        if long.is_empty() {
            break;
        }
        let order = dice.pick(&long);
        let breakage = &BREAKAGES[(nth + branch as usize) % BREAKAGES.len()];
        let sound = rows(order, "0", "销售订单", order.at, &order.lines, "", order.at);
        let broken = TABLE.broken(sound, &numbers.broken(), breakage.damage, &mut dice);
        exports.main.push_broken(order.at, broken, breakage.reason);
    }
    shelf.put(exports, &mut dice)
}
