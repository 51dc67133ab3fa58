//! Puts one event together.

use onefold_event::{Event, FieldValue, IdParts, Locator, Problem, Subject, ValueFault, encode_message};
use rust_decimal::Decimal;

use crate::program::cell::CellDef;
use crate::program::event::{EventDef, ReferenceTarget, RevisionDef};
use crate::run::cell_value::cell_value;
use crate::run::content::{condition_operands, content_digest};
use crate::run::convert::make_subject;
use crate::run::expression::condition_holds;
use crate::run::frame::{ReportedFault, ScopeFrame};
use crate::run::message::{MessageFields, fill_message};
use crate::run::source_text::source_text;
use crate::values::value::{CellValue, LocalMoment};

/// The event, unless something is wrong: then everything wrong has been reported.
pub(crate) fn build_event<'r>(def: &'r EventDef, frame: &ScopeFrame<'_, 'r>) -> Option<(Event, MessageFields)> {
    // Parts are all worked out before the first failure ends it, so that every error of the record is told.
    let before = frame.run.errors.borrow().len();
    let subject = event_subject(def, frame);
    let id = id_parts(def, frame);
    let revision = event_revision(def, frame);
    let at = occurred_moment(def, frame);
    let filled = fill_message(&def.layout, frame);
    for cell in filled.missing {
        frame.report_missing(cell);
    }
    let mut message = filled.message;
    let references = event_references(def, frame, &mut message);
    let (Ok(subject), Ok(id), Ok((revision, order)), Ok(at)) = (subject, id, revision, at) else { return None };
    if frame.run.errors.borrow().len() > before {
        return None;
    }
    // Only of a record that is otherwise sound: what failed to read would make every expectation fail too.
    check_expectations(def, frame);
    if frame.run.errors.borrow().len() > before {
        return None;
    }
    let source = frame.run.plan.source();
    let parts = IdParts { source, part: &def.part, parts: &id, revision: &revision };
    if let Err(fault) = parts.check_lengths() {
        refuse_long_key(def, frame, fault);
        return None;
    }
    let made = Event::from_message(
        parts.event_id(),
        parts.fact_id(),
        source,
        subject,
        at.micros,
        def.ty.name,
        &encode_message(&message),
    );
    // Through the catalogue's own reader, which is the same at every door.
    let mut event = match made {
        Ok(event) => event,
        Err(why) => {
            refuse_event(def, frame, &why.to_string());
            return None;
        }
    };
    for (role, subject) in references {
        if let Err(why) = event.add_reference(role, subject) {
            refuse_event(def, frame, &why.to_string());
            return None;
        }
    }
    (event.header.day, event.header.offset) = (at.day, at.offset);
    event.header.revision = revision;
    event.header.revision_order = order;
    if frame.run.plan.inner.mapping > 1 {
        // After the source's own order: of one version of the source, what the later mapping makes of it counts.
        event.header.revision_order.push(frame.run.plan.inner.mapping);
    }
    event.header.mapping = frame.run.plan.inner.digest.to_vec();
    event.header.locator = Some(record_locator(frame));
    Some((event, message))
}

/// A text of the id is too long for a key.
fn refuse_long_key(def: &EventDef, frame: &ScopeFrame, fault: ValueFault) {
    let mut problem = Problem::new(fault.code, fault.message).instead(fault.found, fault.expected);
    (problem.target, problem.help) = (format!("{}.id", def.name), fault.help);
    problem.mapping = Some(frame.run.plan.position_of(&def.span));
    problem.lines = frame.run.line_numbers(&frame.row_range().take(8).collect::<Vec<_>>());
    frame.run.errors.borrow_mut().push(problem);
}

/// The catalogue itself says no. What it says was checked when the connector was read, so this is rare.
fn refuse_event(def: &EventDef, frame: &ScopeFrame, why: &str) {
    let mut problem = Problem::new("R0499", "the catalogue refuses the event").instead(why, def.ty.name);
    problem.target.clone_from(&def.name);
    problem.mapping = Some(frame.run.plan.position_of(&def.span));
    problem.lines = frame.run.line_numbers(&frame.row_range().take(8).collect::<Vec<_>>());
    frame.run.errors.borrow_mut().push(problem);
}

fn record_locator(frame: &ScopeFrame) -> Locator {
    let record = frame.run.record;
    let lines = || record.rows.iter().map(|r| r.line);
    Locator {
        connector: frame.run.plan.inner.name.clone(),
        resource: record.resource.to_owned(),
        first_line: lines().min().unwrap_or(0),
        last_line: lines().max().unwrap_or(0).max(record.last_line),
        offset: record.offset,
        length: record.length,
    }
}

fn event_subject<'r>(def: &'r EventDef, frame: &ScopeFrame<'_, 'r>) -> Result<Subject, ReportedFault> {
    let inner = &def.subject.cell;
    let number = match cell_value(inner, frame)? {
        CellValue::Text(text) => text,
        _ => return Err(frame.report_missing(inner)),
    };
    let source = match &def.subject.source {
        Some(of) => frame.text_of(of)?.ok_or_else(|| frame.report_missing(inner))?,
        None => frame.run.plan.source().into(),
    };
    make_subject(def.subject.kind, &source, &number).map_err(|fault| frame.report_fault(inner, fault))
}

/// A part that is blank is an empty part; an id of nothing but blanks names nothing.
fn id_parts<'r>(def: &'r EventDef, frame: &ScopeFrame<'_, 'r>) -> Result<Vec<String>, ReportedFault> {
    let (mut parts, mut bad) = (Vec::with_capacity(def.id.len()), None);
    for part in &def.id {
        match source_text(part, frame) {
            Ok(text) => parts.push(text.unwrap_or_default()),
            Err(ReportedFault) => bad = Some(ReportedFault),
        }
    }
    match (bad, def.id.first()) {
        (Some(bad), _) => Err(bad),
        (None, Some(first)) if parts.iter().all(String::is_empty) => Err(frame.report_missing(first)),
        _ => Ok(parts),
    }
}

fn event_revision<'r>(def: &'r EventDef, frame: &ScopeFrame<'_, 'r>) -> Result<(String, Vec<i64>), ReportedFault> {
    match &def.revision {
        None => Ok((String::new(), Vec::new())),
        Some(RevisionDef::Cell(inner)) => {
            let text = source_text(inner, frame)?.ok_or_else(|| frame.report_missing(inner))?;
            Ok((text, revision_order(inner, frame)?))
        }
        Some(RevisionDef::Content(inner)) => {
            let text = content_digest(frame);
            Ok((text, inner.as_ref().map_or(Ok(Vec::new()), |inner| revision_order(inner, frame))?))
        }
    }
}

fn revision_order<'r>(inner: &'r CellDef, frame: &ScopeFrame<'_, 'r>) -> Result<Vec<i64>, ReportedFault> {
    Ok(match cell_value(inner, frame)? {
        CellValue::Time(moment) => vec![moment.micros],
        CellValue::Date(date) => {
            vec![i64::from(date.year()) * 10_000 + i64::from(date.month()) * 100 + i64::from(date.day())]
        }
        CellValue::Integer(n) => vec![n],
        CellValue::Decimal(d) => {
            let nanos = (d.fract() * Decimal::from(1_000_000_000)).trunc();
            vec![i64::try_from(d.trunc()).unwrap_or(i64::MAX), i64::try_from(nanos).unwrap_or(0)]
        }
        _ => return Err(frame.report_missing(inner)),
    })
}

pub(crate) fn occurred_moment<'r>(def: &'r EventDef, frame: &ScopeFrame<'_, 'r>) -> Result<LocalMoment, ReportedFault> {
    match cell_value(&def.occurred_at, frame)? {
        CellValue::Time(moment) => Ok(moment),
        _ => Err(frame.report_missing(&def.occurred_at)),
    }
}

fn event_references<'r>(
    def: &'r EventDef,
    frame: &ScopeFrame<'_, 'r>,
    message: &mut MessageFields,
) -> Vec<(&'static str, Subject)> {
    let (mut references, mut identifiers) = (Vec::new(), Vec::new());
    for r in &def.refs {
        let Ok(value) = cell_value(&r.cell, frame) else { continue };
        let texts = match value {
            CellValue::Text(text) => vec![text],
            CellValue::List(list) => {
                list.into_iter().filter_map(|v| if let CellValue::Text(t) = v { Some(t) } else { None }).collect()
            }
            _ => continue,
        };
        for text in texts {
            match &r.to {
                // The cell has put the subject together, so it parses.
                ReferenceTarget::Subject(role) => {
                    references.extend(text.parse().ok().map(|subject| (role.word(), subject)))
                }
                ReferenceTarget::Identifier { kind, issuer, role } => {
                    let issuer = match issuer {
                        Some(of) => frame.text_of(of).ok().flatten().unwrap_or_default().into_owned(),
                        None => String::new(),
                    };
                    let word = |t: &str| FieldValue::Text(t.to_owned());
                    let fields =
                        vec![(1, word(kind)), (2, word(&text)), (3, FieldValue::Text(issuer)), (4, word(role))];
                    identifiers.push(FieldValue::Message(fields));
                }
            }
        }
    }
    if let (false, Some(field)) = (identifiers.is_empty(), def.ty.fields.iter().find(|f| f.name == "identifiers")) {
        match message.iter_mut().find(|(number, _)| *number == field.number) {
            Some((_, FieldValue::List(list))) => list.extend(identifiers),
            _ => message.push((field.number, FieldValue::List(identifiers))),
        }
    }
    references
}

fn check_expectations<'r>(def: &'r EventDef, frame: &ScopeFrame<'_, 'r>) {
    for (name, condition) in &def.expects {
        if condition_holds(condition, frame) != Ok(false) {
            continue;
        }
        let mut problem = Problem::new("R0407", format!("the record is not as expected: {name}"));
        problem.target.clone_from(&condition.target);
        problem.found = condition_operands(condition, frame);
        problem.expected.clone_from(name);
        problem.mapping = Some(frame.run.plan.position_of(&condition.span));
        problem.lines = frame.run.line_numbers(&frame.row_range().take(8).collect::<Vec<_>>());
        frame.run.errors.borrow_mut().push(problem);
    }
}
