//! Why a value is what it is.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use onefold_event::Subject;
use onefold_service::{DecisionView, ExplainedTerm, Explanation, ServiceError};
use onefold_view::amount_text;

use super::document::{EventRow, event_row, value_text};
use crate::page::{PageFrame, PageRequest};
use crate::shown::{PageClock, path_part};

/// Parts that are shown; JSON has all.
const PARTS: usize = 100;

/// What a document or a party gives.
struct PartLine {
    day: String,
    subject: String,
    path: String,
    status: &'static str,
    value: String,
    why: String,
    terms: Vec<TermLine>,
}

/// A term of what a document leaves open.
struct TermLine {
    what: String,
    by: String,
    path: String,
    amount: String,
}

/// What a party says.
struct StatementLine {
    party: String,
    path: String,
    source: String,
    day: String,
    value: String,
    lost_by: &'static str,
}

/// What could have counted, and does not.
struct LostLine {
    subject: String,
    path: String,
    why: String,
}

/// A party, and the chain of values and decisions that joins it.
struct LinkLine {
    party: String,
    first_seen: String,
    steps: Vec<String>,
}

#[derive(Template)]
#[template(path = "why.html")]
struct WhyPage {
    frame: PageFrame,
    /// What the value is of, and where that is shown.
    of: String,
    of_path: String,
    path: String,
    value: String,
    sentence: String,
    rule: &'static str,
    formula: &'static str,
    /// Figures of the formula, by name.
    figures: Vec<(String, String)>,
    /// Values of which this one is made, each with where its reason is.
    fields: Vec<(String, String)>,
    parts: Vec<PartLine>,
    more_parts: usize,
    decisions: Vec<String>,
    terms: Vec<TermLine>,
    statements: Vec<StatementLine>,
    links: Vec<LinkLine>,
    lost: Vec<LostLine>,
    events: Vec<EventRow>,
    more_events: usize,
}

pub(crate) async fn get_customer_why(request: PageRequest, Path((id, path)): Path<(String, String)>) -> Response {
    show_why(&request, &id, &path, request.clock.customer_path(&id)).await
}

pub(crate) async fn get_document_why(request: PageRequest, Path((subject, path)): Path<(String, String)>) -> Response {
    show_why(&request, &subject, &path, request.clock.document_path(&subject)).await
}

async fn show_why(request: &PageRequest, of: &str, path: &str, of_path: String) -> Response {
    match read_why(request, of, path).await {
        Ok(explanation) => request.answer(&why_page(request, of, of_path, &explanation)),
        Err(error) => request.refuse(&error),
    }
}

async fn read_why(request: &PageRequest, of: &str, path: &str) -> Result<Explanation, ServiceError> {
    let reference = request.service.read_reference(of).await?;
    let today = Some(request.clock.today.0);
    match &request.clocks {
        None => request.service.explain(&reference, path, today).await,
        Some(clocks) => request.service.past_explain(&reference, path, clocks, today).await,
    }
}

fn why_page(request: &PageRequest, of: &str, of_path: String, told: &Explanation) -> WhyPage {
    let (clock, words) = (&request.clock, request.words());
    let day = |at: onefold_event::Occurred| clock.time(at).day;
    let parts = told.parts.iter().take(PARTS).map(|part| PartLine {
        day: part.at.map(day).unwrap_or_default(),
        path: clock.subject_path(&part.subject),
        subject: part.subject.clone(),
        status: words.status(part.subject.parse::<Subject>().ok().map(|subject| subject.kind()), part.status).0,
        value: value_text(&part.value),
        why: part.why.clone(),
        terms: part.terms.iter().map(|term| term_line(clock, term)).collect(),
    });
    let statements = told.statements.iter().map(|said| StatementLine {
        path: clock.subject_path(&said.party),
        party: said.party.clone(),
        source: said.source.clone(),
        day: said.at.map(day).unwrap_or_default(),
        value: value_text(&said.value),
        lost_by: said.lost_by,
    });
    let links = told.links.iter().map(|link| LinkLine {
        party: link.party.clone(),
        first_seen: link.first_seen.clone(),
        steps: link.path.iter().map(|step| format!("{} → {}: {}", step.from, step.to, step.by)).collect(),
    });
    let lost = told.lost.iter().map(|lost| LostLine {
        path: clock.subject_path(&lost.subject),
        subject: lost.subject.clone(),
        why: lost.why.clone(),
    });
    WhyPage {
        frame: request.frame(),
        of: of.to_owned(),
        of_path,
        path: told.path.clone(),
        value: if told.value.is_object() { String::new() } else { value_text(&told.value) },
        sentence: told.sentence.clone(),
        rule: told.rule,
        formula: told.formula,
        figures: told.figures.iter().map(|figure| (figure.name.clone(), value_text(&figure.value))).collect(),
        // Reasons stand side by side, so the name of another one is the address of its page.
        fields: told.fields.iter().map(|name| (name.clone(), format!("{}{}", path_part(name), clock.query))).collect(),
        parts: parts.collect(),
        more_parts: told.parts.len().saturating_sub(PARTS),
        decisions: told.decisions.iter().map(decision_line).collect(),
        terms: told.terms.iter().map(|term| term_line(clock, term)).collect(),
        statements: statements.collect(),
        links: links.collect(),
        lost: lost.collect(),
        events: told.events.iter().map(|event| event_row(clock, event)).collect(),
        more_events: told.more_events,
    }
}

fn term_line(clock: &PageClock, term: &ExplainedTerm) -> TermLine {
    TermLine {
        what: term.what.replace('_', " "),
        path: if term.by.is_empty() { String::new() } else { clock.subject_path(&term.by) },
        by: term.by.clone(),
        amount: amount_text(&term.amount),
    }
}

fn decision_line(made: &DecisionView) -> String {
    format!("{} {} · {} · {}: {}", made.decided_at, made.subject, made.what.replace('_', " "), made.by, made.why)
}
