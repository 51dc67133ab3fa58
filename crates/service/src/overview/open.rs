//! What is open of a customer: the one definition, by which everything that lists or counts it goes.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use onefold_event::{Day, Occurred};
use onefold_view::{ActionView, CustomerView, OpenCaseView, OpenItem};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::Document;

/// What is open of a customer. In it: cases that are neither resolved nor closed, overdue invoices one by one, those not yet due
/// together by currency, and shipments that have not arrived, whether they are under way or were tried and failed. What was paid
/// too much is nothing that is open.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct OpenNow {
    /// The latest first, then what is due the soonest.
    pub items: Vec<OpenEntry>,
    /// How many cases and shipments are open beside those listed.
    pub more: i64,
}

/// What kind of thing is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenKind {
    /// A case.
    Case,
    /// An overdue invoice.
    Invoice,
    /// Invoices of one currency that are not yet due.
    InvoicesNotDue,
    /// A delivery or a parcel under way.
    Shipment,
    /// A delivery or a parcel that was tried, failed, and has not arrived since.
    FailedShipment,
}

/// One thing that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenEntry {
    /// What it is.
    pub kind: OpenKind,
    /// The document; empty where it stands for several.
    pub subject: String,
    /// How many it stands for.
    pub count: i64,
    /// What it is about, as its source says.
    pub about: String,
    /// Who has it: a department or a person.
    pub with: String,
    /// Since when it is open.
    pub since: Option<Occurred>,
    /// When it is due, ISO 8601.
    pub due_on: Option<String>,
    /// Days past due; negative while it is not yet due.
    pub late_days: Option<i64>,
    /// What is left to pay, a decimal.
    pub amount: Option<String>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// What is to be done next.
    pub next_step: String,
}

/// A shipment that has not arrived.
pub(super) struct OpenShipment {
    pub(super) document: Document,
    /// Day number promised for it.
    pub(super) promised: Option<i64>,
    pub(super) is_failed: bool,
}

impl OpenNow {
    /// Of a view, with the invoices of which something is owed and the shipments that have not arrived, seen from a day.
    pub(super) fn new(view: &CustomerView, invoices: &[OpenItem], shipments: Vec<OpenShipment>, today: i64) -> Self {
        let listed = (view.cases.open_cases.len() + shipments.len()) as i64;
        let (overdue, rest): (Vec<&OpenItem>, Vec<&OpenItem>) = invoices.iter().partition(|item| item.due < today);
        let mut items: Vec<OpenEntry> = view.cases.open_cases.iter().map(|case| of_case(case, today)).collect();
        items.extend(overdue.into_iter().map(|item| of_invoice(item, today)));
        items.extend(of_invoices_not_due(&rest, today));
        items.extend(shipments.into_iter().map(|shipment| of_shipment(shipment, today)));
        let known_due = |entry: &OpenEntry| entry.late_days.map_or((true, 0), |late| (false, -late));
        items.sort_by(|a, b| (known_due(a), a.kind, &a.subject).cmp(&(known_due(b), b.kind, &b.subject)));
        Self { items, more: (view.cases.open + view.shipments.open + view.shipments.failed - listed).max(0) }
    }
}

impl OpenEntry {
    fn new(kind: OpenKind, subject: &str) -> Self {
        Self {
            kind,
            subject: subject.to_owned(),
            count: 1,
            about: String::new(),
            with: String::new(),
            since: None,
            due_on: None,
            late_days: None,
            amount: None,
            currency: None,
            next_step: String::new(),
        }
    }

    /// The same, due on a day.
    fn due_on(self, day: Option<i64>, today: i64) -> Self {
        Self { due_on: day.map(|day| Day(day).to_string()), late_days: day.map(|day| today - day), ..self }
    }
}

/// The action that holds a case up: the one that is due first, else the first.
fn next_action(case: &OpenCaseView) -> Option<&ActionView> {
    let due = case.actions.iter().filter(|action| action.due_on.is_some());
    due.min_by(|a, b| a.due_on.cmp(&b.due_on)).or(case.actions.first())
}

/// Who has a case: whose action holds it up, else who took it.
pub(super) fn case_with(case: &OpenCaseView) -> &str {
    let department = next_action(case).map(|action| action.department.as_str());
    department.filter(|department| !department.is_empty()).unwrap_or(&case.with)
}

/// What a case is about: its title, else its category.
pub(super) fn case_about(case: &OpenCaseView) -> &str {
    if case.title.is_empty() { &case.category } else { &case.title }
}

fn of_case(case: &OpenCaseView, today: i64) -> OpenEntry {
    let action = next_action(case);
    let entry = OpenEntry {
        about: case_about(case).to_owned(),
        with: case_with(case).to_owned(),
        since: Some(case.opened_at),
        next_step: action.map(|action| action.what.clone()).unwrap_or_default(),
        ..OpenEntry::new(OpenKind::Case, &case.subject)
    };
    let due = action.and_then(|action| onefold_view::day_number(action.due_on.as_deref()?));
    entry.due_on(due, today)
}

fn of_invoice(item: &OpenItem, today: i64) -> OpenEntry {
    let entry = OpenEntry {
        amount: Some(item.open.clone()),
        currency: Some(item.currency.clone()),
        ..OpenEntry::new(OpenKind::Invoice, &item.invoice)
    };
    entry.due_on(Some(item.due), today)
}

/// One entry for each currency, due with the first of them.
fn of_invoices_not_due(rest: &[&OpenItem], today: i64) -> Vec<OpenEntry> {
    let mut by_currency: BTreeMap<&str, Vec<&OpenItem>> = BTreeMap::new();
    rest.iter().for_each(|item| by_currency.entry(&item.currency).or_default().push(item));
    let one = |(currency, items): (&str, Vec<&OpenItem>)| {
        let sum: Decimal = items.iter().filter_map(|item| item.open.parse::<Decimal>().ok()).sum();
        let subject = if let [one] = items.as_slice() { one.invoice.as_str() } else { "" };
        let entry = OpenEntry {
            count: items.len() as i64,
            amount: Some(sum.to_string()),
            currency: Some(currency.to_owned()),
            ..OpenEntry::new(OpenKind::InvoicesNotDue, subject)
        };
        let first = items.iter().map(|item| item.due).filter(|due| *due != OpenItem::NEVER).min();
        entry.due_on(first, today)
    };
    by_currency.into_iter().map(one).collect()
}

fn of_shipment(OpenShipment { document, promised, is_failed }: OpenShipment, today: i64) -> OpenEntry {
    let kind = if is_failed { OpenKind::FailedShipment } else { OpenKind::Shipment };
    let entry = OpenEntry {
        about: document.label.clone(),
        since: Some(document.at),
        ..OpenEntry::new(kind, &document.subject)
    };
    entry.due_on(promised, today)
}

/// The days past due of the invoice that is overdue the longest; and how many are overdue.
pub(super) fn overdue_of(invoices: &[OpenItem], currency: &str, today: i64) -> Option<(i64, usize)> {
    let overdue = || invoices.iter().filter(|item| item.currency == currency && item.due < today);
    let oldest = overdue().map(|item| Reverse(item.due)).max()?.0;
    Some((today - oldest, overdue().count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invoice(number: &str, due: i64, open: &str, currency: &str) -> OpenItem {
        OpenItem {
            owner: "party:erp:1".into(),
            due,
            invoice: format!("invoice:erp:{number}"),
            currency: currency.into(),
            open: open.into(),
            disputed: String::new(),
        }
    }

    #[test]
    fn overdue_invoices_stand_alone_and_the_others_together_by_currency() {
        let items = [
            invoice("1", 90, "10.00", "CNY"),
            invoice("2", 100, "20.00", "CNY"),
            invoice("3", 107, "0.50", "CNY"),
            invoice("4", OpenItem::NEVER, "7", "EUR"),
            invoice("5", 60, "-5.00", "CNY"),
        ];
        // What was paid too much is owed by nobody, however long ago.
        let items: Vec<OpenItem> = items.into_iter().filter(OpenItem::is_owed).collect();
        let (overdue, rest): (Vec<&OpenItem>, Vec<&OpenItem>) = items.iter().partition(|item| item.due < 100);
        let late: Vec<_> = overdue.iter().map(|item| of_invoice(item, 100).late_days).collect();
        assert_eq!(late, [Some(10)]);
        let rest = of_invoices_not_due(&rest, 100);
        let told: Vec<_> =
            rest.iter().map(|e| (e.count, e.amount.as_deref(), e.subject.as_str(), e.late_days)).collect();
        assert_eq!(told, [(2, Some("20.50"), "", Some(0)), (1, Some("7"), "invoice:erp:4", None)]);
        assert_eq!(overdue_of(&items, "CNY", 100), Some((10, 1)));
        assert_eq!(overdue_of(&items, "EUR", 100), None);
    }
}
