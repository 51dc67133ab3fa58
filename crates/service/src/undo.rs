//! A decision undone: a later revision of the same fact that says so.

use onefold_event::{Body, DecodedEvent, EventId, IdParts, Micros, Subject, SubjectKind};
use uuid::Uuid;

use crate::decide::{Draft, SOURCE, internal, revision_of};
use crate::{DecisionRequest, ErrorCode, Service, ServiceError};

impl Service {
    pub(crate) async fn undo(&self, what: &str, asked: &DecisionRequest, now: Micros) -> Result<Draft, ServiceError> {
        let event = self.decision_meant(what).await?;
        let (body, parties) = undone(&event, asked).ok_or_else(|| {
            ServiceError::invalid(format!("{what} is no decision that stands: there is nothing to undo"))
        })?;
        let (parts, revision) = ([event.header.fact.to_string()], now.to_string());
        let id = IdParts { source: SOURCE, part: "undo", parts: &parts, revision: &revision }.event_id();
        let mut event = revision_of(event.header.fact, id, event.header.subject, body, now)?;
        event.header.day = false;
        Ok(Draft { event, parties })
    }

    async fn decision_meant(&self, what: &str) -> Result<DecodedEvent, ServiceError> {
        if let Ok(id) = Uuid::try_parse(what) {
            let subject: Subject =
                format!("{}:{SOURCE}:{id}", SubjectKind::Decision.word()).parse().map_err(internal)?;
            if let Ok(standing) = self.standing(&subject).await {
                return one(what, standing);
            }
            let found = self.decided_by(EventId(*id.as_bytes())).await?;
            let (subject, fact) = found.ok_or_else(|| {
                ServiceError::not_found(format!("no decision that stands has the event {id}: there is nothing to undo"))
            })?;
            // What stands of its fact is what is undone.
            let standing = self.standing(&subject).await?;
            return one(what, standing.into_iter().filter(|event| event.header.fact == fact).collect());
        }
        let subject: Subject = what.parse().map_err(|_| {
            ServiceError::invalid(format!("`{what}` names no decision: expected decision:onefold:..., the document or party that it was about, or its event id"))
        })?;
        one(what, self.standing(&subject).await?)
    }
}

/// The one decision among standing events that still counts.
fn one(what: &str, standing: Vec<DecodedEvent>) -> Result<DecodedEvent, ServiceError> {
    let mut counting: Vec<DecodedEvent> = standing.into_iter().filter(counts).collect();
    match (counting.pop(), counting.as_slice()) {
        (None, _) => Err(ServiceError::not_found(format!("no decision about {what} stands: there is nothing to undo"))),
        (Some(event), []) => Ok(event),
        (Some(last), others) => {
            let ids: Vec<_> =
                others.iter().chain([&last]).map(|e| format!("{} ({})", e.header.id, e.body.name())).collect();
            Err(ServiceError::new(
                ErrorCode::Ambiguous,
                format!("several decisions about {what} stand; undo one by its event id: {}", ids.join(", ")),
            ))
        }
    }
}

fn counts(event: &DecodedEvent) -> bool {
    match &event.body {
        Body::PartiesLinked(m) => !m.undone,
        Body::PartiesSeparated(m) => !m.undone,
        Body::DocumentReassigned(m) => !m.undone,
        Body::IdentifierWithdrawn(m) => !m.undone,
        _ => false,
    }
}

/// The body that undoes a decision, and the parties that it touches.
fn undone(event: &DecodedEvent, asked: &DecisionRequest) -> Option<(Body, Vec<String>)> {
    let (by, why) = (asked.by.clone(), asked.why.clone());
    Some(match event.body.clone() {
        Body::PartiesLinked(mut m) => {
            (m.undone, m.by, m.why) = (true, by, why);
            let parties = m.parties.clone();
            (m.into(), parties)
        }
        Body::PartiesSeparated(mut m) => {
            (m.undone, m.by, m.why) = (true, by, why);
            let parties = m.left.iter().chain(&m.right).cloned().collect();
            (m.into(), parties)
        }
        Body::DocumentReassigned(mut m) => {
            (m.undone, m.by, m.why) = (true, by, why);
            let parties = vec![m.to.clone()];
            (m.into(), parties)
        }
        Body::IdentifierWithdrawn(mut m) => {
            (m.undone, m.by, m.why) = (true, by, why);
            (m.into(), vec![event.header.subject.to_string()])
        }
        _ => return None,
    })
}
