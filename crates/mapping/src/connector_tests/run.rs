//! Runs the connector file's own tests, which must pass before it may run.

use std::sync::Arc;

use onefold_event::Problem;
use serde::Serialize;

use crate::connector_tests::checks::{event_place, find_checked, is_equal_by_type};
use crate::connector_tests::records::run_records;
use crate::program::compiled::CompiledConnector;
use crate::program::connector_test::ConnectorTest;
use crate::report::source_text::TextSpan;
use crate::run::map::{MadeEvent, RecordResult};

/// How a test of the connector file ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConnectorTestResult {
    /// Its name.
    pub name: String,
    /// What was not as it says; empty: it passed.
    pub problems: Vec<Problem>,
}

/// Runs the connector file's own tests. Columns that a test's input leaves out are blank.
pub(crate) fn run_tests(program: &Arc<CompiledConnector>) -> Vec<ConnectorTestResult> {
    program.tests.iter().map(|t| ConnectorTestResult { name: t.name.clone(), problems: run_test(program, t) }).collect()
}

fn run_test(program: &Arc<CompiledConnector>, test: &ConnectorTest) -> Vec<Problem> {
    let place = |span: &TextSpan| Some(program.source.position_of(span));
    let ended = match run_records(program, &test.input, None) {
        Ok(ended) => ended,
        Err(mut problems) => {
            problems.iter_mut().filter(|p| p.mapping.is_none()).for_each(|p| p.mapping = place(&test.span));
            return problems;
        }
    };
    let (mut made, mut rejected, mut skipped): (Vec<MadeEvent>, Vec<Problem>, Vec<String>) = Default::default();
    for end in ended {
        match end {
            RecordResult::Mapped(events, _) => made.extend(events),
            RecordResult::Quarantined(problems) => rejected.extend(problems),
            RecordResult::Skipped(reason) => skipped.push(reason),
        }
    }
    // All that differs is told, as with records.
    let mut problems = Vec::new();
    let mut fail = |span: &TextSpan, message: String, found: String, expected: String| {
        let mut problem = Problem::new("T0001", message).instead(found, expected);
        problem.mapping = place(span);
        problems.push(problem);
    };
    let names: Vec<&str> = made.iter().filter_map(|m| Some(program.events.get(m.def)?.name.as_str())).collect();
    let wanted: Option<Vec<&str>> = match (&test.emits, test.checks.is_empty()) {
        (Some(list), _) => Some(list.iter().map(String::as_str).collect()),
        (None, true) => Some(Vec::new()),
        (None, false) => None,
    };
    let other_events = wanted.is_some_and(|wanted| {
        let differ = wanted != names;
        if differ {
            fail(
                &test.span,
                "the events are not those of the test".into(),
                names.join(", "),
                format!("[{}]", wanted.join(", ")),
            );
        }
        differ
    });
    if skipped != test.skips {
        fail(
            &test.span,
            "the skips are not those of the test".into(),
            skipped.join(", "),
            format!("[{}]", test.skips.join(", ")),
        );
    }
    for wanted in &test.rejects {
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
                &test.span,
                "the test's rejection did not come".into(),
                found.join(", "),
                format!("an error of {wanted}"),
            );
        }
    }
    for (path, wanted, span) in &test.checks {
        match find_checked(&made, path, program) {
            Ok(found) if is_equal_by_type(&found, wanted) => {}
            Ok(found) => fail(
                span,
                format!("`{path}` is not what the test says"),
                found.unwrap_or_else(|| "nothing".into()),
                wanted.clone(),
            ),
            // That an event is missing has been told, once for all that is said of it.
            Err(_) if other_events && event_place(path).is_some_and(|n| n >= made.len()) => {}
            Err(why) => fail(span, why, String::new(), String::new()),
        }
    }
    // A test that expects no rejection shows why it got one.
    if test.rejects.is_empty() {
        problems.extend(rejected);
    }
    problems
}
