//! Watches a sample while it is mapped: some records are kept to be shown, all are counted.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use onefold_event::EventLimits;
use onefold_format::{RawRow, RowContent};
use onefold_mapping::{Connector, DraftedTest, EventExplanation, MappingOutcome, RecordExplanation, TableRow, WordUse};
use serde_json::Value;

use crate::entry::Origin;
use crate::ingest::bounded;
use crate::map::{RecordContent, RecordWatch, with_record};
use crate::read::InputContext;
use crate::sample::field::FieldWatch;
use crate::sample::record::{SourceValues, visit_leaves};
use crate::sample::report::{
    EnumSummary, FieldSummary, RecordFate, SampleEvent, SampleField, SampleOptions, SampleRecord, ValueSummary,
    WordCount,
};
use crate::sample::tally::{ValueTally, clip_text};
use crate::sample::test::{TOO_LARGE, draft_test};

/// Columns, paths and fields that are counted.
const MOST_TALLIES: usize = 400;
/// Fields kept of an event that is shown.
const MOST_FIELDS: usize = 200;
/// Words kept of an enum that are not listed.
const MOST_UNKNOWN: usize = 50;

/// Tallies by name, in the order in which they were met.
#[derive(Debug, Default)]
struct TallyList {
    list: Vec<ValueTally>,
    places: HashMap<String, usize>,
}

impl TallyList {
    fn note(&mut self, name: &str, value: &str, owner: u64, is_read: impl FnOnce() -> bool) {
        let place = match self.places.get(name) {
            Some(place) => *place,
            None if self.list.len() == MOST_TALLIES => return,
            None => {
                self.places.insert(name.to_owned(), self.list.len());
                self.list.push(ValueTally::new(name, is_read()));
                self.list.len() - 1
            }
        };
        if let Some(tally) = self.list.get_mut(place) {
            tally.note(value, owner);
        }
    }
}

/// What is known of a sample so far.
#[derive(Debug)]
pub(crate) struct SampleWatch {
    options: SampleOptions,
    limits: EventLimits,
    /// Path of the records in a JSON body.
    prefix: String,
    records: u64,
    rows: u64,
    columns: TallyList,
    fields: TallyList,
    /// Events met, by name in the connector file.
    events: HashMap<String, u64>,
    /// Of each enum, records by word and whether it is listed.
    words: Vec<HashMap<(String, bool), u64>>,
    /// The one that was asked for.
    field: Option<FieldWatch>,
    more_unknown: Vec<bool>,
    /// Records that were chosen.
    pub(crate) selected: u64,
    /// The first of them.
    pub(crate) shown: Vec<SampleRecord>,
    /// The first of these as a test.
    pub(crate) test: Option<Result<DraftedTest, String>>,
}

impl SampleWatch {
    pub(crate) fn new(connector: &Connector, options: SampleOptions, limits: EventLimits) -> Self {
        let enums = connector.enum_words().count();
        Self {
            field: options.field.as_deref().map(FieldWatch::new),
            options,
            limits,
            prefix: connector.records_path().map(|path| format!("{path}[]")).unwrap_or_default(),
            records: 0,
            rows: 0,
            columns: TallyList::default(),
            fields: TallyList::default(),
            events: HashMap::new(),
            words: vec![HashMap::new(); enums],
            more_unknown: vec![false; enums],
            selected: 0,
            shown: Vec::new(),
            test: None,
        }
    }

    fn note_source(&mut self, context: &InputContext<'_>, rows: &[RawRow], content: &RecordContent<'_>) {
        let plan = &context.plan;
        if let RecordContent::Item(item, body) = content {
            let prefix = item_prefix(&self.prefix, item, body);
            let (columns, owner) = (&mut self.columns, self.records);
            visit_leaves(item, prefix, &mut |path, text| {
                columns.note(path, text, owner, || plan.reads_json(path));
            });
            return;
        }
        let heading = &context.origin.layout.heading;
        for row in rows {
            self.rows += 1;
            if let RowContent::Fields(fields) = &row.content {
                for (n, name) in heading.iter().enumerate() {
                    let value = fields.cell(n).unwrap_or_default();
                    self.columns.note(name, value, self.rows, || plan.reads_column(n));
                }
            }
        }
    }

    fn source_values(&self, context: &InputContext<'_>, rows: &[RawRow], content: &RecordContent<'_>) -> SourceValues {
        match content {
            RecordContent::Item(item, body) => {
                SourceValues::of_item(&context.plan, item_prefix(&self.prefix, item, body), item, body)
            }
            _ => SourceValues::of_rows(context, rows),
        }
    }

    fn note_word(&mut self, used: WordUse) {
        let Some(words) = self.words.get_mut(used.table) else { return };
        // Listed words are as many as the file lists; others are bounded here.
        let key = (clip_text(&used.word), used.known);
        if !used.known && words.len() >= MOST_UNKNOWN && !words.contains_key(&key) {
            let unknown = words.keys().filter(|(_, known)| !known).count();
            if unknown >= MOST_UNKNOWN {
                self.more_unknown.get_mut(used.table).into_iter().for_each(|more| *more = true);
                return;
            }
        }
        *words.entry(key).or_default() += 1;
    }

    fn note_event(&mut self, event: &EventExplanation) {
        let count = self.events.entry(event.name.clone()).or_default();
        *count += 1;
        for field in &event.fields {
            let name = format!("{}.{}", event.name, without_places(&field.field));
            self.fields.note(&name, &field.value, *count, || true);
        }
    }

    fn shown_record(
        &self,
        origin: &Arc<Origin>,
        rows: &[RawRow],
        item: Option<usize>,
        source: SourceValues,
        (outcome, fate, events): (&MappingOutcome, RecordFate, Vec<EventExplanation>),
    ) -> SampleRecord {
        let (reason, problems, findings) = match outcome {
            MappingOutcome::Mapped { findings, .. } => (String::new(), Vec::new(), findings.clone()),
            MappingOutcome::Skipped { reason } => (reason.clone(), Vec::new(), Vec::new()),
            MappingOutcome::Quarantined(problems) => (String::new(), problems.clone(), Vec::new()),
        };
        let (values, values_left_off) = source.finish();
        SampleRecord {
            number: self.records,
            resource: origin.resource.clone(),
            first_line: rows.iter().map(|row| row.place.first_line).min().unwrap_or(0),
            last_line: rows.iter().map(|row| row.place.last_line).max().unwrap_or(0),
            item: item.map(|n| n + 1),
            rows: rows.len(),
            fate,
            reason,
            values,
            values_left_off,
            events: events.into_iter().map(shown_event).collect(),
            problems,
            findings,
        }
    }

    pub(crate) fn column_summaries(&self) -> Vec<ValueSummary> {
        let of = if self.rows > 0 { self.rows } else { self.records };
        self.columns.list.iter().map(|tally| tally.summary(of)).collect()
    }

    pub(crate) fn field_summaries(&self) -> Vec<ValueSummary> {
        let of = |name: &str| name.split_once('.').and_then(|(event, _)| self.events.get(event)).copied().unwrap_or(0);
        let summary = |tally: &ValueTally| {
            let told = tally.summary(0);
            ValueSummary { of: of(&told.name), ..told }
        };
        self.fields.list.iter().map(summary).collect()
    }

    pub(crate) fn field_summary(&self) -> Option<FieldSummary> {
        self.field.as_ref().map(FieldWatch::summary)
    }

    pub(crate) fn enum_summaries(&self, connector: &Connector) -> Vec<EnumSummary> {
        let enums = connector.enum_words().zip(self.words.iter().zip(&self.more_unknown)).enumerate();
        enums
            .map(|(table, ((name, listed), (words, more_unknown)))| {
                let counted = |is_known: bool| {
                    let chosen = words.iter().filter(|((_, known), _)| *known == is_known);
                    let mut list: Vec<WordCount> = chosen
                        .map(|((word, _), records)| WordCount { word: word.clone(), records: *records })
                        .collect();
                    list.sort_by(|a, b| b.records.cmp(&a.records).then_with(|| a.word.cmp(&b.word)));
                    list
                };
                let met = counted(true);
                let key = |word| connector.enum_key(table, word);
                let keys: HashSet<_> = met.iter().map(|met| key(met.word.as_str())).collect();
                let never_met = listed.iter().filter(|word| !keys.contains(&key(word))).cloned().collect();
                EnumSummary {
                    name: name.to_owned(),
                    unknown: counted(false),
                    more_unknown: *more_unknown,
                    never_met,
                    met,
                }
            })
            .collect()
    }
}

impl RecordWatch for SampleWatch {
    fn see(
        &mut self,
        context: &InputContext<'_>,
        rows: &[RawRow],
        item: Option<usize>,
        content: RecordContent<'_>,
    ) -> (MappingOutcome, Option<usize>) {
        self.records += 1;
        self.note_source(context, rows, &content);
        // Telling how each value came costs several times as much as mapping: only what may be shown is told.
        let is_named = self.options.record.is_none_or(|number| number == self.records);
        let may_show = is_named && self.shown.len() < self.options.limit;
        let tells =
            self.field.is_some() || (may_show && self.options.only.is_none_or(|only| only == RecordFate::Mapped));
        let explained = match &content {
            RecordContent::Ended(outcome) => {
                RecordExplanation { outcome: outcome.clone(), events: Vec::new(), words: Vec::new() }
            }
            content => {
                with_record(&context.origin.resource, rows, content, |record| context.plan.explain(record, tells))
            }
        };
        let RecordExplanation { outcome, mut events, words } = explained;
        // As an ingest would: a record that is too large is refused before the door sees it.
        let is_mapped = matches!(outcome, MappingOutcome::Mapped { .. });
        let outcome = bounded(outcome, self.limits);
        let fate = match &outcome {
            MappingOutcome::Mapped { .. } => RecordFate::Mapped,
            MappingOutcome::Skipped { .. } => RecordFate::Skipped,
            MappingOutcome::Quarantined(_) => RecordFate::Rejected,
        };
        if fate != RecordFate::Mapped {
            events.clear();
        }
        words.into_iter().for_each(|used| self.note_word(used));
        events.iter().for_each(|event| self.note_event(event));
        if let Some(field) = &mut self.field {
            let line = rows.iter().map(|row| row.place.first_line).min().unwrap_or(0);
            let place = format!("{}:{line}", context.origin.resource);
            events.iter().for_each(|event| field.note_event(event, &place));
            if let MappingOutcome::Quarantined(problems) = &outcome {
                field.note_problems(problems, &place);
            }
        }
        if !is_named || self.options.only.is_some_and(|only| only != fate) {
            return (outcome, None);
        }
        self.selected += 1;
        if !may_show {
            return (outcome, None);
        }
        let place = self.shown.len();
        if self.options.drafts_test && place == 0 {
            let is_too_large = is_mapped && fate == RecordFate::Rejected;
            self.test =
                Some(if is_too_large { Err(TOO_LARGE.to_owned()) } else { draft_test(context, rows, &content) });
        }
        let source = self.source_values(context, rows, &content);
        let record = self.shown_record(&context.origin, rows, item, source, (&outcome, fate, events));
        self.shown.push(record);
        (outcome, Some(place))
    }
}

fn shown_event(event: EventExplanation) -> SampleEvent {
    let left_off = event.fields.len().saturating_sub(MOST_FIELDS);
    let fields = event.fields.into_iter().take(MOST_FIELDS);
    SampleEvent {
        name: event.name,
        event_type: event.event_type.to_owned(),
        fields: fields
            .map(|told| SampleField { field: told.field, value: clip_text(&told.value), how: clip_text(&told.how) })
            .collect(),
        fields_left_off: left_off,
        expectations: event.expectations,
        verdict: None,
    }
}

/// What the paths of an item begin with, where it is not the whole body.
fn item_prefix<'p>(prefix: &'p str, item: &Value, body: &Value) -> &'p str {
    if std::ptr::eq(item, body) { "" } else { prefix }
}

/// `lines[3].amount` is `lines[].amount`.
pub(crate) fn without_places(field: &str) -> String {
    let mut parts = field.split('[');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push('[');
        text.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    text
}
