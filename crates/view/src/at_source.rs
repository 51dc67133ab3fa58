//! What a source did with its own records of parties: merged them, took them apart again, retired them (A9, B3a).

use onefold_event::{Body, Micros, Subject, SubjectKind};
use onefold_identity::AtSource;

use crate::party::value::{LONGEST, truncate_text};
use crate::{EventTime, FactRef, Fragment};

/// What a source said last of a record and another one of its own.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct SourceStatement {
    #[prost(bool, tag = "1")]
    pub(crate) merged: bool,
    #[prost(message, required, tag = "2")]
    pub(crate) at: EventTime,
    #[prost(sint64, repeated, tag = "3")]
    pub(crate) revision_order: Vec<i64>,
    #[prost(sint64, tag = "4")]
    pub(crate) recorded_at: Micros,
    #[prost(bytes = "vec", tag = "5")]
    pub(crate) id: Vec<u8>,
    #[prost(string, tag = "6")]
    pub(crate) reason: String,
}

/// A record that its source deleted or deactivated.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct SourceRetirement {
    #[prost(message, required, tag = "1")]
    pub(crate) at: EventTime,
    #[prost(string, tag = "2")]
    pub(crate) reason: String,
    #[prost(string, tag = "3")]
    pub(crate) source: String,
}

impl SourceStatement {
    /// Of a merge or its taking back, with the other record; none where a source speaks of another one's record, which
    /// no door takes in.
    pub(crate) fn from_fact(fact: &FactRef) -> Option<(Subject, Self)> {
        let event = fact.event;
        let other: Subject = event.body.other_record()?.1.parse().ok()?;
        let own = &event.header.subject;
        if other.kind() != SubjectKind::Party || other.source() != own.source() || other == *own {
            return None;
        }
        let (merged, reason) = match &event.body {
            Body::PartyMergedAtSource(m) => (true, &m.reason),
            Body::PartySplitAtSource(m) => (false, &m.reason),
            _ => return None,
        };
        let said = Self {
            merged,
            at: EventTime::from_event(event),
            revision_order: event.header.revision_order.clone(),
            recorded_at: fact.recorded_at,
            id: event.header.id.0.to_vec(),
            reason: truncate_text(reason, LONGEST).to_owned(),
        };
        Some((other, said))
    }

    /// Of facts about one pair the greatest decides.
    pub(crate) fn statement_order(&self) -> AtSource {
        AtSource {
            occurred_at: self.at.at,
            revision_order: self.revision_order.clone(),
            recorded_at: self.recorded_at,
            id: self.id.clone(),
            merged: self.merged,
        }
    }
}

impl Fragment {
    /// Records that its source merged a party with, or took it apart from, by whatever was said last of it.
    pub fn merged_with(&self) -> impl Iterator<Item = Subject> {
        let said = self.party.iter().flat_map(|party| party.at_source.keys());
        said.filter_map(|other| other.parse().ok())
    }
}
