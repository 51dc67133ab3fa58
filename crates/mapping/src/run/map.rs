//! One record in; events, a skip or all its errors out.

use std::cell::RefCell;

use onefold_event::{Event, EventId, Problem};

use crate::program::event::EventDef;
use crate::run::event::build_event;
use crate::run::explain::event::explain_event;
use crate::run::expression::condition_holds;
use crate::run::frame::{PathBase, RecordRun, ScopeFrame, blank_memo};
use crate::run::notes::{EventExplanation, RecordNotes, WordUse};
use crate::run::source::plan::MappingPlan;
use crate::run::source::record::SourceRecord;

/// How a record ended: read = mapped + skipped + quarantined.
#[derive(Debug, Clone, PartialEq)]
pub enum MappingOutcome {
    /// It says these events, at least one.
    Mapped {
        /// In the order of the connector file.
        events: Vec<Event>,
        /// Values that were bad and could be left out (`on_bad = "absent"`).
        findings: Vec<Problem>,
    },
    /// Left out on purpose.
    Skipped {
        /// The name in `[skip]`.
        reason: String,
    },
    /// It says nothing that can be relied on; all its errors.
    Quarantined(Vec<Problem>),
}

/// A record mapped, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordExplanation {
    /// The same as [`MappingPlan::map`] answers.
    pub outcome: MappingOutcome,
    /// Of a record that is mapped: one per event, in the same order. Of others none.
    pub events: Vec<EventExplanation>,
    /// Words that `[enum]`s were asked for, in the order in which they were; some of a record that is refused, too.
    pub words: Vec<WordUse>,
}

/// An event with the message that it was encoded from, for tests of a mapping.
pub(crate) struct MadeEvent {
    pub(crate) def: usize,
    pub(crate) event: Event,
    pub(crate) message: Vec<(u32, onefold_event::FieldValue)>,
}

pub(crate) enum RecordResult {
    Mapped(Vec<MadeEvent>, Vec<Problem>),
    Skipped(String),
    Quarantined(Vec<Problem>),
}

impl RecordResult {
    pub(crate) fn into_outcome(self) -> MappingOutcome {
        match self {
            Self::Mapped(made, findings) => {
                MappingOutcome::Mapped { events: made.into_iter().map(|m| m.event).collect(), findings }
            }
            Self::Skipped(reason) => MappingOutcome::Skipped { reason },
            Self::Quarantined(problems) => MappingOutcome::Quarantined(problems),
        }
    }
}

impl MappingPlan {
    /// Maps a record: all its rows, of the heading that the plan was made for. Never fails: what is wrong with the record is
    /// an outcome, with all of it. Pure: the same bytes and the same connector file give the same events, for ever.
    pub fn map(&self, record: &SourceRecord) -> MappingOutcome {
        self.finish_record(record).into_outcome()
    }

    /// Maps a record as [`map`](Self::map) does, and says what its events hold; with `tells` how each value came, too, which costs
    /// several times as much.
    pub fn explain(&self, record: &SourceRecord, tells: bool) -> RecordExplanation {
        let notes = RefCell::new(RecordNotes { tells, ..RecordNotes::default() });
        let outcome = self.finish_noted(record, Some(&notes)).into_outcome();
        let RecordNotes { mut events, words, .. } = notes.into_inner();
        if !matches!(outcome, MappingOutcome::Mapped { .. }) {
            events.clear();
        }
        RecordExplanation { outcome, events, words }
    }

    pub(crate) fn finish_record<'r>(&'r self, record: &'r SourceRecord<'r>) -> RecordResult {
        self.finish_noted(record, None)
    }

    /// The same, with what is to be told beside written down.
    pub(crate) fn finish_noted<'r>(
        &'r self,
        record: &'r SourceRecord<'r>,
        notes: Option<&'r RefCell<RecordNotes>>,
    ) -> RecordResult {
        let run = RecordRun { plan: self, record, errors: RefCell::default(), findings: RefCell::default(), notes };
        let Some(scope) = self.name_scope(0) else { return RecordResult::Quarantined(Vec::new()) };
        let memo = blank_memo(scope);
        let root = ScopeFrame { run: &run, scope, memo: &memo, parent: None, base: PathBase::Whole };
        for (reason, condition) in &self.inner.skips {
            // A skip that holds beats whatever is wrong with the record.
            if condition_holds(condition, &root) == Ok(true) {
                return RecordResult::Skipped(reason.clone());
            }
        }
        // Errors do not end it: each event of the record adds its own.
        let mut made: Vec<MadeEvent> = Vec::new();
        let mut applied = false;
        for (n, def) in self.inner.events.iter().enumerate() {
            applied |= self.make_events(n, def, &root, &mut made);
        }
        let mut errors = run.errors.into_inner();
        if errors.is_empty() && !applied {
            errors.push(nothing_applies(record, &self.inner.events));
        }
        if errors.is_empty() {
            errors.extend(repeated_id(&made, record, self));
        }
        if errors.is_empty() {
            RecordResult::Mapped(made, run.findings.into_inner())
        } else {
            RecordResult::Quarantined(errors)
        }
    }

    fn make_events<'r>(
        &'r self,
        n: usize,
        def: &'r EventDef,
        root: &ScopeFrame<'_, 'r>,
        made: &mut Vec<MadeEvent>,
    ) -> bool {
        let Some(scope) = self.name_scope(def.scope) else { return false };
        let bases = match def.each {
            Some(each) => root.repeat_bases(each).unwrap_or_default(),
            None => vec![PathBase::Whole],
        };
        let mut applied = false;
        for base in bases {
            let memo = blank_memo(scope);
            let frame = ScopeFrame { run: root.run, scope, memo: &memo, parent: Some(root), base };
            let holds = def.when.as_ref().map_or(Ok(true), |condition| condition_holds(condition, &frame));
            if holds != Ok(true) {
                continue;
            }
            applied = true;
            if let Some((event, message)) = build_event(def, &frame) {
                if let Some(notes) = root.run.notes {
                    // Not borrowed while it is told: words are noted meanwhile.
                    let tells = notes.borrow().tells;
                    let told = explain_event(def, &event, &frame, tells);
                    notes.borrow_mut().events.push(told);
                }
                made.push(MadeEvent { def: n, event, message });
            }
        }
        applied
    }
}

fn nothing_applies(record: &SourceRecord, events: &[EventDef]) -> Problem {
    let names: Vec<_> = events.iter().map(|e| e.name.as_str()).collect();
    let mut problem = Problem::new("R0401", "no event applies to this record")
        .instead("", format!("the condition of one of {}", names.join(", ")))
        .help("if such records are to be left out, name the reason in [skip]");
    problem.lines = record.rows.iter().map(|r| r.line).filter(|n| *n > 0).take(8).collect();
    problem
}

/// Two events of one record with one id would be taken for one.
fn repeated_id(made: &[MadeEvent], record: &SourceRecord, plan: &MappingPlan) -> Option<Problem> {
    let mut ids: Vec<(EventId, usize)> = made.iter().map(|m| (m.event.header.id, m.def)).collect();
    // Few per record: sorting is cheaper than a set.
    ids.sort_unstable();
    let pair = ids.windows(2).find(|w| matches!(w, [a, b] if a.0 == b.0))?;
    let [(_, a), (_, b)] = pair else { return None };
    let (first, second) = (plan.inner.events.get(*a)?, plan.inner.events.get(*b)?);
    let message = "two events of one record have the same id";
    let mut problem = Problem::new("R0404", message)
        .instead(format!("{} and {}", first.name, second.name), "ids that differ")
        .help(format!("add part = \"{}\" to [event.{}], or what tells them apart to `id`", second.name, second.name));
    problem.mapping = Some(plan.position_of(&second.span));
    problem.lines = record.rows.iter().map(|r| r.line).filter(|n| *n > 0).take(8).collect();
    Some(problem)
}
