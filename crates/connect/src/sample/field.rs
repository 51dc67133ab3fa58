//! One field over a sample: every value of it with how it came, and what is wrong where it has none.

use std::collections::HashMap;

use onefold_event::Problem;
use onefold_mapping::EventExplanation;

use crate::sample::report::{FieldFailure, FieldOccurrence, FieldSummary};
use crate::sample::tally::clip_text;

/// Values, and failures, that are told apart.
const MOST_KINDS: usize = 1_000;

#[derive(Debug)]
pub(crate) struct FieldWatch {
    summary: FieldSummary,
    /// Places in the summary.
    kinds: HashMap<(String, String), usize>,
    failures: HashMap<(String, String), usize>,
}

impl FieldWatch {
    pub(crate) fn new(name: &str) -> Self {
        let summary = FieldSummary { name: name.to_owned(), ..FieldSummary::default() };
        Self { summary, kinds: HashMap::new(), failures: HashMap::new() }
    }

    pub(crate) fn note_event(&mut self, event: &EventExplanation, place: &str) {
        let (named, own) = match self.summary.name.split_once('.').filter(|(first, _)| *first == event.name) {
            Some((_, field)) => (true, field.to_owned()),
            None => (false, self.summary.name.clone()),
        };
        let mut any = false;
        for told in event.fields.iter().filter(|told| super::watch::without_places(&told.field) == own) {
            any = true;
            self.summary.values += 1;
            // The way is part of the key: one value that came by two roads is two lines.
            let key = (clip_text(&told.value), clip_text(&told.how));
            if let Some(kind) = self.kinds.get(&key).and_then(|at| self.summary.kinds.get_mut(*at)) {
                kind.count += 1;
            } else if self.summary.kinds.len() < MOST_KINDS {
                let (value, how) = key.clone();
                self.kinds.insert(key, self.summary.kinds.len());
                self.summary.kinds.push(FieldOccurrence { value, how, count: 1, place: place.to_owned() });
            } else {
                self.summary.more += 1;
            }
        }
        // Of a field without an event's name it is not known which events should have it.
        self.summary.absent += u64::from(named && !any);
    }

    pub(crate) fn note_problems(&mut self, problems: &[Problem], place: &str) {
        let name = self.summary.name.clone();
        let is_it = |problem: &&Problem| {
            let target = super::watch::without_places(&problem.target);
            target == name || target.strip_suffix(&name).is_some_and(|before| before.ends_with('.'))
        };
        for problem in problems.iter().filter(is_it) {
            // Not by message, which may name the place.
            let key = (problem.code.to_string(), clip_text(&problem.found));
            if let Some(failure) = self.failures.get(&key).and_then(|at| self.summary.failures.get_mut(*at)) {
                failure.count += 1;
            } else if self.summary.failures.len() < MOST_KINDS {
                let (code, found) = key.clone();
                self.failures.insert(key, self.summary.failures.len());
                let (message, place) = (problem.message.clone(), place.to_owned());
                self.summary.failures.push(FieldFailure { code, message, found, count: 1, place });
            } else {
                self.summary.more_failures += 1;
            }
        }
    }

    pub(crate) fn summary(&self) -> FieldSummary {
        let mut summary = self.summary.clone();
        summary.kinds.sort_by_key(|kind| std::cmp::Reverse(kind.count));
        summary.failures.sort_by_key(|failure| std::cmp::Reverse(failure.count));
        summary
    }
}
