//! Events as CloudEvents in, one answer per event out.

use async_trait::async_trait;
use onefold_event::{Event, EventId, from_cloudevent};
use serde::Serialize;
use serde_json::Value;

use crate::{Code, Service, ServiceError};

/// Events taken at once.
pub const MOST_EVENTS: usize = 10_000;

/// What the service needs of the door, the one place that appends events: duplicates are dropped, what contradicts an
/// earlier event is kept beside it, and what is answered `Accepted` MUST be durable.
#[async_trait]
pub trait Door: Send + Sync {
    /// Takes events in; answers one verdict per event, in order.
    async fn take(&self, events: Vec<Event>) -> Result<Vec<Verdict>, ServiceError>;

    /// Keeps a posted event that was refused, with its problems, until somebody decides.
    async fn refuse(&self, raw: &Value, problems: &[String]) -> Result<(), ServiceError>;
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is in the log.
    Accepted,
    /// The hub knows it already.
    Duplicate,
    /// The hub knows this id with other content, which stands.
    Conflict,
    /// It is wrong; it waits in quarantine.
    Rejected,
}

/// The answer to one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Its place in the request, from 0.
    pub index: usize,
    /// The hub's id of the event, or the sender's where it was rejected; empty where there was none.
    pub id: String,
    /// What became of it.
    pub status: Verdict,
    /// All that is wrong with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

impl Service {
    /// Takes events in: a bad one does not hold up the others.
    ///
    /// # Errors
    /// This process only reads, there are too many, or nothing can be written. Then nothing was answered `accepted`, and
    /// the whole request may be sent again: what was taken in is known again by its id.
    pub async fn accept(&self, cloudevents: &[Value]) -> Result<Vec<Answer>, ServiceError> {
        let door = self.door()?;
        if cloudevents.len() > MOST_EVENTS {
            let message = format!("{} events at once are more than {MOST_EVENTS}: send them in several requests", cloudevents.len());
            return Err(ServiceError::new(Code::TooLarge, message));
        }
        let (mut answers, mut events, mut places) = (Vec::new(), Vec::new(), Vec::new());
        for (index, value) in cloudevents.iter().enumerate() {
            match from_cloudevent(value) {
                Ok(event) => {
                    answers.push(Answer { index, id: event.id.to_string(), status: Verdict::Accepted, problems: Vec::new() });
                    places.push((index, event.id));
                    events.push(event);
                }
                Err(error) => {
                    let id = value.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
                    let problems: Vec<String> = error.0.iter().map(ToString::to_string).collect();
                    door.refuse(value, &problems).await?;
                    answers.push(Answer { index, id, status: Verdict::Rejected, problems });
                }
            }
        }
        let verdicts = door.take(events).await?;
        for ((index, id), verdict) in places.into_iter().zip(verdicts) {
            if let Some(answer) = answers.get_mut(index) {
                answer.status = verdict;
                answer.problems.extend(told(verdict, id));
            }
        }
        Ok(answers)
    }

    pub(crate) fn door(&self) -> Result<&dyn Door, ServiceError> {
        self.door.as_deref().ok_or_else(|| ServiceError::new(Code::ReadOnly, "this process only reads: send events to the one that writes"))
    }
}

fn told(verdict: Verdict, id: EventId) -> Option<String> {
    (verdict == Verdict::Conflict).then(|| format!("event {id} is known with other content, which stands: send a `revision` to change it"))
}
