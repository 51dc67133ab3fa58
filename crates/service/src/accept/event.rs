//! Events as CloudEvents in, one answer per event out.

use std::collections::{BTreeMap, BTreeSet};

use onefold_connect::{NoEvent, PostAnswer as Judged, PostedEvent, take_posted};
use onefold_door::{Door, DoorVerdict as Said, EarlierCopy};
use onefold_event::Problem;
use serde::Serialize;

use crate::{ErrorCode, Service, ServiceError};

/// Events taken at once.
pub const MOST_EVENTS: usize = 10_000;

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EventVerdict {
    /// It is in the log, durably.
    Accepted,
    /// The hub knows it already.
    Duplicate,
    /// The hub knows this id with other content, which stands; this one waits in quarantine.
    Conflict,
    /// It is wrong; it waits in quarantine.
    Rejected,
}

/// The answer to one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventAnswer {
    /// Its place in the request, from 0.
    pub index: usize,
    /// The hub's id of the event, or the sender's where it was rejected; empty where there was none.
    pub id: String,
    /// What the sender calls it, where it was not taken in; empty where it does not say.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sender_id: String,
    /// What became of it.
    pub status: EventVerdict,
    /// All that is wrong with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// Its entry in quarantine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<String>,
    /// What kind each of its problems is of.
    #[serde(skip)]
    kinds: Vec<ProblemKind>,
}

/// What problems of one kind have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct ProblemKind {
    code: String,
    message: String,
    target: String,
}

/// A kind of problem among the events of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProblemCount {
    /// Its stable code, such as `R0434`, or `conflict`.
    pub code: String,
    /// What is wrong with the first event that has it, and what would settle that.
    pub problem: String,
    /// Events that have it.
    pub count: usize,
    /// Place in the request of the first of them, from 0.
    pub first: usize,
}

impl ProblemCount {
    /// Each kind of problem once, the most frequent first.
    pub fn of(answers: &[EventAnswer]) -> Vec<Self> {
        let mut found: BTreeMap<&ProblemKind, Self> = BTreeMap::new();
        for answer in answers {
            let mut met = BTreeSet::new();
            for (kind, problem) in answer.kinds.iter().zip(&answer.problems) {
                if !met.insert(kind) {
                    continue;
                }
                let code = kind.code.clone();
                let first = || Self { code, problem: problem.clone(), count: 0, first: answer.index };
                found.entry(kind).or_insert_with(first).count += 1;
            }
        }
        let mut all: Vec<Self> = found.into_values().collect();
        all.sort_by_key(|kind| (std::cmp::Reverse(kind.count), kind.first));
        all
    }
}

impl Service {
    /// Takes events in: a bad one does not hold up the others.
    ///
    /// # Errors
    /// This process only reads, there are too many, or nothing can be written. The whole request may be sent again then:
    /// what was taken in is known again by its id.
    pub async fn accept(&self, cloudevents: Vec<PostedEvent>) -> Result<Vec<EventAnswer>, ServiceError> {
        let door = self.door()?;
        if cloudevents.len() > MOST_EVENTS {
            let message = format!(
                "{} events at once are more than {MOST_EVENTS}: send them in several requests",
                cloudevents.len()
            );
            return Err(ServiceError::new(ErrorCode::TooLarge, message));
        }
        let judged = take_posted(cloudevents, door, self.store.as_ref()).await.map_err(ServiceError::from);
        if let Some(writes) = &self.writes {
            writes.note(&judged, |judged| judged.iter().any(is_written));
        }
        Ok(judged?.into_iter().enumerate().map(|(index, judged)| answer(index, judged)).collect())
    }

    pub(crate) fn door(&self) -> Result<&Door, ServiceError> {
        self.door.as_ref().ok_or_else(|| {
            ServiceError::new(ErrorCode::ReadOnly, "this process only reads: send events to the one that writes")
        })
    }
}

/// Whether an answer means that something was written.
fn is_written(judged: &Judged) -> bool {
    match judged {
        Judged::Judged(_, Said::Duplicate) => false,
        Judged::Judged(..) | Judged::Conflict { .. } | Judged::Quarantined(..) => true,
    }
}

fn answer(index: usize, judged: Judged) -> EventAnswer {
    let answer = |id: String, status| EventAnswer {
        index,
        id,
        sender_id: String::new(),
        status,
        problems: Vec::new(),
        quarantine: None,
        kinds: Vec::new(),
    };
    let kind = |code: &str, message: &str, target: &str| ProblemKind {
        code: code.to_owned(),
        message: message.to_owned(),
        target: target.to_owned(),
    };
    let contradicts = |earlier: &EarlierCopy| {
        format!(
            "the event is known with other content, which stands (log {}/{}): send a `revision` to change it",
            earlier.partition, earlier.offset
        )
    };
    match judged {
        Judged::Judged(id, Said::Accepted { .. } | Said::Remapped { .. }) => {
            answer(id.to_string(), EventVerdict::Accepted)
        }
        Judged::Judged(id, Said::Duplicate) => answer(id.to_string(), EventVerdict::Duplicate),
        Judged::Conflict { id, sender_id, earlier, number } => EventAnswer {
            problems: vec![contradicts(&earlier)],
            kinds: vec![kind("conflict", "", "")],
            sender_id,
            quarantine: Some(format!("q-{number:04}")),
            ..answer(id.to_string(), EventVerdict::Conflict)
        },
        // Posted events of these kinds are told of above and below, with their entries in quarantine.
        Judged::Judged(id, Said::Conflict(earlier) | Said::OlderMapping(earlier)) => EventAnswer {
            problems: vec![contradicts(&earlier)],
            kinds: vec![kind("conflict", "", "")],
            ..answer(id.to_string(), EventVerdict::Conflict)
        },
        Judged::Judged(id, Said::Refused(beyond)) => EventAnswer {
            problems: beyond.iter().map(ToString::to_string).collect(),
            kinds: beyond.iter().map(|error| kind("rejected", &error.to_string(), "")).collect(),
            ..answer(id.to_string(), EventVerdict::Rejected)
        },
        Judged::Quarantined(number, NoEvent { id, problems }) => EventAnswer {
            kinds: problems.iter().map(|problem| kind(&problem.code, &problem.message, &problem.target)).collect(),
            problems: problems.iter().map(sentence).collect(),
            quarantine: Some(format!("q-{number:04}")),
            sender_id: id.clone(),
            ..answer(id, EventVerdict::Rejected)
        },
    }
}

/// A problem in one line: a program reads it, or a person in a log.
fn sentence(problem: &Problem) -> String {
    let mut text = format!("{}: {}", problem.code, problem.message);
    for (label, part) in [(": ", &problem.target), (": found ", &problem.found), (", expected ", &problem.expected)] {
        if !part.is_empty() {
            text.push_str(label);
            text.push_str(part);
        }
    }
    for help in &problem.help {
        text.push_str("; ");
        text.push_str(help);
    }
    text
}
