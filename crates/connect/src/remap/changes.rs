//! What changes between what an older mapping made of a record and what is made of it now, field by field.

use std::collections::BTreeMap;

use onefold_event::{EmptyKeyRing, Event, to_cloudevent};
use serde_json::Value;

use crate::remap::report::{ChangeExample, FieldChange};
use crate::sample::{clip_text, visit_leaves};

/// Fields that are told apart.
const MOST_FIELDS: usize = 400;
/// Examples kept of each.
const EXAMPLES: usize = 3;

/// Fields that change, by type and path.
#[derive(Debug, Default)]
pub(crate) struct ChangedFields(BTreeMap<(&'static str, String), FieldChange>);

impl ChangedFields {
    pub(crate) fn note(&mut self, before: &Event, after: &Event) {
        let (old, mut new) = (field_texts(before), field_texts(after));
        for (field, text) in old {
            let now = new.remove(&field).unwrap_or_default();
            if text != now {
                self.note_field(after, field, text, now);
            }
        }
        // What is left was not there before.
        for (field, now) in new {
            self.note_field(after, field, String::new(), now);
        }
    }

    fn note_field(&mut self, event: &Event, field: String, before: String, after: String) {
        let (event_type, known) = (event.ty().name, self.0.len());
        let key = (event_type, field);
        if known >= MOST_FIELDS && !self.0.contains_key(&key) {
            return;
        }
        let field = key.1.clone();
        let change = self.0.entry(key).or_insert_with(|| FieldChange {
            event_type: event_type.to_owned(),
            field,
            ..FieldChange::default()
        });
        change.events += 1;
        if change.examples.len() < EXAMPLES {
            let subject = event.header.subject.to_string();
            change.examples.push(ChangeExample { subject, before: clip_text(&before), after: clip_text(&after) });
        }
    }

    pub(crate) fn finish(self) -> Vec<FieldChange> {
        self.0.into_values().collect()
    }
}

/// What an event says, by path; several values of a list in one text.
fn field_texts(event: &Event) -> BTreeMap<String, String> {
    let cloud = to_cloudevent(event, &EmptyKeyRing);
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    let mut put = |path: &str, text: &str| {
        let known = texts.entry(path.to_owned()).or_default();
        if !known.is_empty() {
            known.push_str(" | ");
        }
        known.push_str(text);
    };
    for (name, value) in cloud.get("data").and_then(Value::as_object).into_iter().flatten() {
        match value.as_array().filter(|_| name == "references") {
            Some(references) => references.iter().for_each(|one| {
                let word = |key: &str| one.get(key).and_then(Value::as_str).unwrap_or_default();
                put(&format!("refs.{}", word("role")), word("subject"));
            }),
            None => visit_leaves(value, name, &mut put),
        }
    }
    for name in ["type", "time"] {
        put(name, cloud.get(name).and_then(Value::as_str).unwrap_or_default());
    }
    texts
}
