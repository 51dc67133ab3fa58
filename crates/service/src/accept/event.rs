//! Events as CloudEvents in, one answer per event out.

use onefold_connect::{NoEvent, PostAnswer as Judged, PostedEvent, take_posted};
use onefold_door::{Door, DoorVerdict as Said};
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
    /// What became of it.
    pub status: EventVerdict,
    /// All that is wrong with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    /// Its entry in quarantine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<String>,
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
        Judged::Judged(..) | Judged::Quarantined(..) => true,
    }
}

fn answer(index: usize, judged: Judged) -> EventAnswer {
    let answer = |id: String, status| EventAnswer { index, id, status, problems: Vec::new(), quarantine: None };
    match judged {
        Judged::Judged(id, Said::Accepted { .. } | Said::Remapped { .. }) => {
            answer(id.to_string(), EventVerdict::Accepted)
        }
        Judged::Judged(id, Said::Duplicate) => answer(id.to_string(), EventVerdict::Duplicate),
        Judged::Judged(id, Said::Conflict(earlier) | Said::OlderMapping(earlier)) => {
            let told = format!(
                "the event is known with other content, which stands (log {}/{}): send a `revision` to change it",
                earlier.partition, earlier.offset
            );
            EventAnswer { problems: vec![told], ..answer(id.to_string(), EventVerdict::Conflict) }
        }
        // Posted events of this kind are in quarantine, and told of below.
        Judged::Judged(id, Said::Refused(beyond)) => {
            let problems = beyond.iter().map(ToString::to_string).collect();
            EventAnswer { problems, ..answer(id.to_string(), EventVerdict::Rejected) }
        }
        Judged::Quarantined(number, NoEvent { id, problems }) => {
            let problems = problems.iter().map(sentence).collect();
            EventAnswer { problems, quarantine: Some(format!("q-{number:04}")), ..answer(id, EventVerdict::Rejected) }
        }
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
