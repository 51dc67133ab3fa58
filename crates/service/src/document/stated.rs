//! Of whom a document says that it is, where nobody holds it.

use std::collections::BTreeMap;

use onefold_store::FactsOf;
use onefold_view::StatedView;
use serde_json::{Map, Value};

use super::content::describe_document;
use crate::events::places;
use crate::{Document, EventLine, Service, ServiceError};

/// Events of one document that are read: the first say what it is, the last what it is now.
const MOST: usize = 20;
/// Longest text that is told, in characters.
const LONGEST: usize = 160;

impl Service {
    /// Says with each document which names, identifiers and words stand on it.
    pub(crate) async fn state_whose(&self, documents: Vec<&mut Document>) -> Result<(), ServiceError> {
        let asked: Vec<FactsOf> = documents.iter().map(|document| FactsOf::all(&document.subject)).collect();
        if asked.is_empty() {
            return Ok(());
        }
        let mut told = Vec::new();
        // Of a long history the middle changes little of who it was, and a page has hundreds of documents.
        for facts in self.store.facts(&asked).await? {
            let mut of_one = places(&facts);
            of_one.sort();
            let last = of_one.len().saturating_sub(MOST / 2).max(MOST / 2);
            told.extend(of_one.iter().take(MOST / 2).chain(of_one.iter().skip(last)).cloned());
        }
        let mut events: BTreeMap<String, Vec<EventLine>> = BTreeMap::new();
        for line in self.event_lines(&told).await? {
            events.entry(line.subject.clone()).or_default().push(line);
        }
        for document in documents {
            let stated = events.get(&document.subject).map(|events| stated(&describe_document(events)));
            document.stated = stated.filter(|stated| *stated != StatedView::default());
        }
        Ok(())
    }
}

fn stated(content: &Map<String, Value>) -> StatedView {
    let text = |of: &Map<String, Value>, field: &str| {
        of.get(field).and_then(Value::as_str).unwrap_or_default().chars().take(LONGEST).collect::<String>()
    };
    let persons = ["buyer", "payer"].into_iter().filter_map(|person| content.get(person).and_then(Value::as_object));
    let identifiers = content.get("identifiers").and_then(Value::as_array).into_iter().flatten();
    let identifiers = identifiers.filter_map(Value::as_object);
    let words = ["text", "title", "words"];
    StatedView {
        name: persons.map(|person| text(person, "name")).find(|name| !name.is_empty()).unwrap_or_default(),
        identifiers: identifiers.map(|one| format!("{} {}", text(one, "kind"), text(one, "text"))).collect(),
        text: words.into_iter().map(|field| text(content, field)).find(|text| !text.is_empty()).unwrap_or_default(),
    }
}
