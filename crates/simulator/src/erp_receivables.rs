//! The ERP's invoices (a row per line), and its credit notes and adjustments (a row each).

use crate::corrupt::{self, Breakage, Damage, Table};
use crate::dice::Dice;
use crate::documents::{Invoice, Ledger, Note, NoteKind, Roles};
use crate::erp_orders::{currency, number};
use crate::error::SimulateError;
use crate::export::{Exports, Shelf};
use crate::goods::GOODS;
use crate::moment::Moment;
use crate::money::comma_grouped;
use crate::numbers::Numbers;
use crate::settings::Settings;

const INVOICES: Table = Table {
    headings: &[
        "发票号",
        "开票日期",
        "到期日",
        "客户编号",
        "付款方编号",
        "债务人编号",
        "最终客户编号",
        "订单编号",
        "币种",
        "存货编码",
        "存货名称",
        "存货分类",
        "数量",
        "单位",
        "含税单价",
        "折扣额",
        "税率",
        "价税合计(元)",
        "最后修改时间",
        "状态",
    ],
    delimiter: ',',
    charset: encoding_rs::GBK,
    number: "发票号",
};

const INVOICE_BREAKAGES: [Breakage<Damage>; 7] = [
    Breakage { damage: Damage::Text("价税合计(元)", "12.3.4"), reason: "not a number" },
    Breakage { damage: Damage::Everywhere("开票日期", "2025/6/31"), reason: "no such date" },
    Breakage { damage: Damage::Disagree("客户编号", "K99999"), reason: "the rows of one document disagree" },
    Breakage { damage: Damage::Everywhere("币种", "元整"), reason: "unknown word" },
    Breakage { damage: Damage::Text("价税合计(元)", ""), reason: "a required column is blank" },
    Breakage { damage: Damage::Bytes("存货名称", b"\xd6\xd0\xff"), reason: "bytes that are not GB18030" },
    Breakage { damage: Damage::Text("含税单价", "1.250,00"), reason: "a number in another locale" },
];

const NOTES: Table = Table {
    headings: &[
        "单据号",
        "单据类型",
        "日期",
        "客户编号",
        "付款方编号",
        "债务人编号",
        "最终客户编号",
        "原发票号",
        "原因",
        "币种",
        "金额",
        "最后修改时间",
    ],
    delimiter: ',',
    charset: encoding_rs::GBK,
    number: "单据号",
};

const NOTE_BREAKAGES: [Breakage<Damage>; 4] = [
    Breakage { damage: Damage::Text("金额", "-12,5.00"), reason: "not a number" },
    Breakage { damage: Damage::Text("单据类型", "赠品单"), reason: "unknown word" },
    Breakage { damage: Damage::Text("日期", ""), reason: "a required column is blank" },
    Breakage { damage: Damage::Bytes("原因", b"\x81\xff"), reason: "bytes that are not GB18030" },
];

fn invoice_rows(invoice: &Invoice, roles: &Roles, modified: Moment) -> Vec<Vec<String>> {
    invoice
        .lines
        .iter()
        .map(|line| {
            let good = &GOODS[line.good];
            vec![
                invoice.number.clone(),
                invoice.at.slashed(),
                invoice.at.plus_days(invoice.due_in).slashed(),
                number(&roles.buyer),
                number(&roles.bill_to),
                number(&roles.debtor),
                number(&roles.end_customer),
                invoice.order.clone(),
                currency(invoice.currency, &invoice.number),
                good.number.to_owned(),
                good.name.to_owned(),
                good.category.to_owned(),
                line.quantity.to_string(),
                good.unit.to_owned(),
                comma_grouped(line.unit_price),
                comma_grouped(line.discount),
                "13%".to_owned(),
                comma_grouped(line.amount()),
                modified.slashed_time(),
                if invoice.draft { "草稿" } else { "已审核" }.to_owned(),
            ]
        })
        .collect()
}

fn note_row(note: &Note, invoices: &[Invoice]) -> Vec<String> {
    let (kind, amount) = match note.kind {
        // The ERP writes what it gives back as a negative amount.
        NoteKind::Credit => ("红字发票", -note.amount),
        NoteKind::Adjustment => ("调整单", note.amount),
    };
    let invoice = note.invoice.and_then(|invoice| invoices.get(invoice));
    vec![
        note.number.clone(),
        kind.to_owned(),
        note.at.slashed(),
        number(&note.printed.buyer),
        number(&note.printed.bill_to),
        number(&note.printed.debtor),
        number(&note.printed.end_customer),
        invoice.map(|invoice| invoice.number.clone()).unwrap_or_default(),
        note.reason.to_owned(),
        currency(note.currency, &note.number),
        comma_grouped(amount),
        note.at.slashed_time(),
    ]
}

pub(crate) fn write_invoices(
    ledger: &Ledger,
    branch: u32,
    settings: &Settings,
    numbers: &mut Numbers,
    shelf: &mut Shelf,
) -> Result<(), SimulateError> {
    let mut dice = Dice::new(settings.seed, "erp-invoices", branch.into());
    let mut exports = Exports::new("erp-invoices", "erp/invoices", branch, INVOICES.heading());
    for invoice in &ledger.invoices {
        let rows = |roles: &Roles, modified: Moment| INVOICES.rows(&invoice_rows(invoice, roles, modified));
        match &invoice.misfiled {
            _ if invoice.draft => exports.push_draft(invoice.at, rows(&invoice.roles, invoice.at)),
            Some(wrong) => {
                let moved = invoice.at.plus_minutes(dice.between(100, 1_400));
                exports.push_revised(
                    (invoice.at, rows(wrong, invoice.at)),
                    (moved, rows(&invoice.roles, moved)),
                    &mut dice,
                );
            }
            None => exports.push(invoice.at, rows(&invoice.roles, invoice.at), &mut dice),
        }
    }
    let long: Vec<&Invoice> = ledger.invoices.iter().filter(|i| !i.draft && i.lines.len() > 1).collect();
    for nth in 0..corrupt::how_many(settings, exports.main.len()) {
        if long.is_empty() {
            break;
        }
        let invoice = dice.pick(&long);
        let breakage = &INVOICE_BREAKAGES[(nth + branch as usize) % INVOICE_BREAKAGES.len()];
        let sound = invoice_rows(invoice, &invoice.roles, invoice.at);
        let broken = INVOICES.broken(sound, &numbers.broken(), breakage.damage, &mut dice);
        exports.main.push_broken(invoice.at, broken, breakage.reason);
    }
    shelf.put(exports, &mut dice)
}

pub(crate) fn write_notes(
    ledger: &Ledger,
    branch: u32,
    settings: &Settings,
    numbers: &mut Numbers,
    shelf: &mut Shelf,
) -> Result<(), SimulateError> {
    let mut dice = Dice::new(settings.seed, "erp-notes", branch.into());
    let mut exports = Exports::new("erp-credit-notes", "erp/credit-notes", branch, NOTES.heading());
    for note in &ledger.notes {
        exports.push(note.at, vec![NOTES.row(&note_row(note, &ledger.invoices))], &mut dice);
    }
    for nth in 0..corrupt::how_many(settings, exports.main.len()) {
        let note = dice.pick(&ledger.notes);
        let breakage = &NOTE_BREAKAGES[(nth + branch as usize) % NOTE_BREAKAGES.len()];
        let sound = vec![note_row(note, &ledger.invoices)];
        let broken = NOTES.broken(sound, &numbers.broken(), breakage.damage, &mut dice);
        exports.main.push_broken(note.at, broken, breakage.reason);
    }
    shelf.put(exports, &mut dice)
}
