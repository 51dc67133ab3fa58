//! People's decisions: events like any other, appended through the door.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use onefold_customer::CustomerRows;
use onefold_door::DoorVerdict;
use onefold_event::{Body, Event, EventId, IdParts, Micros, Subject, SubjectKind, v1};
use onefold_fold::SubjectState;
use onefold_identity::{PartyFacts, forbidden_pairs, kept_apart, normalise_identifier};
use serde::Serialize;
use uuid::Uuid;

use crate::reference::identifier;
use crate::{CustomerName, CustomerReference, ErrorCode, Service, ServiceError};

/// Who speaks in decisions.
pub(crate) const SOURCE: &str = "onefold";

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomerDecision {
    /// These are one customer. A customer named by id or identifier stands for all its parties: what one customer has only one
    /// of yields to a decision pair by pair (rule B5).
    Link {
        /// Two at least.
        parties: Vec<CustomerReference>,
    },
    /// The parties of one list are never the same customer as those of the other.
    Separate {
        /// One list; a customer stands for all its parties.
        parties: Vec<CustomerReference>,
        /// The other; empty: all other parties of their customers.
        from: Vec<CustomerReference>,
    },
    /// A document is of a party.
    Reassign {
        /// The document.
        document: Subject,
        /// The party; a customer stands for its earliest one.
        to: CustomerReference,
        /// `trade`, `receivable` or, for both, empty.
        facet: String,
    },
    /// Identifiers are not a party's, whatever its sources say again.
    Withdraw {
        /// The party.
        party: Subject,
        /// Identifiers that it holds.
        identifiers: Vec<String>,
    },
    /// An earlier decision no longer counts: by its subject (`decision:onefold:...`, or the document or party that it was about) or its event id.
    Undo {
        /// The decision.
        what: String,
    },
}

/// A decision with who and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRequest {
    /// What is decided.
    pub decision: CustomerDecision,
    /// Who decides.
    pub by: String,
    /// Why.
    pub why: String,
}

/// What was decided. Views follow once the stages have caught up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecisionResult {
    /// Id of the decision's event.
    pub event: String,
    /// What is given to `undo`.
    pub undo: String,
    /// Parties whose customers may change.
    pub parties: Vec<String>,
    /// The document that was moved, if it was one.
    pub document: Option<String>,
    /// The customers before: those of the parties, and of the document.
    pub before: Vec<CustomerName>,
}

/// Parties that a decision makes the same and that are kept apart, of two customers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Apart {
    /// The decision.
    pub decision: String,
    /// Parties of the one that it names.
    pub parties: Vec<String>,
    /// Parties of the other.
    pub others: Vec<String>,
    /// What holds against it, in words.
    pub because: String,
}

/// An event about to be appended, with whom it touches.
pub(crate) struct Draft {
    pub(crate) event: Event,
    pub(crate) parties: Vec<String>,
}

impl Service {
    /// Decides: appends the event of the decision.
    ///
    /// # Errors
    /// This process only reads, something named is not known, or there is nothing to decide.
    pub async fn decide(&self, asked: DecisionRequest) -> Result<DecisionResult, ServiceError> {
        let door = self.door()?;
        if asked.why.trim().is_empty() {
            return Err(ServiceError::invalid("a decision needs a reason: say why"));
        }
        let now = Timestamp::now().as_microsecond();
        let draft = match &asked.decision {
            CustomerDecision::Link { parties } => self.link(parties, &asked, now).await?,
            CustomerDecision::Separate { parties, from } => self.separate(parties, from, &asked, now).await?,
            CustomerDecision::Reassign { document, to, facet } => {
                self.reassign(document, to, facet, &asked, now).await?
            }
            CustomerDecision::Withdraw { party, identifiers } => self.withdraw(party, identifiers, &asked, now).await?,
            CustomerDecision::Undo { what } => self.undo(what, &asked, now).await?,
        };
        let Draft { event, parties } = draft;
        let before = self.customers_of(&parties).await?;
        let subject = event.header.subject.clone();
        let (id, undo) = (event.header.id.to_string(), subject.to_string());
        match door.accept(vec![event]).await?.into_iter().next() {
            Some(DoorVerdict::Accepted { .. }) => {}
            Some(DoorVerdict::Refused(beyond)) => {
                let told: Vec<_> = beyond.iter().map(ToString::to_string).collect();
                return Err(ServiceError::new(ErrorCode::TooLarge, told.join("; ")));
            }
            // Ids of decisions are made afresh: the door cannot know one.
            verdict => return Err(internal(format!("the decision was not taken: {verdict:?}"))),
        }
        let document = subject.kind().is_document().then(|| subject.to_string());
        Ok(DecisionResult { event: id, undo, parties, document, before })
    }

    /// The customers of these parties now, each once.
    ///
    /// # Errors
    /// The read model cannot be read.
    pub async fn customers_of(&self, parties: &[String]) -> Result<Vec<CustomerName>, ServiceError> {
        self.names(parties).await
    }

    /// What a decision says of these parties and cannot be honoured, as far as the views have caught up: each two customers once.
    ///
    /// # Errors
    /// The read model cannot be read.
    pub async fn kept_apart(&self, decision: &str, parties: &[String]) -> Result<Vec<Apart>, ServiceError> {
        let (mut customers, mut seen): (Vec<CustomerRows>, BTreeSet<String>) = Default::default();
        for party in parties {
            if !seen.contains(party) {
                let rows = self.customers().customer(party).await?;
                seen.extend(rows.iter().flat_map(|rows| rows.parties.keys().cloned()));
                customers.extend(rows);
            }
        }
        let mut found = Vec::new();
        for (n, one) in customers.iter().enumerate() {
            let ours: BTreeSet<Subject> = one.parties.keys().filter_map(|party| party.parse().ok()).collect();
            let kept = kept_apart(&ours, &one.decisions).into_iter().find(|kept| kept.decision.as_str() == decision);
            let Some(kept) = kept else { continue };
            for other in customers.iter().skip(n + 1) {
                let others: Vec<String> = kept.others.iter().map(Subject::to_string).collect();
                let others: Vec<String> = others.into_iter().filter(|p| other.parties.contains_key(p)).collect();
                if others.is_empty() {
                    continue;
                }
                let because =
                    forbidden_pairs(&self.facts(one).await?, &self.facts(other).await?, &one.decisions, &self.rules);
                found.push(Apart {
                    decision: decision.to_owned(),
                    parties: kept.parties.iter().map(Subject::to_string).collect(),
                    others,
                    because: because.map(|because| because.to_string()).unwrap_or_default(),
                });
            }
        }
        Ok(found)
    }

    /// What links the parties of a customer.
    pub(crate) async fn facts(&self, rows: &CustomerRows) -> Result<BTreeMap<Subject, PartyFacts>, ServiceError> {
        let keys: Vec<String> = rows.parties.keys().cloned().collect();
        let states = self.store.subjects(&keys).await?;
        let facts = |(key, state): (&String, Option<SubjectState>)| {
            let party = key.parse::<Subject>().ok()?;
            let facts = state.and_then(|state| state.fragment).map(|fragment| fragment.party_facts(&party));
            Some((party.clone(), facts.unwrap_or_else(|| PartyFacts::new(party))))
        };
        Ok(keys.iter().zip(states).filter_map(facts).collect())
    }

    async fn link(
        &self,
        parties: &[CustomerReference],
        asked: &DecisionRequest,
        now: Micros,
    ) -> Result<Draft, ServiceError> {
        let mut meant = BTreeSet::new();
        for reference in parties {
            meant.insert(self.head(reference).await?);
        }
        let named = self.parties(parties).await?;
        if meant.len() < 2 {
            return Err(ServiceError::invalid("one party alone cannot be linked: name two at least"));
        }
        let parties: Vec<String> = named.into_iter().collect();
        let body = v1::PartiesLinked {
            parties: parties.clone(),
            by: asked.by.clone(),
            why: asked.why.clone(),
            ..Default::default()
        };
        Ok(Draft { event: decision(body.into(), now)?, parties })
    }

    async fn separate(
        &self,
        parties: &[CustomerReference],
        from: &[CustomerReference],
        asked: &DecisionRequest,
        now: Micros,
    ) -> Result<Draft, ServiceError> {
        let left = self.parties(parties).await?;
        let mut right = self.parties(from).await?;
        if from.is_empty() {
            for party in &left {
                right.extend(
                    self.customers().customer(party).await?.into_iter().flat_map(|rows| rows.parties.into_keys()),
                );
            }
            right.retain(|party| !left.contains(party));
        }
        if let Some(both) = left.intersection(&right).next() {
            return Err(ServiceError::invalid(format!(
                "{both} stands on both sides: a party cannot be separated from itself"
            )));
        }
        if left.is_empty() || right.is_empty() {
            return Err(ServiceError::invalid(
                "there is nothing to separate: the parties named are all that their customer has; say from which with --from",
            ));
        }
        let (left, right): (Vec<String>, Vec<String>) = (left.into_iter().collect(), right.into_iter().collect());
        let parties = left.iter().chain(&right).cloned().collect();
        let body =
            v1::PartiesSeparated { left, right, by: asked.by.clone(), why: asked.why.clone(), ..Default::default() };
        Ok(Draft { event: decision(body.into(), now)?, parties })
    }

    async fn reassign(
        &self,
        document: &Subject,
        to: &CustomerReference,
        facet: &str,
        asked: &DecisionRequest,
        now: Micros,
    ) -> Result<Draft, ServiceError> {
        if !document.kind().is_document() {
            return Err(ServiceError::invalid(format!(
                "{document} is no document: an order, invoice, payment or the like can be reassigned"
            )));
        }
        if !["", "trade", "receivable"].contains(&facet) {
            return Err(ServiceError::invalid(format!(
                "there is no facet `{facet}`: expected trade, receivable or none for both"
            )));
        }
        let state = self.state(document).await?;
        let to = self.head(to).await?;
        let mut parties = vec![to.to_string()];
        let keys = state.owner_keys();
        for key in keys.all() {
            parties.extend(
                self.customers().customer_of_key(key).await?.and_then(|rows| rows.head()).map(|head| head.to_string()),
            );
        }
        let body = v1::DocumentReassigned {
            to: to.to_string(),
            facet: facet.to_owned(),
            by: asked.by.clone(),
            why: asked.why.clone(),
            undone: false,
        };
        let parts = ["reassign".to_owned(), document.to_string(), facet.to_owned()];
        Ok(Draft { event: revised(&parts, document.clone(), body.into(), now)?, parties })
    }

    async fn withdraw(
        &self,
        party: &Subject,
        identifiers: &[String],
        asked: &DecisionRequest,
        now: Micros,
    ) -> Result<Draft, ServiceError> {
        if party.kind() != SubjectKind::Party {
            return Err(ServiceError::invalid(format!("{party} is no party: an identifier is withdrawn from a party")));
        }
        let state = self.state(party).await?;
        let held = state.fragment.as_ref().map(|f| f.party_facts(party).identifiers).unwrap_or_default();
        let mut wrong = Vec::new();
        let mut parts = vec!["withdraw".to_owned(), party.to_string()];
        for text in identifiers {
            let key = identifier(text)?;
            if !held.contains(&key) {
                let held: Vec<_> = held.iter().map(ToString::to_string).collect();
                return Err(ServiceError::not_found(format!(
                    "{party} does not hold {key}: it holds {}",
                    held.join(", ")
                )));
            }
            wrong.push(written(&key)?);
            parts.push(key.to_string());
        }
        if wrong.is_empty() {
            return Err(ServiceError::invalid("name the identifier to withdraw, such as phone:+8613800138000"));
        }
        let body = v1::IdentifierWithdrawn { by: asked.by.clone(), why: asked.why.clone(), undone: false, wrong };
        let customer = self.customers().customer(party.as_str()).await?;
        let parties = customer.map_or_else(|| vec![party.to_string()], |rows| rows.parties.into_keys().collect());
        Ok(Draft { event: revised(&parts, party.clone(), body.into(), now)?, parties })
    }

    /// The party that a reference means: itself, or the earliest of the customer.
    pub(crate) async fn head(&self, reference: &CustomerReference) -> Result<Subject, ServiceError> {
        let rows = self.customer(reference).await?;
        match reference {
            CustomerReference::Subject(party) if party.kind() == SubjectKind::Party => Ok(party.clone()),
            _ => rows.head().ok_or_else(|| ServiceError::not_found(format!("{reference} has no parties"))),
        }
    }

    /// The parties that references mean: themselves, or all of the customer.
    async fn parties(&self, references: &[CustomerReference]) -> Result<BTreeSet<String>, ServiceError> {
        let mut all = BTreeSet::new();
        for reference in references {
            let rows = self.customer(reference).await?;
            match reference {
                CustomerReference::Subject(party) if party.kind() == SubjectKind::Party => {
                    all.extend([party.to_string()])
                }
                _ => all.extend(rows.parties.into_keys()),
            }
        }
        Ok(all)
    }
}

/// The event of a decision about parties: a subject of its own.
fn decision(body: Body, now: Micros) -> Result<Event, ServiceError> {
    let number = Uuid::new_v4().to_string();
    let subject = Subject::new(SubjectKind::Decision, SOURCE, &number).map_err(internal)?;
    let parts = [number];
    let ids = IdParts { source: SOURCE, part: "", parts: &parts, revision: "" };
    Event::new(ids.event_id(), ids.fact_id(), SOURCE, subject, now, body).map_err(internal)
}

/// The event of a decision about a document or party: a later one on the same matter is its revision.
fn revised(parts: &[String], subject: Subject, body: Body, now: Micros) -> Result<Event, ServiceError> {
    let revision = now.to_string();
    let ids = IdParts { source: SOURCE, part: "", parts, revision: &revision };
    revision_of(ids.fact_id(), ids.event_id(), subject, body, now)
}

/// An event that revises a fact.
pub(crate) fn revision_of(
    fact: EventId,
    id: EventId,
    subject: Subject,
    body: Body,
    now: Micros,
) -> Result<Event, ServiceError> {
    let mut event = Event::new(id, fact, SOURCE, subject, now, body).map_err(internal)?;
    event.header.revision = now.to_string();
    event.header.revision_order = vec![now];
    Ok(event)
}

/// An identifier as an event carries it.
fn written(key: &onefold_identity::IdentifierKey) -> Result<v1::Identifier, ServiceError> {
    let kind = key.kind();
    let issuer = key.scope().strip_prefix(kind).and_then(|rest| rest.strip_prefix(':')).unwrap_or_default();
    let text = if issuer.is_empty() { key.value() } else { key.value().get(issuer.len() + 1..).unwrap_or_default() };
    match normalise_identifier(kind, text, issuer) {
        Ok(again) if again == *key => Ok(v1::Identifier {
            kind: kind.to_owned(),
            text: text.to_owned(),
            issuer: issuer.to_owned(),
            role: String::new(),
        }),
        _ => Err(ServiceError::invalid(format!("{key} cannot be written as an identifier of an event"))),
    }
}

pub(crate) fn internal(error: impl std::fmt::Display) -> ServiceError {
    ServiceError::new(crate::ErrorCode::Internal, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_survives_being_written_into_an_event() {
        for text in [
            "phone:+8613800138000",
            "tax_number:CN:91110000600037341L",
            "number:erp:K:1",
            "wechat:shop:o-1",
            "email:a@b.cn",
        ] {
            let key = identifier(text).unwrap();
            let written = written(&key).unwrap();
            assert_eq!(normalise_identifier(&written.kind, &written.text, &written.issuer).unwrap().as_str(), text);
        }
    }

    #[test]
    fn a_later_decision_on_the_same_matter_is_a_revision_of_one_fact() {
        let document: Subject = "order:erp:1".parse().unwrap();
        let body = |to: &str| Body::from(v1::DocumentReassigned { to: to.to_owned(), ..Default::default() });
        let parts = ["reassign".to_owned(), document.to_string(), String::new()];
        let first = revised(&parts, document.clone(), body("party:a:1"), 10).unwrap();
        let second = revised(&parts, document, body("party:a:2"), 20).unwrap();
        assert_eq!(first.header.fact, second.header.fact);
        assert_ne!(first.header.id, second.header.id);
        assert!(first.header.revision_order < second.header.revision_order);
    }
}
