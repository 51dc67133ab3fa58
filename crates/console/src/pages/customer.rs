//! A customer on one screen.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use onefold_service::{
    CustomerOverview, CustomerReference, CustomerView, Notice, NoticeLevel, OpenEntry, OpenKind, ServiceError,
};
use onefold_view::{ContactPersonView, ProfileValue};
use serde::Deserialize;

use super::worth::{AgeingBar, FigureLine, SectionLines, ageing_bars, sections, worth_lines};
use crate::page::{PageFrame, PageRequest, see_other};
use crate::shown::{DocumentLine, PageClock, ShownTime, label_beside, money, number_of};
use crate::words::Words;

/// Things that are open, of which so many are shown; what to know first.
const OPEN: usize = 8;
const NOTICES: usize = 5;
/// Documents on the timeline of the page.
const TIMELINE: usize = 20;
/// Records, identifiers and attributes that are shown.
const RECORDS: usize = 12;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct ForwardedQuery {
    /// The id that was asked for, where it belongs to another customer now.
    #[serde(default)]
    was: String,
}

/// A value of the profile, with who says so and what others say.
pub(super) struct FactLine {
    label: String,
    value: String,
    /// Where the value leads, such as `tel:`.
    href: String,
    source: String,
    others: Vec<String>,
    /// Where its reason is; empty: nowhere of its own.
    why: String,
}

/// One thing to know first.
struct NoticeLine {
    level: &'static str,
    mark: &'static str,
    text: String,
    path: String,
}

/// One thing that is open.
struct OpenLine {
    kind: &'static str,
    icon: &'static str,
    number: String,
    path: String,
    about: String,
    has_failed: bool,
    with: String,
    since: Option<ShownTime>,
    due: String,
    lateness: String,
    is_late: bool,
    amount: String,
    next_step: String,
}

/// An identifier, with how it counts.
struct IdentifierLine {
    kind: String,
    value: String,
    state: &'static str,
    problem: String,
    sources: String,
}

/// A record of a source.
struct RecordLine {
    party: String,
    source: String,
    number: String,
    fate: String,
}

/// Documents of one day.
pub(super) struct DayLines {
    pub(super) day: String,
    pub(super) rows: Vec<DocumentLine>,
}

#[derive(Template)]
#[template(path = "customer.html")]
struct CustomerPage {
    frame: PageFrame,
    name: String,
    id: String,
    short_id: String,
    forwarded: String,
    reach: Vec<FactLine>,
    facts: Vec<FactLine>,
    records: Vec<RecordLine>,
    more_records: usize,
    id_why: String,
    identifiers: Vec<IdentifierLine>,
    more_identifiers: usize,
    attributes: Vec<FactLine>,
    persons: Vec<FactLine>,
    /// Attributes and contact persons that are not shown.
    more_values: u32,
    /// Of decisions that cannot be honoured, parties of this customer and those who are kept apart from them.
    kept_apart: Vec<(String, String)>,
    notices: Vec<NoticeLine>,
    more_notices: usize,
    nothing_urgent: String,
    open: Vec<OpenLine>,
    more_open: String,
    worth: Vec<FigureLine>,
    ageing: Vec<AgeingBar>,
    sections: Vec<SectionLines>,
    timeline: Vec<DayLines>,
    timeline_path: String,
}

/// The address of a customer ends with a slash.
pub(crate) async fn get_without_slash(request: PageRequest, Path(id): Path<String>) -> Response {
    see_other(&request.clock.customer_path(&id))
}

pub(crate) async fn get_customer(
    request: PageRequest,
    Path(id): Path<String>,
    Query(forwarded): Query<ForwardedQuery>,
) -> Response {
    match show_customer(&request, &id, &forwarded.was).await {
        Ok(response) => response,
        Err(error) => request.refuse(&error),
    }
}

async fn show_customer(request: &PageRequest, id: &str, was: &str) -> Result<Response, ServiceError> {
    let reference = request.service.read_reference(id).await?;
    if let Some(document) = reference.document() {
        return Ok(see_other(&request.clock.document_path(document.as_str())));
    }
    let today = request.clock.today.0;
    if let Some(clocks) = &request.clocks {
        let past = request.service.past_overview(&reference, clocks, today).await?;
        return Ok(request.answer(&customer_page(request, past.answer, was)));
    }
    // One address for one customer: what it bears now, whatever it was called. An identifier never is that.
    let CustomerReference::Id(asked) = &reference else {
        let name = request.service.customer_name(&reference).await?;
        return Ok(see_other(&request.clock.customer_path(&name.id)));
    };
    let overview = request.service.overview(&reference, today).await?;
    if overview.view.id != id {
        return Ok(see_other(&format!("{}?was={asked}", request.clock.customer_path(&overview.view.id))));
    }
    Ok(request.answer(&customer_page(request, overview, was)))
}

fn customer_page(request: &PageRequest, overview: CustomerOverview, was: &str) -> CustomerPage {
    let CustomerOverview { view, notices, open, latest } = overview;
    let (clock, language, words) = (&request.clock, request.clock.language, request.words());
    let documents: Vec<DocumentLine> = latest.items.iter().map(|document| clock.document(document)).collect();
    let timeline_path = format!("timeline{}", clock.query);
    let name = view.profile.get("name").map_or(words.name_unknown, |name| name.value.as_str()).to_owned();
    let more_open = open.items.len().saturating_sub(OPEN) as i64 + open.more;
    let attributes = view.attributes.iter();
    CustomerPage {
        frame: request.frame(),
        forwarded: if was.is_empty() { String::new() } else { language.forwarded(was) },
        reach: reach(clock, &view),
        facts: facts(clock, &view),
        records: records(clock, &view),
        id_why: clock.why_path("id"),
        more_records: view.parties.len().saturating_sub(RECORDS),
        identifiers: identifiers(words, &view).take(RECORDS).collect(),
        more_identifiers: identifiers(words, &view).count().saturating_sub(RECORDS),
        attributes: attributes.map(|(name, value)| fact(clock, &format!("attributes.{name}"), name, value)).collect(),
        persons: view.contact_persons.iter().map(person_fact).collect(),
        more_values: view.more_attributes + view.more_contact_persons,
        kept_apart: view.kept_apart.iter().map(|kept| (kept.parties.join(", "), kept.others.join(", "))).collect(),
        more_notices: notices.len().saturating_sub(NOTICES),
        notices: notices.iter().take(NOTICES).map(|notice| notice_line(clock, notice)).collect(),
        nothing_urgent: language.nothing_urgent(&clock.today.to_string()),
        open: open.items.iter().take(OPEN).map(|entry| open_line(clock, entry)).collect(),
        more_open: if more_open > 0 { language.more_open(more_open) } else { String::new() },
        worth: worth_lines(clock, &view),
        ageing: ageing_bars(clock, &view),
        sections: sections(clock, &view, &documents, latest.next.is_some(), &timeline_path),
        timeline: by_day(documents.into_iter().take(TIMELINE)),
        timeline_path,
        short_id: view.id.get(..8).unwrap_or(&view.id).to_owned(),
        id: view.id,
        name,
    }
}

fn person_fact(person: &ContactPersonView) -> FactLine {
    let reached = [person.name.as_str(), &person.phone, &person.email];
    FactLine {
        label: person.function.clone(),
        value: reached.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · "),
        href: String::new(),
        source: person.source.clone(),
        others: Vec::new(),
        why: String::new(),
    }
}

/// A value by the name of its field, which a source may have made up.
fn fact(clock: &PageClock, path: &str, field: &str, value: &ProfileValue) -> FactLine {
    let words = clock.language.words();
    FactLine {
        label: words.field(field).map_or_else(|| field.replace('_', " "), str::to_owned),
        value: words.party_kind(field, &value.value).map_or_else(|| value.value.clone(), str::to_owned),
        href: String::new(),
        source: value.source.clone(),
        others: value.others.iter().map(|other| format!("{} ({})", other.value, other.source)).collect(),
        why: clock.why_path(path),
    }
}

/// Phones and mail addresses that lead to it, then when it was last in contact.
fn reach(clock: &PageClock, view: &CustomerView) -> Vec<FactLine> {
    let words = clock.language.words();
    let mut all: Vec<FactLine> = Vec::new();
    for (kind, label, scheme) in [("phone", words.phone, "tel:"), ("email", words.email, "mailto:")] {
        let held =
            view.identifiers.iter().filter(|one| one.kind == kind && !["withdrawn", "invalid"].contains(&one.state));
        all.extend(held.take(3).map(|one| FactLine {
            label: label.to_owned(),
            value: one.value.clone(),
            href: format!("{scheme}{}", one.value),
            source: one.sources.join(", "),
            others: Vec::new(),
            why: String::new(),
        }));
    }
    all.extend(view.contacts.last_at.map(|at| clock.time(at)).map(|at| FactLine {
        label: words.last_contact.to_owned(),
        value: format!("{} · {}", at.text, at.age),
        href: String::new(),
        source: view.contacts.latest.first().map(|row| row.label.clone()).unwrap_or_default(),
        others: Vec::new(),
        why: String::new(),
    }));
    all
}

fn facts(clock: &PageClock, view: &CustomerView) -> Vec<FactLine> {
    let shown = view.profile.iter().filter(|(field, _)| *field != "name");
    shown.map(|(field, value)| fact(clock, &format!("profile.{field}"), field, value)).collect()
}

fn records(clock: &PageClock, view: &CustomerView) -> Vec<RecordLine> {
    let words = clock.language.words();
    let mut fates: BTreeMap<&str, String> = BTreeMap::new();
    for record in &view.records {
        let what = match record.state {
            "merged" => words.merged_at_source,
            "split" => words.split_at_source,
            _ => words.retired_at_source,
        };
        let apart = if record.kept_apart { format!(" · {}", words.kept_apart) } else { String::new() };
        let said = format!("{what} {} {}{apart}", clock.time(record.at).day, record.other);
        fates.entry(&record.party).or_insert(said);
    }
    let line = |party: &String| {
        let (number, source) = number_of(party);
        let fate = fates.get(party.as_str()).cloned().unwrap_or_default();
        RecordLine { party: party.clone(), source, number, fate }
    };
    view.parties.iter().take(RECORDS).map(line).collect()
}

/// Beside the numbers of its records.
fn identifiers(words: &Words, view: &CustomerView) -> impl Iterator<Item = IdentifierLine> {
    view.identifiers.iter().filter(|one| one.kind != "number").map(|one| IdentifierLine {
        kind: words.field(&one.kind).map_or_else(|| one.kind.replace('_', " "), str::to_owned),
        value: one.value.clone(),
        state: words.identifier_state(one.state),
        problem: one.problem.clone(),
        sources: one.sources.join(", "),
    })
}

fn notice_line(clock: &PageClock, notice: &Notice) -> NoticeLine {
    let language = clock.language;
    let level = notice.level();
    let path = match notice {
        Notice::CaseOpen { subject, .. } => clock.document_path(subject),
        Notice::DeliveryFailed { .. } | Notice::ShipmentsLate { .. } => "#shipments".to_owned(),
        Notice::Overdue { .. } | Notice::Disputed { .. } => "#money".to_owned(),
        Notice::Quiet { .. } => "#orders".to_owned(),
        Notice::Findings { .. } => "#timeline".to_owned(),
        Notice::KeptApart { .. } | Notice::Full { .. } | Notice::StandsForOthers { .. } => "#profile".to_owned(),
    };
    let mark = match level {
        NoticeLevel::Critical => "critical",
        NoticeLevel::Warning => "warning",
        NoticeLevel::Neutral => "neutral",
    };
    NoticeLine { level: language.words().level(level), mark, text: language.notice(notice), path }
}

fn open_line(clock: &PageClock, entry: &OpenEntry) -> OpenLine {
    let (words, language) = (clock.language.words(), clock.language);
    let (kind, icon) = match entry.kind {
        OpenKind::Case => (words.case, "service"),
        OpenKind::Invoice | OpenKind::InvoicesNotDue => (words.invoice, "finance"),
        OpenKind::Shipment | OpenKind::FailedShipment if entry.subject.starts_with("delivery:") => {
            (words.delivery, "warehouse")
        }
        OpenKind::Shipment | OpenKind::FailedShipment => (words.track, "carrier"),
    };
    let (number, _) = number_of(&entry.subject);
    let about = match entry.kind {
        OpenKind::InvoicesNotDue if entry.count > 1 => language.invoices_not_due(entry.count),
        _ => label_beside(&number, &entry.about).to_owned(),
    };
    OpenLine {
        kind,
        icon,
        number,
        has_failed: entry.kind == OpenKind::FailedShipment,
        path: if entry.subject.is_empty() { String::new() } else { clock.document_path(&entry.subject) },
        about,
        with: entry.with.clone(),
        since: entry.since.map(|since| clock.time(since)),
        due: entry.due_on.clone().unwrap_or_default(),
        lateness: entry.late_days.map(|days| language.lateness(days)).unwrap_or_default(),
        is_late: entry.late_days.is_some_and(|days| days > 0),
        amount: match (&entry.amount, &entry.currency) {
            (Some(amount), Some(currency)) => money(amount, currency),
            _ => String::new(),
        },
        next_step: entry.next_step.clone(),
    }
}

/// Documents under the days on which they came to be, in the order in which they come.
pub(super) fn by_day(documents: impl Iterator<Item = DocumentLine>) -> Vec<DayLines> {
    let mut days: Vec<DayLines> = Vec::new();
    for document in documents {
        match days.last_mut() {
            Some(last) if last.day == document.at.day => last.rows.push(document),
            _ => days.push(DayLines { day: document.at.day.clone(), rows: vec![document] }),
        }
    }
    days
}
