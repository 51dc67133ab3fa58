//! Puts one event together.

use onefold_event::{Event, FieldValue, IdParts, Locator, Problem, Subject, ValueFault, encode_message};
use rust_decimal::Decimal;

use crate::program::cell::Cell;
use crate::program::event::{EventDef, Revision, To};
use crate::run::cell_value::cell_value;
use crate::run::content::{content_digest, operands};
use crate::run::convert::subject;
use crate::run::expression::holds;
use crate::run::frame::{Bad, Frame};
use crate::run::message::{Message, fill_message};
use crate::run::source_text::source_text;
use crate::values::value::{Moment, Val};

/// The event, unless something is wrong: then everything wrong has been reported.
pub(crate) fn build<'r>(def: &'r EventDef, frame: &Frame<'_, 'r>) -> Option<(Event, Message)> {
    let before = frame.run.errors.borrow().len();
    let subject = about(def, frame);
    let id = id_parts(def, frame);
    let revision = revision(def, frame);
    let at = occurred(def, frame);
    let filled = fill_message(&def.layout, frame);
    for cell in filled.missing {
        frame.missing(cell);
    }
    let mut message = filled.message;
    let references = references(def, frame, &mut message);
    let (Ok(subject), Ok(id), Ok((revision, order)), Ok(at)) = (subject, id, revision, at) else { return None };
    if frame.run.errors.borrow().len() > before {
        return None;
    }
    expectations(def, frame);
    if frame.run.errors.borrow().len() > before {
        return None;
    }
    let source = frame.run.plan.source();
    let parts = IdParts { source, part: &def.part, parts: &id, revision: &revision };
    if let Err(fault) = parts.check() {
        too_long(def, frame, fault);
        return None;
    }
    let made = Event::from_message(
        parts.id(),
        parts.fact(),
        source,
        subject,
        at.micros,
        def.ty.name,
        &encode_message(&message),
    );
    let mut event = match made {
        Ok(event) => event,
        Err(why) => {
            refuse(def, frame, &why.to_string());
            return None;
        }
    };
    for (role, subject) in references {
        if let Err(why) = event.refer(role, subject) {
            refuse(def, frame, &why.to_string());
            return None;
        }
    }
    (event.header.day, event.header.offset) = (at.day, at.offset);
    event.header.revision = revision;
    event.header.revision_order = order;
    event.header.mapping = frame.run.plan.inner.digest.to_vec();
    event.header.locator = Some(locator(frame));
    Some((event, message))
}

/// A text of the id is too long for a key.
fn too_long(def: &EventDef, frame: &Frame, fault: ValueFault) {
    let mut problem = Problem::new(fault.code, fault.message).instead(fault.found, fault.expected);
    (problem.target, problem.help) = (format!("{}.id", def.name), fault.help);
    problem.mapping = Some(frame.run.plan.place(&def.span));
    problem.lines = frame.run.lines(&frame.rows().take(8).collect::<Vec<_>>());
    frame.run.errors.borrow_mut().push(problem);
}

/// The catalogue itself says no. What it says was checked when the connector was read, so this is rare.
fn refuse(def: &EventDef, frame: &Frame, why: &str) {
    let mut problem = Problem::new("R0499", "the catalogue refuses the event").instead(why, def.ty.name);
    problem.target.clone_from(&def.name);
    problem.mapping = Some(frame.run.plan.place(&def.span));
    problem.lines = frame.run.lines(&frame.rows().take(8).collect::<Vec<_>>());
    frame.run.errors.borrow_mut().push(problem);
}

fn locator(frame: &Frame) -> Locator {
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

fn about<'r>(def: &'r EventDef, frame: &Frame<'_, 'r>) -> Result<Subject, Bad> {
    let inner = &def.subject.cell;
    let number = match cell_value(inner, frame)? {
        Val::Text(text) => text,
        _ => return Err(frame.missing(inner)),
    };
    let source = match &def.subject.source {
        Some(of) => frame.text_of(of)?.ok_or_else(|| frame.missing(inner))?,
        None => frame.run.plan.source().into(),
    };
    subject(def.subject.kind, &source, &number).map_err(|fault| frame.fault(inner, fault))
}

/// A part that is blank is an empty part; an id of nothing but blanks names nothing.
fn id_parts<'r>(def: &'r EventDef, frame: &Frame<'_, 'r>) -> Result<Vec<String>, Bad> {
    let (mut parts, mut bad) = (Vec::with_capacity(def.id.len()), None);
    for part in &def.id {
        match source_text(part, frame) {
            Ok(text) => parts.push(text.unwrap_or_default()),
            Err(Bad) => bad = Some(Bad),
        }
    }
    match (bad, def.id.first()) {
        (Some(bad), _) => Err(bad),
        (None, Some(first)) if parts.iter().all(String::is_empty) => Err(frame.missing(first)),
        _ => Ok(parts),
    }
}

fn revision<'r>(def: &'r EventDef, frame: &Frame<'_, 'r>) -> Result<(String, Vec<i64>), Bad> {
    match &def.revision {
        None => Ok((String::new(), Vec::new())),
        Some(Revision::Cell(inner)) => {
            let text = source_text(inner, frame)?.ok_or_else(|| frame.missing(inner))?;
            Ok((text, order(inner, frame)?))
        }
        Some(Revision::Content(inner)) => {
            let text = content_digest(frame);
            Ok((text, inner.as_ref().map_or(Ok(Vec::new()), |inner| order(inner, frame))?))
        }
    }
}

fn order<'r>(inner: &'r Cell, frame: &Frame<'_, 'r>) -> Result<Vec<i64>, Bad> {
    Ok(match cell_value(inner, frame)? {
        Val::Time(moment) => vec![moment.micros],
        Val::Date(date) => {
            vec![i64::from(date.year()) * 10_000 + i64::from(date.month()) * 100 + i64::from(date.day())]
        }
        Val::Integer(n) => vec![n],
        Val::Decimal(d) => {
            let nanos = (d.fract() * Decimal::from(1_000_000_000)).trunc();
            vec![i64::try_from(d.trunc()).unwrap_or(i64::MAX), i64::try_from(nanos).unwrap_or(0)]
        }
        _ => return Err(frame.missing(inner)),
    })
}

pub(crate) fn occurred<'r>(def: &'r EventDef, frame: &Frame<'_, 'r>) -> Result<Moment, Bad> {
    match cell_value(&def.occurred_at, frame)? {
        Val::Time(moment) => Ok(moment),
        _ => Err(frame.missing(&def.occurred_at)),
    }
}

fn references<'r>(def: &'r EventDef, frame: &Frame<'_, 'r>, message: &mut Message) -> Vec<(&'static str, Subject)> {
    let (mut references, mut identifiers) = (Vec::new(), Vec::new());
    for r in &def.refs {
        let Ok(value) = cell_value(&r.cell, frame) else { continue };
        let texts = match value {
            Val::Text(text) => vec![text],
            Val::List(list) => {
                list.into_iter().filter_map(|v| if let Val::Text(t) = v { Some(t) } else { None }).collect()
            }
            _ => continue,
        };
        for text in texts {
            match &r.to {
                // The cell has put the subject together, so it parses.
                To::Subject(role) => references.extend(text.parse().ok().map(|subject| (role.word(), subject))),
                To::Identifier { kind, issuer, role } => {
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

fn expectations<'r>(def: &'r EventDef, frame: &Frame<'_, 'r>) {
    for (name, condition) in &def.expects {
        if holds(condition, frame) != Ok(false) {
            continue;
        }
        let mut problem = Problem::new("R0407", format!("the record is not as expected: {name}"));
        problem.target.clone_from(&condition.target);
        problem.found = operands(condition, frame);
        problem.expected.clone_from(name);
        problem.mapping = Some(frame.run.plan.place(&condition.span));
        problem.lines = frame.run.lines(&frame.rows().take(8).collect::<Vec<_>>());
        frame.run.errors.borrow_mut().push(problem);
    }
}
