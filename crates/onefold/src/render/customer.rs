//! A customer on one screen: who, what is wrong now, the money, and what happened last.

use std::collections::BTreeMap;
use std::fmt::Write;

use onefold_view::{CustomerView, KeptApartView, OpenCaseView, OtherValue, PreferredValue, RecordView};

use super::time::day_text;
use super::{amount_text, counted, is_zero, line, money_text, one_line};

/// Identifiers shown of each state.
const IDENTIFIERS: usize = 12;
/// Contact persons that are shown.
const PERSONS: usize = 12;
/// Parties that are shown.
const PARTIES: usize = 50;

/// The view as a service agent reads it: open cases first after who it is.
pub(crate) fn render_customer(view: &CustomerView) -> String {
    let mut text = String::new();
    write_identity(view, &mut text);
    write_cases(view, &mut text);
    write_money(view, &mut text);
    write_findings(view, &mut text);
    write_goods(view, &mut text);
    write_habits(view, &mut text);
    write_latest(view, &mut text);
    text.truncate(text.trim_end().len());
    text
}

fn put_line(text: &mut String, label: &str, words: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{label:<12}{words}");
}

fn write_identity(view: &CustomerView, text: &mut String) {
    let name = view.profile.get("name").map_or("(no name known)", |value| value.value.as_str());
    let flag =
        view.intermediary.map(|word| format!("  [{}: stands for others]", word.replace('_', " "))).unwrap_or_default();
    let _ = writeln!(text, "{name}{flag}");
    put_line(text, "id", &view.id);
    let more = view.parties.len().saturating_sub(PARTIES);
    let more = if more > 0 { format!("  and {more} more") } else { String::new() };
    let known_as: Vec<&str> = view.parties.iter().take(PARTIES).map(String::as_str).collect();
    put_line(text, "known as", &format!("{}{more}", known_as.join("  ")));
    if view.full {
        put_line(text, "full", "values join nobody to so many parties any more: look at what holds them together");
    }
    for (state, label) in [
        ("links", "identifiers"),
        ("weak", ""),
        ("hub", "shared"),
        ("other", ""),
        ("beside", "on orders"),
        ("invalid", "invalid"),
        ("withdrawn", "withdrawn"),
    ] {
        let held: Vec<&str> = view
            .identifiers
            .iter()
            .filter(|i| i.state == state && i.kind != "number")
            .map(|i| i.key.as_str())
            .collect();
        if !held.is_empty() {
            let more = if held.len() > IDENTIFIERS {
                format!("  and {} more", held.len() - IDENTIFIERS)
            } else {
                String::new()
            };
            put_line(
                text,
                label,
                &format!("{}{more}", held.iter().take(IDENTIFIERS).copied().collect::<Vec<_>>().join("  ")),
            );
        }
    }
    for (field, value) in view.profile.iter().filter(|(field, _)| *field != "name") {
        let others = other_text(&value.others);
        put_line(text, &short_field(field), &format!("{} ({}){others}", value.value, value.source));
    }
    if let Some(name) = view.profile.get("name").filter(|name| !name.others.is_empty()) {
        put_line(text, "also called", &other_values(&name.others));
    }
    write_attributes(view, text);
    for record in &view.records {
        let RecordView { party, state, other, kept_apart, at, reason } = record;
        let other = match *state {
            "merged" => format!(" into {other}"),
            "split" => format!(" out of {other}"),
            _ => String::new(),
        };
        let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        let apart = if *kept_apart { " (kept apart here)" } else { "" };
        put_line(text, "at source", &format!("{party} {state}{other} on {}{apart}{reason}", day_text(at)));
    }
    for KeptApartView { decision, parties, others } in &view.kept_apart {
        let (parties, others) = (parties.join(", "), others.join(", "));
        put_line(text, "decided", &format!("{decision}: {parties} the same as {others} (kept apart here)"));
    }
    text.push('\n');
}

/// What is said of it beside, and who speaks for it.
fn write_attributes(view: &CustomerView, text: &mut String) {
    let more = |n: u32| format!("and {} more", amount_text(&n.to_string()));
    for (n, (name, value)) in view.attributes.iter().enumerate() {
        let others = other_text(&value.others);
        let label = if n == 0 { "attributes" } else { "" };
        put_line(text, label, &format!("{name}: {} ({}){others}", one_line(&value.value), value.source));
    }
    if view.more_attributes > 0 {
        put_line(text, "", &more(view.more_attributes));
    }
    for (n, person) in view.contact_persons.iter().take(PERSONS).enumerate() {
        let told = [&person.name, &person.function, &person.phone, &person.email];
        let told: Vec<String> = told.into_iter().filter(|told| !told.is_empty()).map(|told| one_line(told)).collect();
        put_line(text, if n == 0 { "persons" } else { "" }, &format!("{} ({})", told.join(", "), person.source));
    }
    let unseen = view.contact_persons.len().saturating_sub(PERSONS);
    let unseen = view.more_contact_persons.saturating_add(u32::try_from(unseen).unwrap_or(u32::MAX));
    if unseen > 0 {
        put_line(text, "", &more(unseen));
    }
}

fn other_text(others: &[OtherValue]) -> String {
    if others.is_empty() { String::new() } else { format!("; elsewhere {}", other_values(others)) }
}

/// Values that lost, each once with all who say so.
fn other_values(others: &[OtherValue]) -> String {
    let mut by_value: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    others.iter().for_each(|other| by_value.entry(&other.value).or_default().push(&other.source));
    let one = |(value, sources): (&str, Vec<&str>)| format!("{value} ({})", sources.join(", "));
    by_value.into_iter().map(one).collect::<Vec<_>>().join(", ")
}

fn short_field(field: &str) -> String {
    field.replace("customer_since", "since").replace("_address", "").replace('_', " ")
}

fn write_cases(view: &CustomerView, text: &mut String) {
    let cases = &view.cases;
    if cases.total == 0 && cases.open == 0 {
        return;
    }
    for case in &cases.open_cases {
        open_case(case, text);
    }
    let unseen = cases.open - cases.open_cases.len() as i64;
    let rating = cases
        .satisfaction
        .as_ref()
        .map(|s| format!(", rated {} of 5 ({})", s.mean_of_5, counted(s.rated, "rating", "ratings")))
        .unwrap_or_default();
    let more = if unseen > 0 { format!(" ({unseen} more open)") } else { String::new() };
    put_line(
        text,
        "cases",
        &format!(
            "{} in all, {} open{more}, {} resolved, {} closed, {} reopened{rating}",
            cases.total, cases.open, cases.resolved, cases.closed, cases.reopened
        ),
    );
}

fn open_case(case: &OpenCaseView, text: &mut String) {
    let age = case.age_days.map(|days| format!(", {days} days")).unwrap_or_default();
    let with = if case.with.is_empty() { String::new() } else { format!(", with {}", case.with) };
    let what: Vec<&str> = [case.title.as_str(), case.category.as_str(), case.severity.as_str(), case.product.as_str()]
        .into_iter()
        .filter(|w| !w.is_empty())
        .collect();
    put_line(
        text,
        "OPEN CASE",
        &format!("{} since {}{age}{with}: {}", case.subject, day_text(&case.opened_at), what.join(", ")),
    );
    if !case.words.is_empty() {
        put_line(text, "", &format!("\u{201c}{}\u{201d}", case.words));
    }
    for action in &case.actions {
        let due = action.due_on.as_ref().map(|day| format!(", due {day}")).unwrap_or_default();
        put_line(text, "", &format!("waits for {}: {} {}{due}", action.department, action.action, action.what));
    }
}

fn write_money(view: &CustomerView, text: &mut String) {
    for (currency, sums) in &view.trade.by_currency {
        let amount = |sum: &String| money_text(sum, currency);
        let mut words = vec![format!("net {}", amount(&sums.net))];
        for (label, sum) in [
            ("ordered", &sums.ordered),
            ("invoiced", &sums.invoiced),
            ("credited", &sums.credited),
            ("adjusted", &sums.adjusted),
        ] {
            if !is_zero(sum) {
                words.push(format!("{label} {}", amount(sum)));
            }
        }
        put_line(text, &format!("bought {currency}"), &words.join(", "));
    }
    for (currency, sums) in &view.receivable.by_currency {
        let amount = |sum: &String| money_text(sum, currency);
        let mut words = vec![amount(&sums.owed), format!("open {}", amount(&sums.open))];
        if let Some(overdue) = sums.overdue.as_ref().filter(|sum| !is_zero(sum)) {
            words.push(format!("OVERDUE {}", amount(overdue)));
        }
        for (label, sum) in [
            ("unapplied credit", &sums.unapplied_credit),
            ("unallocated", &sums.unallocated),
            ("of it in advance", &sums.advances),
            ("disputed", &sums.disputed),
            ("invoiced", &sums.invoiced),
            ("paid", &sums.paid),
            ("credited", &sums.credited),
            ("adjusted", &sums.adjusted),
            ("refunded", &sums.refunded),
            ("deducted", &sums.deducted),
        ] {
            if !is_zero(sum) {
                words.push(format!("{label} {}", amount(sum)));
            }
        }
        put_line(text, &format!("owes {currency}"), &words.join(", "));
        if let Some(ageing) = sums.ageing.as_ref().filter(|_| sums.overdue.as_ref().is_some_and(|o| !is_zero(o))) {
            let buckets = [
                ("1-30", &ageing.to_30),
                ("31-60", &ageing.to_60),
                ("61-90", &ageing.to_90),
                ("over 90", &ageing.over_90),
            ];
            let late: Vec<String> = buckets
                .iter()
                .filter(|(_, sum)| !is_zero(sum))
                .map(|(days, sum)| format!("{days} days {}", amount(sum)))
                .collect();
            put_line(text, "", &format!("late by {}", late.join(", ")));
        }
    }
    if let Some(days) = &view.receivable.mean_days_to_pay {
        put_line(
            text,
            "pays",
            &format!(
                "in {days} days on average ({} settled, {} open)",
                counted(view.receivable.settled_invoices, "invoice", "invoices"),
                view.receivable.open_invoices
            ),
        );
    }
}

/// What cannot be honoured: how many of each code, and the latest few with what to do.
fn write_findings(view: &CustomerView, text: &mut String) {
    let findings = &view.findings;
    if findings.total == 0 {
        return;
    }
    let counts: Vec<String> = findings.by_code.iter().map(|(code, n)| format!("{code} {n}x")).collect();
    put_line(text, "FINDINGS", &format!("{} in all: {}", findings.total, counts.join(", ")));
    for finding in &findings.latest {
        put_line(text, "", &line::finding_line(finding));
    }
}

fn write_goods(view: &CustomerView, text: &mut String) {
    let s = &view.shipments;
    if s.open + s.delivered + s.failed + s.damaged > 0 {
        let late = s.late.filter(|n| *n > 0).map(|n| format!(" ({n} LATE)")).unwrap_or_default();
        let share =
            s.on_time_share.as_ref().map(|share| format!(", on time {share} of {}", s.promised)).unwrap_or_default();
        put_line(
            text,
            "shipments",
            &format!(
                "{} on their way{late}, {} delivered, {} failed, {} damaged{share}",
                s.open, s.delivered, s.failed, s.damaged
            ),
        );
    }
}

fn write_habits(view: &CustomerView, text: &mut String) {
    let t = &view.trade;
    if let (Some(first), Some(last)) = (&t.first_at, &t.last_at) {
        let every = t.mean_interval_days.as_ref().map(|days| format!(", every {days} days")).unwrap_or_default();
        let cancelled = if t.cancelled > 0 { format!(" ({} cancelled)", t.cancelled) } else { String::new() };
        put_line(
            text,
            "trade",
            &format!(
                "{}{cancelled}, {}, {}, {}, from {} to {}{every}",
                counted(t.orders, "order", "orders"),
                counted(t.invoices, "invoice", "invoices"),
                counted(t.credit_notes, "credit note", "credit notes"),
                counted(t.returns, "return", "returns"),
                day_text(first),
                day_text(last)
            ),
        );
    }
    if let Some(products) = t.products.as_ref().filter(|p| !p.is_empty()) {
        let names: Vec<String> = products.iter().take(3).map(preferred_text).collect();
        put_line(text, "buys most", &names.join(", "));
    }
    let c = &view.contacts;
    if let (true, Some(last)) = (c.total > 0, &c.last_at) {
        put_line(
            text,
            "contacts",
            &format!("{} ({} in, {} out), last {}", c.total, c.incoming, c.outgoing, day_text(last)),
        );
    }
}

/// A product by its name, or its number where nobody described it.
fn preferred_text(product: &PreferredValue) -> String {
    let name = if product.title.is_empty() { &product.name } else { &product.title };
    format!("{name} ({}x)", product.documents)
}

fn write_latest(view: &CustomerView, text: &mut String) {
    if view.latest.is_empty() {
        return;
    }
    text.push_str("\nlatest\n");
    for row in &view.latest {
        let _ = writeln!(text, "  {}", line::document_row(row));
    }
}
