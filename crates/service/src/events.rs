//! Every event behind a customer or a document, with where it was read and where it stands in the log.

use std::collections::BTreeMap;

use onefold_event::{
    DecodedEvent, Event, EventId, KeyRing, Micros, Occurred, Subject, decode, decode_with, format_micros,
    parse_instant, to_cloudevent,
};
use onefold_fold::{FactState, standing_facts};
use onefold_log::{EVENTS_TOPIC, StoredRecord};
use onefold_store::FactsOf;
use serde::Serialize;
use serde_json::Value;

use crate::{Service, ServiceError};

/// How a copy of an event counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is part of the view.
    Stands,
    /// A later revision of the same fact stands instead.
    Superseded,
    /// It contradicts an earlier copy of the same id, which stands instead.
    Conflict,
}

/// Where one event stands, and how it counts: small, however many there are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventPlace {
    occurred_at: i64,
    recorded_at: i64,
    partition: u32,
    offset: u64,
    standing: Standing,
}

impl EventPlace {
    /// Whether the event is part of the view.
    pub(crate) fn stands(&self) -> bool {
        self.standing == Standing::Stands
    }

    pub(crate) fn occurred_at(&self) -> Micros {
        self.occurred_at
    }

    pub(crate) fn recorded_at(&self) -> Micros {
        self.recorded_at
    }

    /// Where it stands among others: whether it counts may change between two pages.
    fn order(&self) -> (i64, i64, u32, u64) {
        (self.occurred_at, self.recorded_at, self.partition, self.offset)
    }

    fn cursor(&self) -> String {
        let (occurred_at, recorded_at, partition, offset) = self.order();
        format!("{}/{}/{partition}/{offset}", format_micros(occurred_at), format_micros(recorded_at))
    }
}

fn read_cursor(text: &str) -> Result<(i64, i64, u32, u64), ServiceError> {
    let parts: Vec<&str> = text.split('/').collect();
    let read = || {
        let [occurred_at, recorded_at, partition, offset] = parts.as_slice() else { return None };
        let (partition, offset) = (partition.parse().ok()?, offset.parse().ok()?);
        Some((parse_instant(occurred_at)?, parse_instant(recorded_at)?, partition, offset))
    };
    read().ok_or_else(|| ServiceError::no_cursor(text))
}

/// One event with its lineage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventLine {
    /// Id of this version of the fact.
    pub id: String,
    /// Type in the catalogue.
    #[serde(rename = "type")]
    pub ty: &'static str,
    /// What it is about.
    pub subject: String,
    /// When it happened, as its source knows it.
    pub occurred_at: Occurred,
    /// When the hub took it in.
    pub recorded_at: String,
    /// How it counts.
    pub standing: Standing,
    /// Connector that read it; `events` for one that was posted.
    pub connector: String,
    /// File, topic or endpoint.
    pub file: String,
    /// First line, 1-based; 0: not a text.
    pub line: u64,
    /// Last line.
    pub last_line: u64,
    /// Digest of the mapping that made it, in hex.
    pub mapping: String,
    /// Its partition in the log.
    pub partition: u32,
    /// Its place in the partition.
    pub offset: u64,
    /// The whole event as a CloudEvent.
    pub event: Value,
}

impl EventLine {
    /// Where it was read: connector, file and lines; the connector alone where there was no file.
    pub fn origin(&self) -> String {
        let lines = match (self.line, self.last_line) {
            (0, _) => String::new(),
            (first, last) if last <= first => format!(":{first}"),
            (first, last) => format!(":{first}-{last}"),
        };
        if self.file.is_empty() { self.connector.clone() } else { format!("{} {}{lines}", self.connector, self.file) }
    }
}

/// Some events, and how to ask for the next ones.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EventPage {
    /// The events, by business time.
    pub items: Vec<EventLine>,
    /// To be given as `cursor` for the next page; none: this was the last.
    pub next: Option<String>,
}

/// Events on a page at most.
const MOST: usize = 500;
/// Subjects whose rows are read at once.
const CHUNK: usize = 500;

impl Service {
    /// The events at these places, in their order.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn event_lines(&self, places: &[EventPlace]) -> Result<Vec<EventLine>, ServiceError> {
        let positions: Vec<(u32, u64)> = places.iter().map(|place| (place.partition, place.offset)).collect();
        let stored = self.log.fetch(EVENTS_TOPIC, &positions).await?;
        let events = stored.iter().zip(places);
        let line =
            |stored: &StoredRecord, place| Some(line(&decode(&stored.record.value).ok()?, self.keys.as_ref(), place));
        Ok(events.filter_map(|(stored, place)| line(stored, place)).collect())
    }

    /// A page of the events at these places, which are in their order: those after the one that the cursor names.
    ///
    /// # Errors
    /// The cursor is none, or the log cannot be read.
    pub async fn event_page(
        &self,
        places: &[EventPlace],
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<EventPage, ServiceError> {
        let from = match cursor.map(read_cursor).transpose()? {
            Some(after) => places.partition_point(|place| place.order() <= after),
            None => 0,
        };
        let rest = places.get(from..).unwrap_or_default();
        let (page, more) = rest.split_at(limit.clamp(1, MOST).min(rest.len()));
        let next = page.last().filter(|_| !more.is_empty()).map(EventPlace::cursor);
        Ok(EventPage { items: self.event_lines(page).await?, next })
    }

    /// The subject about which a decision stands of which this is an event, and the fact that the event is of.
    pub(crate) async fn decided_by(&self, id: EventId) -> Result<Option<(Subject, EventId)>, ServiceError> {
        let mut after: Option<String> = None;
        loop {
            let page = self.store.decided(after.as_deref(), CHUNK).await?;
            let Some(last) = page.last().cloned() else { return Ok(None) };
            let asked: Vec<FactsOf> = page.iter().map(|subject| FactsOf::all(subject)).collect();
            for (key, facts) in page.iter().zip(self.store.facts(&asked).await?) {
                if let (Some(fact), Ok(subject)) = (facts.iter().find(|fact| fact.id == id.0), key.parse()) {
                    return Ok(Some((subject, EventId(fact.fact))));
                }
            }
            after = Some(last);
        }
    }

    /// The standing events of one subject, in the order of folding.
    pub(crate) async fn standing(&self, subject: &Subject) -> Result<Vec<DecodedEvent>, ServiceError> {
        self.state(subject).await?;
        let facts = self.store.facts(&[FactsOf::all(subject.as_str())]).await?.pop().unwrap_or_default();
        let (standing, _) = standing_facts(&facts);
        let positions: Vec<(u32, u64)> = standing.iter().map(|f| (f.partition, f.offset)).collect();
        let stored = self.log.fetch(EVENTS_TOPIC, &positions).await?;
        Ok(stored.iter().filter_map(|s| decode_with(&s.record.value, self.keys.as_ref()).ok()).collect())
    }
}

pub(crate) fn places(facts: &[FactState]) -> Vec<EventPlace> {
    let (standing, superseded) = standing_facts(facts);
    let place = |f: &FactState| (f.partition, f.offset);
    let mut how: BTreeMap<(u32, u64), Standing> = standing.into_iter().map(|f| (place(f), Standing::Stands)).collect();
    how.extend(superseded.into_iter().map(|f| (place(f), Standing::Superseded)));
    let place = |f: &FactState| EventPlace {
        occurred_at: f.occurred_at,
        recorded_at: f.recorded_at,
        partition: f.partition,
        offset: f.offset,
        standing: how.get(&place(f)).copied().unwrap_or(Standing::Conflict),
    };
    facts.iter().map(place).collect()
}

fn line(event: &Event, keys: &dyn KeyRing, place: &EventPlace) -> EventLine {
    let cloudevent = to_cloudevent(event, keys);
    let (ty, event) = (event.ty().name, &event.header);
    let locator = event.locator.clone().unwrap_or_default();
    EventLine {
        id: event.id.to_string(),
        ty,
        subject: event.subject.to_string(),
        occurred_at: event.occurred(),
        recorded_at: format_micros(place.recorded_at),
        standing: place.standing,
        connector: if locator.connector.is_empty() { "events".to_owned() } else { locator.connector },
        file: locator.resource,
        line: locator.first_line,
        last_line: locator.last_line,
        mapping: hex::encode(&event.mapping),
        partition: place.partition,
        offset: place.offset,
        event: cloudevent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back() {
        let place = EventPlace {
            occurred_at: 1_700_000_000_250_000,
            recorded_at: 1_700_000_000_250_001,
            partition: 7,
            offset: 4711,
            standing: Standing::Superseded,
        };
        assert_eq!(read_cursor(&place.cursor()).unwrap(), place.order());
        for wrong in ["", "4711", "2026-03-09T09:05:11.25Z/7/4711", "2026-03-09T09:05:11.25Z/yesterday/7/4711"] {
            assert_eq!(read_cursor(wrong).unwrap_err().code, crate::ErrorCode::Invalid, "{wrong}");
        }
    }
}
