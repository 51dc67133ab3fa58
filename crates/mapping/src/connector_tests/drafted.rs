//! A record of a sample made a test of the connector file: its values as the input, what became of it as what is expected.

use std::sync::Arc;

use onefold_event::Problem;

use crate::connector_tests::checks::list_checked;
use crate::connector_tests::input::{json_input, table_input};
use crate::connector_tests::records::run_records;
use crate::language::toml_text::{quoted, quoted_lines};
use crate::program::compiled::CompiledConnector;
use crate::run::map::{MappingOutcome, RecordResult};
use crate::run::source::plan::MappingPlan;
use crate::run::source::record::{SourceRecord, SourceRow};

/// A test that holds a record of a sample, and expects what became of it there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DraftedTest {
    input: String,
    emits: Vec<String>,
    rejects: Vec<String>,
    skips: Vec<String>,
    checks: Vec<(String, String)>,
}

impl MappingPlan {
    /// A test that holds a record. `heading` is that of its table; `text` how its source writes a JSON record, where that is known.
    ///
    /// # Errors
    /// Why a test would not say of it what the sample does.
    pub fn draft_test(
        &self,
        record: &SourceRecord,
        heading: &[String],
        text: Option<&str>,
    ) -> Result<DraftedTest, String> {
        let input = match record.rows.first().map(|row| row.row) {
            Some(SourceRow::Json(item, body)) => json_input(&self.inner, item, body, text),
            _ => table_input(&self.inner.read, heading, record.rows),
        };
        let outcome = self.map(record);
        DraftedTest::of(&self.inner, input, Some(record), &outcome)
    }

    /// A test that holds a JSON body of which nothing was mapped: one that is not for the connector, or has another shape.
    ///
    /// # Errors
    /// Why a test would not say of it what the sample does.
    pub fn draft_body_test(&self, text: &str, outcome: &MappingOutcome) -> Result<DraftedTest, String> {
        DraftedTest::of(&self.inner, format!("{}\n", text.trim()), None, outcome)
    }
}

impl DraftedTest {
    fn of(
        program: &Arc<CompiledConnector>,
        input: String,
        place: Option<&SourceRecord>,
        outcome: &MappingOutcome,
    ) -> Result<Self, String> {
        // First as if it stood where it stands in the sample: then it must become the same to the last digit, or the test would hold
        // another record than the one that was shown.
        let run = |place| run_records(program, &input, place).map_err(|problems| told(&problems));
        if !is_same(&run(place)?, outcome) {
            return Err("read back out of a test, it does not become what it became in the sample".to_owned());
        }
        // Then where it stands in a test, which is what the test will find.
        let mut test = Self { input: input.clone(), ..Self::default() };
        let found = run(None)?;
        for result in &found {
            match result {
                RecordResult::Mapped(made, _) => {
                    for (n, one) in made.iter().enumerate() {
                        test.emits.extend(program.events.get(one.def).map(|def| def.name.clone()));
                        test.checks.extend(list_checked(n, one, program));
                    }
                }
                RecordResult::Skipped(reason) => test.skips.push(reason.clone()),
                RecordResult::Quarantined(problems) => {
                    for word in problems.iter().flat_map(reject_words) {
                        if !test.rejects.contains(&word) {
                            test.rejects.push(word);
                        }
                    }
                }
            }
        }
        let ended = found.into_iter().next().map(RecordResult::into_outcome);
        match ended.is_none_or(|ended| is_alike(&ended, outcome)) {
            true => Ok(test),
            false => {
                Err("the mapping asks in which file or line it stands (#file, #line), and a test has others".to_owned())
            }
        }
    }

    /// The test under a name, as a connector file has it: whole lines, to be appended.
    pub fn to_toml(&self, name: &str) -> String {
        let table = format!("test.{}", quoted(name));
        let mut text = format!("[{table}]\ninput = {}\n", quoted_lines(&self.input));
        let says_nothing = self.emits.is_empty() && self.rejects.is_empty() && self.skips.is_empty();
        for (key, words) in [("emits", &self.emits), ("rejects", &self.rejects), ("skips", &self.skips)] {
            if !words.is_empty() || says_nothing && key == "emits" {
                let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
                text.push_str(&format!("{key} = [{}]\n", words.join(", ")));
            }
        }
        if self.checks.is_empty() {
            return text;
        }
        text.push_str(&format!("[{table}.check]\n"));
        let keys: Vec<String> = self.checks.iter().map(|(path, _)| quoted(path)).collect();
        let wide = keys.iter().map(|key| key.chars().count()).max().unwrap_or(0);
        for (key, (_, value)) in keys.iter().zip(&self.checks) {
            text.push_str(&format!("{key:<wide$} = {}\n", quoted(value)));
        }
        text
    }

    /// Names of the events that it expects.
    pub fn emits(&self) -> &[String] {
        &self.emits
    }

    /// Columns, fields and codes whose refusal it expects.
    pub fn rejects(&self) -> &[String] {
        &self.rejects
    }
}

/// What is refused and how: both, since one column may be wrong in several ways.
fn reject_words(problem: &Problem) -> Vec<String> {
    let what = if problem.path.is_empty() { &problem.target } else { &problem.path };
    let code = problem.code.to_string();
    if what.is_empty() { vec![code] } else { vec![what.clone(), code] }
}

/// Whether what was read back is the one record of the sample, or none where the sample had none to map.
fn is_same(again: &[RecordResult], outcome: &MappingOutcome) -> bool {
    match (again, outcome) {
        ([], MappingOutcome::Skipped { .. }) => true,
        ([RecordResult::Mapped(made, findings)], MappingOutcome::Mapped { events, findings: before }) => {
            made.iter().map(|one| &one.event).eq(events) && findings == before
        }
        ([RecordResult::Skipped(reason)], MappingOutcome::Skipped { reason: before }) => reason == before,
        ([RecordResult::Quarantined(problems)], MappingOutcome::Quarantined(before)) => {
            // Lines are the file's, of what was refused before it was a record.
            let apart = |problem: &Problem| Problem { lines: Vec::new(), ..problem.clone() };
            problems.iter().map(apart).eq(before.iter().map(apart))
        }
        _ => false,
    }
}

/// Whether two ends of one record are of one kind: the place may be part of values, but decides nothing.
fn is_alike(one: &MappingOutcome, other: &MappingOutcome) -> bool {
    match (one, other) {
        (MappingOutcome::Mapped { events, .. }, MappingOutcome::Mapped { events: others, .. }) => {
            events.len() == others.len()
        }
        (MappingOutcome::Skipped { reason }, MappingOutcome::Skipped { reason: other }) => reason == other,
        (MappingOutcome::Quarantined(problems), MappingOutcome::Quarantined(others)) => {
            problems.iter().map(|problem| &problem.code).eq(others.iter().map(|problem| &problem.code))
        }
        _ => false,
    }
}

fn told(problems: &[Problem]) -> String {
    let all: Vec<String> = problems.iter().map(|problem| format!("{} {}", problem.code, problem.message)).collect();
    format!("a test does not read it: {}", all.join("; "))
}
