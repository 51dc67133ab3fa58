//! The ERP's invoices (a row per line), and its credit notes and adjustments (a row each).

use crate::corrupt::{self, DamageKind, RecordDamage, TableShape};
use crate::dice::SeededDice;
use crate::documents::{BranchLedger, CreditNote, DocumentRoles, NoteKind, SalesInvoice};
use crate::erp_orders::{currency_word, number_text};
use crate::error::SimulateError;
use crate::export::{BranchExports, ExportShelf};
use crate::goods::GOODS;
use crate::moment::LocalTime;
use crate::money::comma_grouped;
use crate::numbers::NumberSeries;
use crate::settings::CompanySettings;

const INVOICES: TableShape = TableShape {
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

const INVOICE_BREAKAGES: [DamageKind<RecordDamage>; 7] = [
    DamageKind { damage: RecordDamage::Text("价税合计(元)", "12.3.4"), reason: "not a number" },
    DamageKind { damage: RecordDamage::Everywhere("开票日期", "2025/6/31"), reason: "no such date" },
    DamageKind {
        damage: RecordDamage::Disagree("客户编号", "K99999"), reason: "the rows of one document disagree"
    },
    DamageKind { damage: RecordDamage::Everywhere("币种", "元整"), reason: "unknown word" },
    DamageKind { damage: RecordDamage::Text("价税合计(元)", ""), reason: "a required column is blank" },
    DamageKind { damage: RecordDamage::Bytes("存货名称", b"\xd6\xd0\xff"), reason: "bytes that are not GB18030" },
    DamageKind { damage: RecordDamage::Text("含税单价", "1.250,00"), reason: "a number in another locale" },
];

const NOTES: TableShape = TableShape {
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

const NOTE_BREAKAGES: [DamageKind<RecordDamage>; 4] = [
    DamageKind { damage: RecordDamage::Text("金额", "-12,5.00"), reason: "not a number" },
    DamageKind { damage: RecordDamage::Text("单据类型", "赠品单"), reason: "unknown word" },
    DamageKind { damage: RecordDamage::Text("日期", ""), reason: "a required column is blank" },
    DamageKind { damage: RecordDamage::Bytes("原因", b"\x81\xff"), reason: "bytes that are not GB18030" },
];

fn invoice_rows(invoice: &SalesInvoice, roles: &DocumentRoles, modified: LocalTime) -> Vec<Vec<String>> {
    invoice
        .lines
        .iter()
        .map(|line| {
            let good = &GOODS[line.good];
            vec![
                invoice.number.clone(),
                invoice.at.to_slashed_date(),
                invoice.at.plus_days(invoice.due_in).to_slashed_date(),
                number_text(&roles.buyer),
                number_text(&roles.bill_to),
                number_text(&roles.debtor),
                number_text(&roles.end_customer),
                invoice.order.clone(),
                currency_word(invoice.currency, &invoice.number),
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

fn note_row(note: &CreditNote, invoices: &[SalesInvoice]) -> Vec<String> {
    let (kind, amount) = match note.kind {
        // The ERP writes what it gives back as a negative amount.
        NoteKind::Credit => ("红字发票", -note.amount),
        NoteKind::Adjustment => ("调整单", note.amount),
    };
    let invoice = note.invoice.and_then(|invoice| invoices.get(invoice));
    vec![
        note.number.clone(),
        kind.to_owned(),
        note.at.to_slashed_date(),
        number_text(&note.printed.buyer),
        number_text(&note.printed.bill_to),
        number_text(&note.printed.debtor),
        number_text(&note.printed.end_customer),
        invoice.map(|invoice| invoice.number.clone()).unwrap_or_default(),
        note.reason.to_owned(),
        currency_word(note.currency, &note.number),
        comma_grouped(amount),
        note.at.slashed_time(),
    ]
}

pub(crate) fn write_invoices(
    ledger: &BranchLedger,
    branch: u32,
    settings: &CompanySettings,
    numbers: &mut NumberSeries,
    shelf: &mut ExportShelf,
) -> Result<(), SimulateError> {
    let mut dice = SeededDice::new(settings.seed, "erp-invoices", branch.into());
    let mut exports = BranchExports::new("erp-invoices", "erp/invoices", branch, INVOICES.heading_row());
    for invoice in &ledger.invoices {
        let rows =
            |roles: &DocumentRoles, modified: LocalTime| INVOICES.encode_rows(&invoice_rows(invoice, roles, modified));
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
    let long: Vec<&SalesInvoice> = ledger.invoices.iter().filter(|i| !i.draft && i.lines.len() > 1).collect();
    for nth in 0..corrupt::how_many(settings, exports.main.len()) {
        if long.is_empty() {
            break;
        }
        let invoice = dice.pick(&long);
        let breakage = &INVOICE_BREAKAGES[(nth + branch as usize) % INVOICE_BREAKAGES.len()];
        let sound = invoice_rows(invoice, &invoice.roles, invoice.at);
        let broken = INVOICES.damage_rows(sound, &numbers.broken(), breakage.damage, &mut dice);
        exports.main.push_broken(invoice.at, broken, breakage.reason);
    }
    shelf.add_exports(exports, &mut dice)
}

pub(crate) fn write_notes(
    ledger: &BranchLedger,
    branch: u32,
    settings: &CompanySettings,
    numbers: &mut NumberSeries,
    shelf: &mut ExportShelf,
) -> Result<(), SimulateError> {
    let mut dice = SeededDice::new(settings.seed, "erp-notes", branch.into());
    let mut exports = BranchExports::new("erp-credit-notes", "erp/credit-notes", branch, NOTES.heading_row());
    for note in &ledger.notes {
        exports.push(note.at, vec![NOTES.encode_row(&note_row(note, &ledger.invoices))], &mut dice);
    }
    for nth in 0..corrupt::how_many(settings, exports.main.len()) {
        let note = dice.pick(&ledger.notes);
        let breakage = &NOTE_BREAKAGES[(nth + branch as usize) % NOTE_BREAKAGES.len()];
        let sound = vec![note_row(note, &ledger.invoices)];
        let broken = NOTES.damage_rows(sound, &numbers.broken(), breakage.damage, &mut dice);
        exports.main.push_broken(note.at, broken, breakage.reason);
    }
    shelf.add_exports(exports, &mut dice)
}
