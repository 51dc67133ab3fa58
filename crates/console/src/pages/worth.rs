//! The figures of a customer: what it is worth, what it owes, and the sections with their sums.

use onefold_service::CustomerView;
use onefold_view::{AgeingView, is_zero};

use crate::shown::{DocumentLine, PageClock, money};

/// A figure with its name.
pub(super) struct FigureLine {
    pub(super) label: &'static str,
    pub(super) value: String,
    /// `critical` where it has to be seen.
    pub(super) mark: &'static str,
    /// Where it stands in the view, which is where its reason is asked for.
    pub(super) path: String,
}

/// What is open of one currency by days past due: one bar, with the amounts beside it.
pub(super) struct AgeingBar {
    pub(super) currency: String,
    /// What the bar says, in a sentence for those who do not see it.
    pub(super) finding: String,
    pub(super) parts: Vec<AgeingPart>,
}

/// A part of the bar, in units of which the whole has 300.
pub(super) struct AgeingPart {
    pub(super) class: &'static str,
    pub(super) label: &'static str,
    pub(super) amount: String,
    pub(super) path: String,
    pub(super) x: String,
    pub(super) width: String,
}

/// Documents of some kinds, the latest first.
pub(super) struct SectionLines {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) key: usize,
    pub(super) sums: Vec<SumLine>,
    pub(super) rows: Vec<DocumentLine>,
    /// Whether the customer has older documents than were looked through.
    pub(super) has_more: bool,
    pub(super) all_path: String,
}

/// A sum of a section, and where its reason is asked for.
pub(super) struct SumLine {
    pub(super) text: String,
    pub(super) path: String,
}

/// Documents in each section.
const ROWS: usize = 5;
/// Width of a bar, in units of the drawing.
const BAR: f64 = 300.0;

/// What it bought, owes and prefers.
pub(super) fn worth_lines(clock: &PageClock, view: &CustomerView) -> Vec<FigureLine> {
    let (words, language) = (clock.language.words(), clock.language);
    let mut all = Vec::new();
    let mut put = |label, value: String, path: &str| {
        all.push(FigureLine { label, value, mark: "", path: clock.why_path(path) });
    };
    for (currency, sums) in &view.trade.by_currency {
        put(words.net_sales, money(&sums.net, currency), &format!("trade.by_currency.{currency}.net"));
    }
    for (currency, sums) in &view.receivable.by_currency {
        put(words.owed, money(&sums.owed, currency), &format!("receivable.by_currency.{currency}.owed"));
    }
    view.trade.last_at.iter().for_each(|at| {
        let at = clock.time(*at);
        put(words.last_purchase, format!("{} · {}", at.day, at.age), "trade.last_at");
    });
    let interval = view.trade.mean_interval_days.iter();
    interval.for_each(|days| put(words.usual_interval, language.days(days), "trade.mean_interval_days"));
    let to_pay = view.receivable.mean_days_to_pay.iter();
    to_pay.for_each(|days| put(words.days_to_pay, language.days(days), "receivable.mean_days_to_pay"));
    let on_time = view.shipments.on_time_share.iter();
    on_time.for_each(|share| put(words.on_time, percent(share), "shipments.on_time_share"));
    let rated = view.cases.satisfaction.iter();
    rated.for_each(|said| {
        put(words.satisfaction, language.verdict(&said.mean_of_5, said.rated), "cases.satisfaction.mean_of_5");
    });
    let prefers = view.trade.categories.iter().flatten().take(3).map(|one| one.name.as_str());
    let prefers = prefers.collect::<Vec<_>>().join(", ");
    if !prefers.is_empty() {
        put(words.prefers, prefers, "trade.categories");
    }
    for (currency, sums) in &view.receivable.by_currency {
        for (label, amount, mark, field) in [
            (words.overdue, sums.overdue.as_deref().unwrap_or("0"), "critical", "overdue"),
            (words.disputed, sums.disputed.as_str(), "warning", "disputed"),
            (words.unallocated, sums.unallocated.as_str(), "", "unallocated"),
            (words.credit, sums.unapplied_credit.as_str(), "", "unapplied_credit"),
        ] {
            if !is_zero(amount) {
                let path = clock.why_path(&format!("receivable.by_currency.{currency}.{field}"));
                all.push(FigureLine { label, value: money(amount, currency), mark, path });
            }
        }
    }
    all
}

/// A share between 0 and 1 as whole percents; another text as it is.
fn percent(share: &str) -> String {
    share.parse::<f64>().map_or_else(|_| share.to_owned(), |share| format!("{:.0} %", share * 100.0))
}

/// A bar for each currency in which something is open.
pub(super) fn ageing_bars(clock: &PageClock, view: &CustomerView) -> Vec<AgeingBar> {
    let bars = view.receivable.by_currency.iter().filter_map(|(currency, sums)| {
        let ageing =
            sums.ageing.as_ref().filter(|ageing| parts_of(ageing).iter().any(|(amount, ..)| !is_zero(amount)))?;
        Some(ageing_bar(clock, currency, ageing))
    });
    bars.collect()
}

/// Amounts, each with how it is drawn and its field.
fn parts_of(ageing: &AgeingView) -> [(&str, &'static str, &'static str); 5] {
    [
        (&ageing.current, "age-0", "current"),
        (&ageing.to_30, "age-1", "1-30"),
        (&ageing.to_60, "age-2", "31-60"),
        (&ageing.to_90, "age-3", "61-90"),
        (&ageing.over_90, "age-4", "over-90"),
    ]
}

fn ageing_bar(clock: &PageClock, currency: &str, ageing: &AgeingView) -> AgeingBar {
    let words = clock.language.words();
    let labels = [words.age_current, words.age_30, words.age_60, words.age_90, words.age_over];
    // A drawing's length, from which nothing is calculated again: the amounts stand beside it as they are. What is in credit has none.
    let length = |amount: &str| amount.parse::<f64>().unwrap_or(0.0).max(0.0);
    let whole: f64 = parts_of(ageing).iter().map(|(amount, ..)| length(amount)).sum();
    let (mut x, mut parts, mut said) = (0.0, Vec::new(), Vec::new());
    for ((amount, class, field), label) in parts_of(ageing).into_iter().zip(labels) {
        if is_zero(amount) {
            continue;
        }
        let width = if whole > 0.0 { length(amount) / whole * BAR } else { 0.0 };
        let amount = money(amount, currency);
        said.push(format!("{label} {amount}"));
        // Two units of ground between two parts.
        let drawn = (width - 2.0).max(0.5);
        let path = clock.why_path(&format!("receivable.by_currency.{currency}.ageing.{field}"));
        parts.push(AgeingPart { class, label, amount, path, x: format!("{x:.1}"), width: format!("{drawn:.1}") });
        x += width;
    }
    AgeingBar { currency: currency.to_owned(), finding: said.join(", "), parts }
}

/// What each section shows: its sums are the view's, its rows the latest documents of its kinds.
pub(super) fn sections(
    clock: &PageClock,
    view: &CustomerView,
    documents: &[DocumentLine],
    has_more: bool,
    timeline_path: &str,
) -> Vec<SectionLines> {
    let words = clock.language.words();
    let (trade, owed, shipped, cases, contacts) =
        (&view.trade, &view.receivable, &view.shipments, &view.cases, &view.contacts);
    let sum = |text: String, path: &str| SumLine { text, path: clock.why_path(path) };
    let counted = |label: &str, n: i64, path: &str| (n > 0).then(|| sum(format!("{label} {n}"), path));
    // Of whom there are invoices too, the first may be one of them.
    let first = trade.first_at.filter(|_| trade.orders > 0 && trade.invoices == 0);
    let since = first.map(|at| clock.time(at).day);
    let mut orders = vec![sum(clock.language.orders_since(trade.orders, since.as_deref()), "trade.orders")];
    for (currency, one) in &trade.by_currency {
        orders.push(sum(money(&one.ordered, currency), &format!("trade.by_currency.{currency}.ordered")));
    }
    orders.extend(counted(words.state_cancelled, trade.cancelled, "trade.cancelled"));
    orders.extend(counted(words.return_goods, trade.returns, "trade.returns"));
    let mut sums = Vec::new();
    for (currency, one) in &owed.by_currency {
        for (label, amount, field) in [
            (words.invoiced, &one.invoiced, "invoiced"),
            (words.paid, &one.paid, "paid"),
            (words.open, &one.open, "open"),
        ] {
            let text = format!("{label} {}", money(amount, currency));
            sums.push(sum(text, &format!("receivable.by_currency.{currency}.{field}")));
        }
    }
    let on_time = shipped.on_time_share.as_ref();
    let shipments = [
        counted(words.under_way, shipped.open, "shipments.open"),
        counted(words.state_delivered, shipped.delivered, "shipments.delivered"),
        counted(words.state_failed, shipped.failed, "shipments.failed"),
        counted(words.damaged, shipped.damaged, "shipments.damaged"),
        on_time.map(|share| sum(format!("{} {}", words.on_time, percent(share)), "shipments.on_time_share")),
    ];
    let cases = [
        counted(words.state_open, cases.open, "cases.open"),
        counted(words.state_resolved, cases.resolved, "cases.resolved"),
        counted(words.state_closed, cases.closed, "cases.closed"),
    ];
    let contacts = counted(words.contacts, contacts.total, "contacts.total");
    let section = |id, title, key, sums: Vec<SumLine>, kinds: &[&str]| {
        let rows = documents.iter().filter(|row| kinds.iter().any(|kind| row.subject.starts_with(&format!("{kind}:"))));
        SectionLines {
            id,
            title,
            key,
            sums,
            rows: rows.take(ROWS).cloned().collect(),
            has_more,
            all_path: format!("{timeline_path}{}section={id}", if timeline_path.contains('?') { '&' } else { '?' }),
        }
    };
    let [of_orders, of_money, of_shipments, of_cases, of_contacts] = SECTIONS.map(|(_, kinds)| kinds);
    vec![
        section("orders", words.orders, 1, orders, of_orders),
        section("money", words.money, 2, sums, of_money),
        section("shipments", words.shipments, 3, shipments.into_iter().flatten().collect(), of_shipments),
        section("cases", words.cases, 4, cases.into_iter().flatten().collect(), of_cases),
        section("contacts", words.contacts, 5, contacts.into_iter().collect(), of_contacts),
    ]
}

/// Which kinds of document stand in which section.
pub(super) const SECTIONS: [(&str, &[&str]); 5] = [
    ("orders", &["order", "return"]),
    ("money", &["invoice", "payment", "credit_note", "refund", "adjustment"]),
    ("shipments", &["delivery", "track"]),
    ("cases", &["case"]),
    ("contacts", &["contact"]),
];

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn a_share_reads_as_percents() {
        assert_eq!((percent("0.913").as_str(), percent("1").as_str(), percent("").as_str()), ("91 %", "100 %", ""));
    }
}
