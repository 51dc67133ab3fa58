//! `[test]`: the connector file's own tests, which run before it may run.

use std::collections::BTreeMap;

use onefold_event::{Field, FieldKind, FieldValue, Occurred, Problem, parse_decimal, parse_instant, parse_time};
use serde::Serialize;
use serde_json::Value as Json;

use crate::connector::Connector;
use crate::fill::Above;
use crate::map::{Ended, Made};
use crate::nearest::did_you_mean;
use crate::node::Node;
use crate::plan::Plan;
use crate::read::{Format, Header};
use crate::record::{RecordIn, Row, RowIn};
use crate::source::{Faults, Span};

/// How a test of the connector file ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TestOutcome {
    /// Its name.
    pub name: String,
    /// What was not as it says; empty: it passed.
    pub problems: Vec<Problem>,
}

#[derive(Debug)]
pub(crate) struct Trial {
    name: String,
    span: Span,
    input: String,
    emits: Option<Vec<String>>,
    rejects: Vec<String>,
    skips: Vec<String>,
    checks: Vec<(String, String, Span)>,
}

impl Trial {
    pub(crate) fn read(
        node: Option<&Node>,
        events: &[&str],
        reasons: &[&str],
        load: &dyn Fn(&str) -> Result<String, String>,
        faults: &mut Faults,
    ) -> Vec<Self> {
        let mut trials = Vec::new();
        for entry in node.map_or(&[][..], Node::entries) {
            let n = &entry.node;
            if !n.table(faults) {
                continue;
            }
            n.only(
                faults,
                &format!("[test.\"{}\"]", entry.key),
                &["input", "file", "emits", "rejects", "skips", "check"],
            );
            let list = |key: &str, known: Option<&[&str]>, faults: &mut Faults| {
                let words = n.get(key).map(|w| (w.texts(faults), w.span.clone()));
                if let (Some((words, span)), Some(known)) = (&words, known) {
                    for word in words.iter().filter(|w| !known.contains(&w.as_str())) {
                        let mut problem = Problem::new("M0603", format!("there is no `{word}` in this connector"));
                        problem.help.extend(did_you_mean(word, known.iter().copied()));
                        faults.add(span, problem);
                    }
                }
                words.map(|(words, _)| words)
            };
            let emits = list("emits", Some(events), faults);
            let rejects = list("rejects", None, faults);
            let skips = list("skips", Some(reasons), faults);
            let input = match (n.get("input"), n.get("file")) {
                (Some(text), _) => text.text(faults).unwrap_or_default().to_owned(),
                (None, Some(file)) => match file.text(faults).map(load) {
                    Some(Ok(text)) => text,
                    Some(Err(why)) => {
                        faults.say(&file.span, "M0501", format!("the test's file cannot be read: {why}"));
                        continue;
                    }
                    None => continue,
                },
                (None, None) => {
                    faults.say(&entry.at, "M0102", "a test has an `input` or a `file`");
                    continue;
                }
            };
            let checks: Vec<_> = (n.get("check").map_or(&[][..], Node::entries).iter())
                .filter_map(|e| Some((e.key.clone(), e.node.text(faults)?.to_owned(), e.at.clone())))
                .collect();
            if emits.is_none() && rejects.is_none() && skips.is_none() && checks.is_empty() {
                faults.say(&entry.at, "M0601", "this test says nothing: add emits, rejects, skips or check");
            }
            trials.push(Self {
                name: entry.key.clone(),
                span: entry.at.clone(),
                input,
                emits,
                rejects: rejects.unwrap_or_default(),
                skips: skips.unwrap_or_default(),
                checks,
            });
        }
        trials
    }
}

impl Connector {
    /// Runs the connector file's own tests. Columns that a test's input leaves out are blank.
    pub fn run_tests(&self) -> Vec<TestOutcome> {
        self.inner.trials.iter().map(|t| TestOutcome { name: t.name.clone(), problems: self.run(t) }).collect()
    }

    fn run(&self, trial: &Trial) -> Vec<Problem> {
        let place = |span: &Span| Some(self.inner.source.place(span));
        let ended = match self.end_all(&trial.input) {
            Ok(ended) => ended,
            Err(mut problems) => {
                problems.iter_mut().filter(|p| p.mapping.is_none()).for_each(|p| p.mapping = place(&trial.span));
                return problems;
            }
        };
        let (mut made, mut rejected, mut skipped): (Vec<Made>, Vec<Problem>, Vec<String>) = Default::default();
        for end in ended {
            match end {
                Ended::Mapped(events, _) => made.extend(events),
                Ended::Quarantined(problems) => rejected.extend(problems),
                Ended::Skipped(reason) => skipped.push(reason),
            }
        }
        let mut problems = Vec::new();
        let mut fail = |span: &Span, message: String, found: String, expected: String| {
            let mut problem = Problem::new("T0001", message).instead(found, expected);
            problem.mapping = place(span);
            problems.push(problem);
        };
        let names: Vec<&str> = made.iter().filter_map(|m| Some(self.inner.events.get(m.def)?.name.as_str())).collect();
        let wanted: Option<Vec<&str>> = match (&trial.emits, trial.checks.is_empty()) {
            (Some(list), _) => Some(list.iter().map(String::as_str).collect()),
            (None, true) => Some(Vec::new()),
            (None, false) => None,
        };
        if let Some(wanted) = wanted.filter(|w| *w != names) {
            fail(
                &trial.span,
                "the events are not those of the test".into(),
                names.join(", "),
                format!("[{}]", wanted.join(", ")),
            );
        }
        if skipped != trial.skips {
            fail(
                &trial.span,
                "the skips are not those of the test".into(),
                skipped.join(", "),
                format!("[{}]", trial.skips.join(", ")),
            );
        }
        for wanted in &trial.rejects {
            let is = |p: &&Problem| {
                p.path == *wanted
                    || p.target == *wanted
                    || p.code == wanted.as_str()
                    || p.target.ends_with(&format!(".{wanted}"))
            };
            if !rejected.iter().any(|p| is(&p)) {
                let found: Vec<_> = rejected
                    .iter()
                    .map(|p| format!("{} {}", p.code, if p.path.is_empty() { &p.target } else { &p.path }))
                    .collect();
                fail(
                    &trial.span,
                    "the test's rejection did not come".into(),
                    found.join(", "),
                    format!("an error of {wanted}"),
                );
            }
        }
        for (path, wanted, span) in &trial.checks {
            match look(&made, path, self) {
                Ok(found) if alike(&found, wanted) => {}
                Ok(found) => fail(
                    span,
                    format!("`{path}` is not what the test says"),
                    found.unwrap_or_else(|| "nothing".into()),
                    wanted.clone(),
                ),
                Err(why) => fail(span, why, String::new(), String::new()),
            }
        }
        if trial.rejects.is_empty() {
            problems.extend(rejected);
        }
        problems
    }

    fn end_all(&self, input: &str) -> Result<Vec<Ended>, Vec<Problem>> {
        if self.inner.read.format != Format::Csv {
            return self.end_json(input);
        }
        let bad = |e: csv::Error| vec![Problem::new("T0002", format!("the test's input is no CSV: {e}"))];
        let read = &self.inner.read;
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(read.delimiter)
            .quote(read.quote)
            .escape(read.escape)
            .has_headers(false)
            .flexible(true)
            .from_reader(input.as_bytes());
        let mut rows: Vec<(Vec<String>, u64)> = Vec::new();
        let mut record = csv::StringRecord::new();
        loop {
            let more = reader.read_record(&mut record).map_err(bad)?;
            if !more {
                break;
            }
            rows.push((record.iter().map(str::to_owned).collect(), record.position().map_or(0, csv::Position::line)));
        }
        let heading: Vec<String> = match &read.header {
            Header::Given(names) => names.clone(),
            Header::Row(n) => {
                let n = usize::try_from(*n).unwrap_or(1).min(rows.len());
                let head = rows.drain(..n).next_back();
                head.map(|(row, _)| row).unwrap_or_default()
            }
        };
        if let Some((row, line)) = rows.iter().find(|(r, _)| r.len() != heading.len() && !read.pad_ragged) {
            let mut problem = Problem::new("R0303", "a row has not as many fields as the heading")
                .instead(row.len().to_string(), heading.len().to_string());
            problem.lines = vec![*line];
            return Err(vec![problem]);
        }
        let plan = Plan::of_heading(std::sync::Arc::clone(&self.inner), &heading, true)?;
        let mut above = Above::default();
        for (row, _) in &mut rows {
            for (column, value) in plan.fill_down(row, &mut above) {
                row.get_mut(column).into_iter().for_each(|cell| cell.clone_from(&value));
            }
        }
        let mut groups: Vec<Vec<RowIn>> = Vec::new();
        let mut at: BTreeMap<String, usize> = BTreeMap::new();
        for (row, line) in &rows {
            let one = RowIn { row: Row::Table(row), line: *line };
            match plan.group_key(row) {
                Some(key) => match at.get(&key).and_then(|n| groups.get_mut(*n)) {
                    Some(group) => group.push(one),
                    None => {
                        at.insert(key, groups.len());
                        groups.push(vec![one]);
                    }
                },
                None => groups.push(vec![one]),
            }
        }
        Ok(groups.iter().map(|rows| plan.end(&whole(rows))).collect())
    }

    fn end_json(&self, input: &str) -> Result<Vec<Ended>, Vec<Problem>> {
        let plan = Plan::headless(std::sync::Arc::clone(&self.inner));
        let mut ended = Vec::new();
        for body in serde_json::Deserializer::from_str(input).into_iter::<Json>() {
            let body = body.map_err(|e| vec![Problem::new("T0002", format!("the test's input is no JSON: {e}"))])?;
            let records = match self.records(&body) {
                Ok(records) => records.unwrap_or_default(),
                Err(problem) => {
                    ended.push(Ended::Quarantined(vec![*problem]));
                    continue;
                }
            };
            for record in records {
                let rows = [RowIn { row: Row::Json(record, &body), line: 0 }];
                ended.push(plan.end(&whole(&rows)));
            }
        }
        Ok(ended)
    }
}

fn whole<'a>(rows: &'a [RowIn<'a>]) -> RecordIn<'a> {
    RecordIn { resource: "test", rows, last_line: 0, offset: 0, length: 0 }
}

/// What stands at a path such as `0.lines.1.product`; None where nothing does.
fn look(made: &[Made], path: &str, connector: &Connector) -> Result<Option<String>, String> {
    let (n, rest) = path
        .split_once('.')
        .ok_or_else(|| format!("`{path}` is no path: expected 0.total, with the event's place from 0"))?;
    let n: usize = n.parse().map_err(|_| format!("`{path}` does not begin with an event's place, from 0"))?;
    let Some(one) = made.get(n) else { return Err(format!("there is no event {n}")) };
    let Some(def) = connector.inner.events.get(one.def) else { return Ok(None) };
    let event = &one.event;
    let steps: Vec<&str> = rest.split('.').collect();
    Ok(match steps.as_slice() {
        ["type"] => Some(def.ty.name.to_owned()),
        ["subject"] => Some(event.header.subject.to_string()),
        ["occurred_at"] => Some(event.header.occurred().to_string()),
        ["day"] => Some(event.header.day.to_string()),
        ["revision"] => Some(event.header.revision.clone()).filter(|r| !r.is_empty()),
        ["refs", role] => {
            let subjects: Vec<_> = event
                .header
                .references
                .iter()
                .filter(|r| r.role.word() == *role)
                .map(|r| r.subject.to_string())
                .collect();
            Some(subjects.join(", ")).filter(|t| !t.is_empty())
        }
        _ => down(&FieldValue::Message(one.message.clone()), &FieldKind::Message(def.ty.fields.clone()), &steps, rest)?,
    })
}

fn down(value: &FieldValue, kind: &FieldKind, steps: &[&str], path: &str) -> Result<Option<String>, String> {
    let Some((step, rest)) = steps.split_first() else { return Ok(show(value, kind)) };
    match (value, kind) {
        (FieldValue::List(list), _) => match step.parse::<usize>().ok().and_then(|n| list.get(n)) {
            Some(item) => down(item, kind, rest, path),
            None => Ok(None),
        },
        (FieldValue::Message(fields), FieldKind::Message(known)) => {
            let Some(field) = known.iter().find(|f| f.name == *step) else {
                let advice = did_you_mean(step, known.iter().map(|f: &Field| f.name.as_str())).unwrap_or_default();
                return Err(format!("`{path}`: there is no field `{step}` {advice}").trim_end().to_owned());
            };
            match fields.iter().find(|(n, _)| *n == field.number) {
                Some((_, inner)) => down(inner, &field.kind, rest, path),
                None => Ok(None),
            }
        }
        _ => Err(format!("`{path}` goes on below a single value")),
    }
}

fn show(value: &FieldValue, kind: &FieldKind) -> Option<String> {
    Some(match (value, kind) {
        (FieldValue::Text(text), _) => text.clone(),
        (FieldValue::Bool(flag), _) => flag.to_string(),
        (FieldValue::Integer(n), _) => n.to_string(),
        (FieldValue::Enum(n), FieldKind::Enum(words)) => words.iter().find(|(_, m)| m == n)?.0.clone(),
        (FieldValue::Enum(n), _) => n.to_string(),
        (FieldValue::Message(fields), FieldKind::Money) => {
            fields.iter().filter_map(|(_, v)| show(v, &FieldKind::Text)).collect::<Vec<_>>().join(" ")
        }
        (FieldValue::Message(_), _) => "a message".into(),
        (FieldValue::List(list), _) => list.iter().filter_map(|v| show(v, kind)).collect::<Vec<_>>().join(", "),
    })
}

/// Equal by type: `50880.00` is `50880`, one instant may be written with any offset, and a day as its beginning.
fn alike(found: &Option<String>, wanted: &str) -> bool {
    let Some(found) = found else { return wanted.is_empty() };
    if found == wanted {
        return true;
    }
    let amount = |text: &str| {
        let (number, code) = text.split_once(' ').unwrap_or((text, ""));
        parse_decimal(number).ok().map(|d| (d.normalize(), code.to_owned()))
    };
    let instants = parse_instant(found).zip(parse_instant(wanted)).is_some_and(|(a, b)| a == b);
    let day = |text| parse_time(text).map(|(at, offset)| Occurred::new(at, true, offset).to_string());
    let is_day = found.len() == 10 && day(wanted).is_some_and(|day| day == *found);
    instants || is_day || amount(found).zip(amount(wanted)).is_some_and(|(a, b)| a == b)
}
