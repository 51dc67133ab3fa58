//! Decisions as they were made, and what became of each.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use onefold_event::{Subject, SubjectKind, parse_instant};
use onefold_store::FactsOf;
use serde::Serialize;
use serde_json::Value;

use crate::events::{Standing, places};
use crate::{Apart, EventLine, Service, ServiceError};

/// Decisions that are told at most.
pub const MOST_DECISIONS: usize = 1_000;
/// Subjects whose rows are read at once.
const CHUNK: usize = 500;

/// What became of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionState {
    /// It counts.
    Standing,
    /// It was undone.
    Withdrawn,
    /// A later one says otherwise.
    Superseded,
    /// It counts, and something holds against it.
    NotHonoured,
}

/// A decision of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecisionView {
    /// What it is about: given to `undo`.
    pub subject: String,
    /// Id of its event.
    pub event: String,
    /// `linked`, `separated`, `reassigned` or `identifier_withdrawn`.
    pub what: &'static str,
    /// Parties that it names; of a separation those of one side, of a document the new owner.
    pub parties: Vec<String>,
    /// Those of the other side of a separation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
    /// Identifiers that are not the party's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub identifiers: Vec<String>,
    /// Who decided.
    pub by: String,
    /// Why.
    pub why: String,
    /// When the hub took it in.
    pub decided_at: String,
    /// What became of it.
    pub state: DecisionState,
    /// Who undid it, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<WithdrawnBy>,
    /// Who is kept apart though it makes them the same, and what holds against it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kept_apart: Vec<Apart>,
}

/// Who undid a decision, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct WithdrawnBy {
    pub by: String,
    pub why: String,
    pub at: String,
}

impl Service {
    /// The latest decisions, newest first: all about parties, and those about documents and identifiers that stand.
    ///
    /// # Errors
    /// The read model or the log cannot be read.
    pub async fn decisions(&self, limit: usize) -> Result<Vec<DecisionView>, ServiceError> {
        let limit = limit.clamp(1, MOST_DECISIONS);
        let mut made: Vec<DecisionView> = Vec::new();
        for chunk in self.decided_subjects().await?.chunks(CHUNK) {
            let asked: Vec<FactsOf> = chunk.iter().map(|key| FactsOf::all(key)).collect();
            let told: Vec<_> = self.store.facts(&asked).await?.iter().flat_map(|facts| places(facts)).collect();
            let lines = self.event_lines(&told).await?;
            made.extend(decisions_in(&lines));
            // No fact is in two chunks, so no more need be held than are told.
            made.sort_by_cached_key(|one| Reverse((parse_instant(&one.decided_at), one.event.clone())));
            made.truncate(limit);
        }
        for decision in &mut made {
            self.judge(decision).await?;
        }
        Ok(made)
    }

    /// Subjects about which anybody decided.
    async fn decided_subjects(&self) -> Result<Vec<String>, ServiceError> {
        let mut all = BTreeSet::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.store.party_decisions(after.as_deref(), CHUNK).await?;
            let Some(last) = page.last().cloned() else { break };
            after = Some(last);
            all.extend(page);
        }
        after = None;
        loop {
            let page = self.store.decided(after.as_deref(), CHUNK).await?;
            let Some(last) = page.last().cloned() else { break };
            after = Some(last);
            all.extend(page);
        }
        Ok(all.into_iter().collect())
    }

    /// Says of a decision that counts whether a later one or anything else holds against it.
    pub(crate) async fn judge(&self, decision: &mut DecisionView) -> Result<(), ServiceError> {
        let Some(subject) = decision.subject.parse::<Subject>().ok().filter(|one| one.kind() == SubjectKind::Decision)
        else {
            return Ok(());
        };
        if decision.state != DecisionState::Standing {
            return Ok(());
        }
        if !self.state(&subject).await?.inbound.is_empty() {
            decision.state = DecisionState::Superseded;
        } else if decision.what == "linked" {
            decision.kept_apart = self.kept_apart(&decision.subject, &decision.parties).await?;
            if !decision.kept_apart.is_empty() {
                decision.state = DecisionState::NotHonoured;
            }
        }
        Ok(())
    }
}

/// The decisions of which these are all events: of a fact that was revised its last word.
pub(crate) fn decisions_in(lines: &[EventLine]) -> Vec<DecisionView> {
    let mut by_fact: BTreeMap<(&str, &str), Vec<&EventLine>> = BTreeMap::new();
    for line in lines.iter().filter(|line| is_decision(line)) {
        let fact = line.event.get("fact").and_then(Value::as_str).unwrap_or_default();
        by_fact.entry((&line.subject, fact)).or_default().push(line);
    }
    by_fact.into_values().filter_map(view_of).collect()
}

/// Whether a person decided by this event.
pub(crate) fn is_decision(line: &EventLine) -> bool {
    what_of(line).is_some()
}

/// What a decision does, by the type of its event.
fn what_of(line: &EventLine) -> Option<&'static str> {
    Some(match line.ty {
        "decision.parties_linked.v1" => "linked",
        "decision.parties_separated.v1" => "separated",
        "decision.document_reassigned.v1" => "reassigned",
        "decision.identifier_withdrawn.v1" => "identifier_withdrawn",
        _ => return None,
    })
}

/// A decision from all revisions of its fact: what was decided last, and whether that was undone.
fn view_of(mut lines: Vec<&EventLine>) -> Option<DecisionView> {
    lines.sort_by_cached_key(|line| parse_instant(&line.recorded_at));
    let undone = |line: &EventLine| line.data().and_then(|data| data.get("undone")) == Some(&Value::Bool(true));
    let made = lines.iter().rev().find(|line| !undone(line) && line.standing != Standing::Conflict)?;
    let withdrawn = lines.iter().find(|line| line.standing == Standing::Stands && undone(line));
    let said = |line: &EventLine, field: &str| {
        let said = line.data().and_then(|data| data.get(field)).and_then(Value::as_str);
        said.unwrap_or_default().to_owned()
    };
    let list = |field: &str| -> Vec<&Value> {
        made.data().and_then(|data| data.get(field)).and_then(Value::as_array).into_iter().flatten().collect()
    };
    let subjects = |field: &str| list(field).into_iter().filter_map(Value::as_str).map(str::to_owned);
    let wrong = |one: &Value| Some(format!("{} {}", one.get("kind")?.as_str()?, one.get("text")?.as_str()?));
    let to = Some(said(made, "to")).filter(|to| !to.is_empty());
    Some(DecisionView {
        subject: made.subject.clone(),
        event: made.id.clone(),
        what: what_of(made)?,
        parties: subjects("parties").chain(subjects("left")).chain(to).collect(),
        others: subjects("right").collect(),
        identifiers: list("wrong").into_iter().filter_map(wrong).collect(),
        by: said(made, "by"),
        why: said(made, "why"),
        decided_at: made.recorded_at.clone(),
        state: if withdrawn.is_some() { DecisionState::Withdrawn } else { DecisionState::Standing },
        withdrawn: withdrawn.map(|line| WithdrawnBy {
            by: said(line, "by"),
            why: said(line, "why"),
            at: line.recorded_at.clone(),
        }),
        kept_apart: Vec::new(),
    })
}
