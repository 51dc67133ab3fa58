//! Cases of the service desk, and contacts.

use std::collections::BTreeMap;

use onefold_event::Body;

use crate::EventTime;
use crate::amount::day_number;
use crate::party::value::truncate_text;

/// Longest texts kept of a case, in bytes.
const TITLE: usize = 120;
const WORDS: usize = 160;
const WHAT: usize = 80;

/// Where a case is. The numbers are part of the stored form.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum CaseStage {
    Open = 0,
    Resolved = 1,
    Closed = 2,
}

/// What a department was asked to do.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct CaseAction {
    #[prost(string, tag = "1")]
    pub(crate) department: String,
    #[prost(string, tag = "2")]
    pub(crate) what: String,
    #[prost(sint64, optional, tag = "3")]
    pub(crate) due: Option<i64>,
    #[prost(bool, tag = "4")]
    pub(crate) requested: bool,
    #[prost(bool, tag = "5")]
    pub(crate) completed: bool,
}

/// What a case's facts say.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct CaseFragment {
    #[prost(uint32, tag = "1")]
    pub(crate) stage: u32,
    #[prost(uint32, tag = "2")]
    pub(crate) reopened: u32,
    #[prost(string, tag = "3")]
    pub(crate) category: String,
    #[prost(string, tag = "4")]
    pub(crate) severity: String,
    #[prost(string, tag = "5")]
    pub(crate) product: String,
    /// Who has it.
    #[prost(string, tag = "6")]
    pub(crate) with: String,
    #[prost(string, tag = "7")]
    pub(crate) title: String,
    #[prost(string, tag = "8")]
    pub(crate) words: String,
    #[prost(btree_map = "string, message", tag = "9")]
    pub(crate) actions: BTreeMap<String, CaseAction>,
    #[prost(uint32, tag = "10")]
    pub(crate) score: u32,
    /// Best possible score; 0: not rated.
    #[prost(uint32, tag = "11")]
    pub(crate) of: u32,
    #[prost(uint32, tag = "12")]
    pub(crate) notes: u32,
    #[prost(message, optional, tag = "15")]
    pub(crate) opened_at: Option<EventTime>,
}

impl CaseFragment {
    pub(crate) fn apply(&mut self, body: &Body, at: EventTime) {
        match body {
            Body::CaseOpened(m) => {
                self.opened_at.get_or_insert(at);
                let texts = [
                    (&mut self.category, m.category.as_str(), 60),
                    (&mut self.severity, m.severity.as_str(), 20),
                    (&mut self.product, m.product.as_str(), 60),
                    (&mut self.with, m.with.as_str(), 60),
                    (&mut self.title, m.title.as_str(), TITLE),
                    (&mut self.words, m.words.as_str(), WORDS),
                ];
                texts.into_iter().for_each(|(field, text, bytes)| set_text(field, text, bytes));
            }
            Body::CaseNoted(m) => {
                self.notes = self.notes.saturating_add(1);
                set_text(&mut self.with, &m.with, 60);
            }
            Body::ActionRequested(m) => {
                let action = self.actions.entry(m.action.clone()).or_default();
                action.requested = true;
                action.due = day_number(&m.due_on);
                set_text(&mut action.department, &m.department, 40);
                set_text(&mut action.what, &m.what, WHAT);
            }
            Body::ActionCompleted(m) => self.actions.entry(m.action.clone()).or_default().completed = true,
            Body::CaseResolved(_) => self.stage = CaseStage::Resolved as u32,
            Body::CaseClosed(_) => self.stage = CaseStage::Closed as u32,
            Body::CaseReopened(_) => {
                self.stage = CaseStage::Open as u32;
                self.reopened = self.reopened.saturating_add(1);
            }
            Body::SatisfactionRated(m) => {
                self.score = m.score;
                self.of = if m.of == 0 { 5 } else { m.of };
            }
            _ => {}
        }
    }

    pub(crate) fn case_stage(&self) -> CaseStage {
        match self.stage {
            1 => CaseStage::Resolved,
            2 => CaseStage::Closed,
            _ => CaseStage::Open,
        }
    }

    /// Actions asked for and not done, by number.
    pub(crate) fn pending_actions(&self) -> impl Iterator<Item = (&String, &CaseAction)> {
        self.actions.iter().filter(|(_, a)| a.requested && !a.completed)
    }
}

/// What a contact's facts say.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ContactFragment {
    #[prost(string, tag = "1")]
    pub(crate) channel: String,
    #[prost(string, tag = "2")]
    pub(crate) direction: String,
    #[prost(string, tag = "3")]
    pub(crate) with: String,
    #[prost(string, tag = "4")]
    pub(crate) topic: String,
}

impl ContactFragment {
    pub(crate) fn apply(&mut self, body: &Body) {
        if let Body::ContactMade(m) = body {
            set_text(&mut self.channel, &m.channel, 40);
            set_text(&mut self.direction, &m.direction, 10);
            set_text(&mut self.with, &m.with, 60);
            set_text(&mut self.topic, &m.topic, TITLE);
        }
    }
}

fn set_text(field: &mut String, text: &str, bytes: usize) {
    if !text.is_empty() {
        truncate_text(text, bytes).clone_into(field);
    }
}
