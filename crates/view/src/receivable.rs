//! What a customer owes, and for how long: from its sums and the open items that are past due.

use std::collections::BTreeMap;

use crate::amount::Money;
use crate::assemble::format_ratio;
use crate::contribution::BundleCounter;
use crate::money_totals::text_at;
use crate::view::{AgeingView, ReceivableMoney, ReceivableView};
use crate::{Bundle, MoneyMeasure, MoneyTotals, OpenItem};

/// Days past due up to which an item is in a bucket; beyond the last is a fourth.
const BUCKETS: [i64; 3] = [30, 60, 90];

/// Deductions by reason, as they are called in the catalogue.
const DEDUCTIONS: [(MoneyMeasure, &str); 5] = [
    (MoneyMeasure::CashDiscount, "cash_discount"),
    (MoneyMeasure::Fee, "fee"),
    (MoneyMeasure::ShortPayment, "short_payment"),
    (MoneyMeasure::WrittenOff, "written_off"),
    (MoneyMeasure::OtherDeduction, "other"),
];

pub(crate) fn assemble_receivable(sum: &Bundle, items: &[OpenItem], today: Option<i64>) -> ReceivableView {
    let money = sum.money_totals();
    let overdue = today.map(|today| overdue_amounts(items, today));
    let by_currency = money.currencies().into_iter().filter_map(|currency| {
        let late = overdue.as_ref().map(|all| all.get(&currency).copied().unwrap_or_default());
        Some((currency.clone(), of_currency(&money, &currency, late)?))
    });
    let paid = sum.count_of(BundleCounter::PaidInvoices);
    let days = i128::from(sum.count_of(BundleCounter::DaysToPay));
    ReceivableView {
        payments: sum.count_of(BundleCounter::Payments),
        reversed: sum.count_of(BundleCounter::PaymentsReversed),
        refunds: sum.count_of(BundleCounter::Refunds),
        open_invoices: sum.count_of(BundleCounter::OpenInvoices),
        settled_invoices: sum.count_of(BundleCounter::SettledInvoices),
        invoices_in_credit: sum.count_of(BundleCounter::InvoicesInCredit),
        disputed_invoices: sum.count_of(BundleCounter::DisputedInvoices),
        mean_days_to_pay: (paid > 0).then(|| format_ratio(days, i128::from(paid), 1)),
        by_currency: by_currency.collect(),
    }
}

fn of_currency(money: &MoneyTotals, currency: &str, late: Option<[Money; 4]>) -> Option<ReceivableMoney> {
    let measures = [
        MoneyMeasure::Owed,
        MoneyMeasure::Forgiven,
        MoneyMeasure::Corrected,
        MoneyMeasure::Paid,
        MoneyMeasure::Refunded,
        MoneyMeasure::Unallocated,
        MoneyMeasure::Open,
        MoneyMeasure::Unapplied,
        MoneyMeasure::Advanced,
        MoneyMeasure::Disputed,
    ];
    let deductions = DEDUCTIONS.map(|(measure, _)| measure);
    let sums = money.totals_of(measures, currency);
    let (deducted, of_deducted) = money.totals_of(deductions, currency).unwrap_or_default();
    let (sums, of_sums) = sums?;
    // What is late is a part of what is open, but an item alone may be finer than the sum shows once it is gone.
    let of_late = late.iter().flatten().map(|m| m.scale).max().unwrap_or(0);
    let scale = of_sums.max(of_deducted).max(of_late);
    let text = |money: &Money| text_at(money, scale);
    let total = |list: &[Money]| list.iter().fold(Money::default(), |sum, m| sum.plus(m));
    let [invoiced, credited, adjusted, paid, refunded, unallocated, open, unapplied, advances, disputed] = &sums;
    let ageing = late.as_ref().map(|late| {
        let [to_30, to_60, to_90, over_90] = late.each_ref().map(text);
        AgeingView { current: text(&open.minus(&total(late))), to_30, to_60, to_90, over_90 }
    });
    let reasons = DEDUCTIONS.iter().zip(&deducted).filter(|(_, sum)| !sum.is_zero());
    Some(ReceivableMoney {
        invoiced: text(invoiced),
        credited: text(credited),
        adjusted: text(adjusted),
        paid: text(paid),
        refunded: text(refunded),
        deducted: text(&total(&deducted)),
        deductions: reasons.map(|((_, word), sum)| (*word, text(sum))).collect(),
        owed: text(&open.minus(unapplied).minus(unallocated)),
        open: text(open),
        unapplied_credit: text(unapplied),
        unallocated: text(unallocated),
        advances: text(advances),
        disputed: text(disputed),
        overdue: late.as_ref().map(|late| text(&total(late))),
        ageing,
    })
}

/// What is past due by currency and bucket. What was paid too much is not overdue.
fn overdue_amounts(items: &[OpenItem], today: i64) -> BTreeMap<String, [Money; 4]> {
    let mut all: BTreeMap<String, [Money; 4]> = BTreeMap::new();
    for item in items.iter().filter(|item| item.due < today) {
        let Some(open) = item.amount_owed() else { continue };
        let days = today.saturating_sub(item.due);
        let bucket = BUCKETS.iter().position(|most| days <= *most).unwrap_or(BUCKETS.len());
        if let Some(sum) = all.entry(item.currency.clone()).or_default().get_mut(bucket) {
            *sum = sum.plus(&open);
        }
    }
    all
}
