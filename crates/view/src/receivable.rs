//! What a customer owes, and for how long: from its sums and the open items that are past due.

use std::collections::BTreeMap;

use crate::amount::{Money, pack};
use crate::assemble::ratio;
use crate::contribution::Counter;
use crate::purse::text_at;
use crate::view::{Ageing, ReceivableMoney, ReceivableView};
use crate::{Bundle, Measure, OpenItem, Purse};

/// Days past due up to which an item is in a bucket; beyond the last is a fourth.
const BUCKETS: [i64; 3] = [30, 60, 90];

pub(crate) fn receivable(sum: &Bundle, items: &[OpenItem], today: Option<i64>) -> ReceivableView {
    let money = sum.money();
    let overdue = today.map(|today| overdue(items, today));
    let by_currency = money.currencies().into_iter().filter_map(|currency| {
        let late = overdue.as_ref().map(|all| all.get(&currency).copied().unwrap_or_default());
        Some((currency.clone(), of_currency(&money, &currency, late)?))
    });
    let paid = sum.counted(Counter::PaidInvoices);
    let days = i128::from(sum.counted(Counter::DaysToPay));
    ReceivableView {
        payments: sum.counted(Counter::Payments),
        reversed: sum.counted(Counter::PaymentsReversed),
        refunds: sum.counted(Counter::Refunds),
        open_invoices: sum.counted(Counter::OpenInvoices),
        paid_invoices: paid,
        mean_days_to_pay: (paid > 0).then(|| ratio(days, i128::from(paid), 1)),
        by_currency: by_currency.collect(),
    }
}

fn of_currency(money: &Purse, currency: &str, late: Option<[Money; 4]>) -> Option<ReceivableMoney> {
    let measures = [
        Measure::Owed,
        Measure::Forgiven,
        Measure::Corrected,
        Measure::Paid,
        Measure::Refunded,
        Measure::Unallocated,
        Measure::Open,
    ];
    let [invoiced, credited, adjusted, paid, refunded, unallocated, open] = money.texts(measures, currency)?;
    let scale = money.scale(measures, currency);
    let sum = |late: &[Money; 4]| late.iter().fold(Money::default(), |sum, m| sum.plus(m));
    let ageing = late.as_ref().map(|late| {
        let [to_30, to_60, to_90, over_90] = (*late).map(|m| text_at(&m, scale));
        let current = money.sum(Measure::Open as u32, pack(currency)).minus(&sum(late));
        Ageing { current: text_at(&current, scale), to_30, to_60, to_90, over_90 }
    });
    let overdue = late.as_ref().map(|late| text_at(&sum(late), scale));
    Some(ReceivableMoney { invoiced, credited, adjusted, paid, refunded, unallocated, open, overdue, ageing })
}

/// What is past due by currency and bucket. What was paid too much is not overdue.
fn overdue(items: &[OpenItem], today: i64) -> BTreeMap<String, [Money; 4]> {
    let mut all: BTreeMap<String, [Money; 4]> = BTreeMap::new();
    for item in items.iter().filter(|item| item.due < today) {
        let Some(open) = Money::number(&item.open).filter(|open| open.units() > 0) else { continue };
        let days = today.saturating_sub(item.due);
        let bucket = BUCKETS.iter().position(|most| days <= *most).unwrap_or(BUCKETS.len());
        if let Some(sum) = all.entry(item.currency.clone()).or_default().get_mut(bucket) {
            *sum = sum.plus(&open);
        }
    }
    all
}
