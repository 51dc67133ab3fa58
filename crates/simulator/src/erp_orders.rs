//! The ERP's orders: one row per line, an order's changes and its cancellation as rows of their own.

use crate::corrupt::{self, DamageKind, RecordDamage, TableShape};
use crate::dice::SeededDice;
use crate::documents::{CustomerNumber, OrderLine, SalesOrder};
use crate::error::SimulateError;
use crate::export::{BranchExports, ExportShelf};
use crate::goods::GOODS;
use crate::moment::LocalTime;
use crate::money::{TradingCurrency, comma_grouped};
use crate::numbers::NumberSeries;
use crate::settings::CompanySettings;

const TABLE: TableShape = TableShape {
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

const BREAKAGES: [DamageKind<RecordDamage>; 8] = [
    DamageKind { damage: RecordDamage::Text("金额", "1250,00"), reason: "a number in another locale" },
    DamageKind { damage: RecordDamage::Everywhere("单据时间", "2025/2/30 9:00:00"), reason: "no such date" },
    DamageKind { damage: RecordDamage::Everywhere("币种", "比特币"), reason: "unknown word" },
    DamageKind {
        damage: RecordDamage::Disagree("客户编号", "K99999"), reason: "the rows of one document disagree"
    },
    DamageKind { damage: RecordDamage::Everywhere("单据类型", "样品出库"), reason: "unknown word" },
    DamageKind { damage: RecordDamage::Bytes("存货名称", b"\xff\xfe\xff"), reason: "bytes that are not GB18030" },
    DamageKind { damage: RecordDamage::Text("数量", "三"), reason: "not a number" },
    DamageKind { damage: RecordDamage::Cut, reason: "a row ends too early" },
];

pub(crate) fn number_text(handle: &Option<CustomerNumber>) -> String {
    handle.as_ref().map(|handle| handle.number.clone()).unwrap_or_default()
}

/// Two words for the renminbi are in use.
pub(crate) fn currency_word(currency: TradingCurrency, document: &str) -> String {
    let short = document.ends_with(['3', '7']);
    match currency {
        TradingCurrency::Cny if short => "RMB",
        TradingCurrency::Cny => "人民币",
        TradingCurrency::Eur => "欧元",
        TradingCurrency::Usd => "美元",
    }
    .to_owned()
}

fn channel_word(channel: &str) -> &'static str {
    match channel {
        "web" => "网店",
        "phone" => "电话",
        "marketplace" => "平台",
        _ => "门店",
    }
}

fn order_rows(
    order: &SalesOrder,
    sequence: &str,
    kind: &str,
    at: LocalTime,
    lines: &[OrderLine],
    reason: &str,
    modified: LocalTime,
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
                number_text(&roles.buyer),
                number_text(&roles.bill_to),
                number_text(&roles.debtor),
                number_text(&roles.end_customer),
                channel_word(order.channel).to_owned(),
                currency_word(order.currency, &order.number),
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
fn cancellation_rows(order: &SalesOrder, at: LocalTime) -> Vec<Vec<String>> {
    let mut cells = vec![String::new(); TABLE.headings.len()];
    for (column, text) in [
        (0, order.number.clone()),
        (1, "9".to_owned()),
        (2, "订单取消".to_owned()),
        (3, at.slashed_time()),
        (4, number_text(&order.roles.buyer)),
        (18, "客户取消".to_owned()),
        (19, at.slashed_time()),
    ] {
        cells[column] = text;
    }
    vec![cells]
}

pub(crate) fn write_orders(
    orders: &[SalesOrder],
    branch: u32,
    settings: &CompanySettings,
    numbers: &mut NumberSeries,
    shelf: &mut ExportShelf,
) -> Result<(), SimulateError> {
    let mut dice = SeededDice::new(settings.seed, "erp-orders", branch.into());
    let mut exports = BranchExports::new("erp-orders", "erp/orders", branch, TABLE.heading_row());
    for order in orders {
        let placed = |lines: &[OrderLine], modified: LocalTime| {
            TABLE.encode_rows(&order_rows(order, "0", "销售订单", order.at, lines, "", modified))
        };
        match &order.misentered {
            Some(wrong) => {
                let corrected = order.at.plus_minutes(dice.between(30, 600));
                let (old, new) = (placed(wrong, order.at), placed(&order.lines, corrected));
                exports.push_revised((order.at, old), (corrected, new), &mut dice);
            }
            None => exports.push(order.at, placed(&order.lines, order.at), &mut dice),
        }
        if let Some((at, lines)) = &order.amended {
            let changed = order_rows(order, "1", "订单变更", *at, lines, "客户要求变更", *at);
            exports.push(*at, TABLE.encode_rows(&changed), &mut dice);
        }
        if let Some(at) = order.cancelled {
            exports.push(at, TABLE.encode_rows(&cancellation_rows(order, at)), &mut dice);
        }
    }
    let long: Vec<&SalesOrder> = orders.iter().filter(|order| order.lines.len() > 1).collect();
    for nth in 0..corrupt::how_many(settings, exports.main.len()) {
        if long.is_empty() {
            break;
        }
        let order = dice.pick(&long);
        let breakage = &BREAKAGES[(nth + branch as usize) % BREAKAGES.len()];
        let sound = order_rows(order, "0", "销售订单", order.at, &order.lines, "", order.at);
        let broken = TABLE.damage_rows(sound, &numbers.broken(), breakage.damage, &mut dice);
        exports.main.push_broken(order.at, broken, breakage.reason);
    }
    shelf.add_exports(exports, &mut dice)
}
