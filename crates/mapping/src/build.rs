//! Puts one event together.

use onefold_event::{
    Event, Field, FieldKind, FieldValue, IdParts, Locator, Problem, Subject, ValueFault, encode_message,
};
use rust_decimal::Decimal;

use crate::cell::Cell;
use crate::convert::subject;
use crate::eval::{cell, source_text};
use crate::event_def::{EventDef, Revision};
use crate::expr::holds;
use crate::frame::{Bad, Frame};
use crate::layout::{Layout, LayoutFill};
use crate::refs::To;
use crate::scope::{Fill, SlotRef};
use crate::value::{Fault, Moment, Val};

pub(crate) type Message = Vec<(u32, FieldValue)>;

/// The event, unless something is wrong: then everything wrong has been reported.
pub(crate) fn build<'r>(def: &'r EventDef, frame: &Frame<'_, 'r>) -> Option<(Event, Message)> {
    let before = frame.run.errors.borrow().len();
    let subject = about(def, frame);
    let id = id_parts(def, frame);
    let revision = revision(def, frame);
    let at = occurred(def, frame);
    let filled = fill(&def.layout, frame);
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
    let number = match cell(inner, frame)? {
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
            let text = crate::content::digest(frame);
            Ok((text, inner.as_ref().map_or(Ok(Vec::new()), |inner| order(inner, frame))?))
        }
    }
}

fn order<'r>(inner: &'r Cell, frame: &Frame<'_, 'r>) -> Result<Vec<i64>, Bad> {
    Ok(match cell(inner, frame)? {
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

fn occurred<'r>(def: &'r EventDef, frame: &Frame<'_, 'r>) -> Result<Moment, Bad> {
    match cell(&def.occurred_at, frame)? {
        Val::Time(moment) => Ok(moment),
        _ => Err(frame.missing(&def.occurred_at)),
    }
}

fn references<'r>(def: &'r EventDef, frame: &Frame<'_, 'r>, message: &mut Message) -> Vec<(&'static str, Subject)> {
    let (mut references, mut identifiers) = (Vec::new(), Vec::new());
    for r in &def.refs {
        let Ok(value) = cell(&r.cell, frame) else { continue };
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
        problem.found = crate::content::operands(condition, frame);
        problem.expected.clone_from(name);
        problem.mapping = Some(frame.run.plan.place(&condition.span));
        problem.lines = frame.run.lines(&frame.rows().take(8).collect::<Vec<_>>());
        frame.run.errors.borrow_mut().push(problem);
    }
}

/// What the slots of a message gave.
#[derive(Default)]
struct Filled<'r> {
    message: Message,
    /// Something that the source says is there.
    read: bool,
    /// Nothing in it is asked of the source.
    constants: bool,
    /// Required, and not there.
    missing: Vec<&'r Cell>,
}

fn fill<'r>(layout: &'r [Layout], frame: &Frame<'_, 'r>) -> Filled<'r> {
    let mut filled = Filled { constants: true, ..Filled::default() };
    for part in layout {
        let value = match &part.fill {
            LayoutFill::Slot(slot) => single(*slot, part.field, frame, &mut filled),
            LayoutFill::Slots(slots) => {
                let mut list = Vec::new();
                let mut one = Filled::default();
                for slot in slots {
                    if let Some(FieldValue::List(values)) = single(*slot, part.field, frame, &mut one) {
                        list.extend(values);
                    }
                }
                filled.read |= one.read;
                filled.constants &= slots.iter().all(|s| inner(*s, frame).is_some_and(Cell::is_constant));
                if list.is_empty() {
                    filled.missing.extend(one.missing.first());
                }
                (!list.is_empty()).then_some(FieldValue::List(list))
            }
            LayoutFill::Message(fields) => nested(fields, frame, &mut filled).map(FieldValue::Message),
            LayoutFill::Messages(messages) => {
                let list: Vec<_> =
                    messages.iter().filter_map(|m| nested(m, frame, &mut filled).map(FieldValue::Message)).collect();
                (!list.is_empty()).then_some(FieldValue::List(list))
            }
            LayoutFill::List { slot, fields } => items(*slot, fields, frame, &mut filled),
        };
        filled.message.extend(value.map(|v| (part.field.number, v)));
    }
    filled
}

fn inner<'r>(slot: usize, frame: &Frame<'_, 'r>) -> Option<&'r Cell> {
    match &frame.scope.slots.get(slot)?.fill {
        Fill::Cell(cell) => Some(cell),
        _ => None,
    }
}

/// A message of its own; None where nothing that it asks of the source is there. Then nothing is missing either.
fn nested<'r>(fields: &'r [Layout], frame: &Frame<'_, 'r>, outer: &mut Filled<'r>) -> Option<Message> {
    let filled = fill(fields, frame);
    outer.read |= filled.read;
    outer.constants = false;
    if !filled.read && !filled.constants {
        return None;
    }
    for cell in filled.missing {
        frame.missing(cell);
    }
    (!filled.message.is_empty()).then_some(filled.message)
}

fn items<'r>(slot: usize, fields: &'r [Layout], frame: &Frame<'_, 'r>, outer: &mut Filled<'r>) -> Option<FieldValue> {
    outer.constants = false;
    let at = SlotRef { up: 0, index: slot };
    let (owner, items) = frame.list(at).ok()?;
    let mut list = Vec::with_capacity(items.len());
    for item in items {
        let frame = owner.item(at, item)?;
        list.extend(nested(fields, &frame, outer).map(FieldValue::Message));
    }
    (!list.is_empty()).then_some(FieldValue::List(list))
}

fn single<'r>(slot: usize, field: &Field, frame: &Frame<'_, 'r>, filled: &mut Filled<'r>) -> Option<FieldValue> {
    let inner = inner(slot, frame)?;
    filled.constants &= inner.is_constant();
    let Ok(value) = frame.value(SlotRef { up: 0, index: slot }) else {
        // What is bad is there, and has been reported.
        filled.read = true;
        return None;
    };
    let values = match value {
        Val::Absent => Vec::new(),
        Val::List(list) => list,
        one => vec![one],
    };
    if values.is_empty() {
        filled.missing.extend(field.required.then_some(inner));
        return None;
    }
    filled.read |= !inner.is_constant();
    let mut encoded = values.into_iter().filter_map(|v| match encode(v, field) {
        Ok(value) => Some(value),
        Err(fault) => {
            frame.fault(inner, fault);
            None
        }
    });
    if field.repeated { Some(FieldValue::List(encoded.collect())) } else { encoded.next() }
}

fn encode(value: Val, field: &Field) -> Result<FieldValue, Fault> {
    Ok(match (value, &field.kind) {
        (Val::Text(word), FieldKind::Enum(words)) => {
            FieldValue::Enum(words.iter().find(|(w, _)| *w == word).map_or(0, |(_, n)| *n))
        }
        (Val::Text(text), _) => FieldValue::Text(text.into_owned()),
        (Val::Integer(n), FieldKind::Integer) if (0..=i64::from(u32::MAX)).contains(&n) => FieldValue::Integer(n),
        (Val::Integer(n), FieldKind::Integer) => {
            return Err(Fault::new("R0414", "this is not a whole number")
                .instead(n.to_string(), "a whole number from 0 to 4294967295"));
        }
        (Val::Decimal(d), _) => FieldValue::Text(digits(d)?),
        (Val::Money(d, currency), _) => FieldValue::money(digits(d)?, currency.code().to_owned()),
        (Val::Date(date), _) => FieldValue::Text(date.to_string()),
        (Val::Bool(flag), _) => FieldValue::Bool(flag),
        (other, _) => FieldValue::Text(other.show()),
    })
}

/// As `onefold_event::parse_decimal` reads it back: at most 15 digits, a point and at most 9 more.
fn digits(d: Decimal) -> Result<String, Fault> {
    let text = d.to_string();
    match onefold_event::parse_decimal(&text) {
        Ok(_) => Ok(text),
        Err(_) => Err(Fault::new("R0413", "a number has too many digits")
            .instead(text, "at most 15 digits before the point and 9 after it")
            .help("`round = 2` keeps two decimals")),
    }
}
