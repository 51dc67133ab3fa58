//! Who is one customer, and what parties say of themselves.

use std::collections::BTreeSet;

use onefold_event::{Occurred, Subject, format_micros};
use onefold_identity::explain;
use onefold_view::{FieldStatement, ProfilePart, StatementRule, field_statements};
use serde_json::{Value, json};

use super::answer::{ExplainedLink, ExplainedStatement, Explanation};
use super::basis::{OwnPart, ViewBasis};
use super::path::{FoundValue, ValueStep};
use crate::decision::joins::link_text;
use crate::{JoinStep, Service, ServiceError};

/// Parties whose links are told at most.
const MOST_LINKS: usize = 100;

impl Explanation {
    /// What joins the customer's parties, or one of them; gives whom that rests on.
    pub(super) fn add_links(
        &mut self,
        service: &Service,
        basis: &ViewBasis,
        found: &FoundValue<'_>,
    ) -> Result<BTreeSet<Subject>, ServiceError> {
        let head = basis.rows.head().ok_or_else(|| ServiceError::not_found("the customer has no parties"))?;
        let asked = match found.steps.as_slice() {
            [_, ValueStep::Entry(party), ..] => Some(party),
            _ => None,
        };
        let parties = basis.rows.parties.iter().filter(|(party, _)| asked.is_none_or(|asked| asked == *party));
        let (rows, mut rests) = (&basis.rows, BTreeSet::new());
        for (party, first_seen) in parties.take(MOST_LINKS) {
            let Ok(subject) = party.parse::<Subject>() else { continue };
            let steps =
                explain(&basis.facts, &rows.decisions, &rows.hubs, &service.rules, &head, &subject).unwrap_or_default();
            let step = |step: &onefold_identity::ExplanationStep| JoinStep {
                from: step.from.to_string(),
                to: step.to.to_string(),
                by: link_text(&step.link),
            };
            rests.extend(steps.iter().flat_map(|step| [step.from.clone(), step.to.clone()]));
            rests.insert(subject);
            self.links.push(ExplainedLink {
                party: party.clone(),
                first_seen: format_micros(*first_seen),
                path: steps.iter().map(step).collect(),
            });
        }
        rests.extend(rows.decisions.iter().map(|decision| decision.id().clone()));
        let others = rows.parties.len().saturating_sub(1);
        self.sentence = match asked {
            Some(party) if *party == head.as_str() => {
                format!("{party} is the earliest of the customer's parties, whose id it bears.")
            }
            Some(party) => format!("{party} is one customer with {head} by the links that lead to it."),
            None if others == 0 => format!("{}: {head}, its only party.", self.sentence),
            None => format!("{}: {head}, to which links join {others} more.", self.sentence),
        };
        Ok(rests)
    }

    /// What parties say of a field of the profile or of an attribute, and what each that does not count loses by.
    pub(super) fn add_statements(
        &mut self,
        service: &Service,
        basis: &ViewBasis,
        (part, field): (ProfilePart, &str),
    ) -> BTreeSet<Subject> {
        let said = field_statements(&basis.rows.bundles, &service.rules.profile, part, field);
        let (value, others) = (said.first().map(|first| first.value.clone()).unwrap_or_default(), said.len());
        let statement = |one: &FieldStatement| ExplainedStatement {
            party: one.party.clone(),
            source: one.source.clone(),
            at: Some(Occurred::Instant { at: one.at, offset: None }),
            value: Value::String(one.value.clone()),
            lost_by: one.lost_by.filter(|_| one.value != value).map(rule_text).unwrap_or_default(),
        };
        self.statements = said.iter().map(statement).collect();
        if let Some(first) = said.first() {
            self.sentence = match others {
                1 => format!("`{field}` is what {} says of {}; no other party says any.", first.source, first.party),
                others => format!(
                    "`{field}` is what {} says of {}, before what is said of {} more.",
                    first.source,
                    first.party,
                    others - 1
                ),
            };
        }
        said.iter().filter_map(|one| one.party.parse().ok()).collect()
    }

    /// What each party says of itself at a path that is shown of the customer.
    pub(super) fn add_parties(
        &mut self,
        service: &Service,
        basis: &ViewBasis,
        found: &FoundValue<'_>,
    ) -> Result<BTreeSet<Subject>, ServiceError> {
        let list = found.steps.first().map(|step| match step {
            ValueStep::Member(name) | ValueStep::Entry(name) => name.clone(),
        });
        let mut rests = BTreeSet::new();
        let is_party = |subject: &Subject| basis.facts.contains_key(subject);
        for OwnPart { subject: party, value, .. } in basis.parts_at(&service.rules, &self.path, None, is_party)? {
            let entries = match value {
                Value::Array(entries) if found.entry().is_none() => entries,
                Value::Null => continue,
                value => vec![value],
            };
            for value in entries {
                // In a list of all, an entry that no party of the customer says otherwise is told once for each who says it.
                let differs = found.entry().is_some() && value != *found.value && !is_of_sources(found);
                let lost_by = if differs { self.party_rule(list.as_deref()) } else { "" };
                let source = party.source().to_owned();
                rests.insert(party.clone());
                self.statements.push(ExplainedStatement { party: party.to_string(), source, at: None, value, lost_by });
            }
        }
        self.statements.sort_by_key(|said| !said.lost_by.is_empty());
        let who = |n: usize| if n == 1 { "1 party says so".to_owned() } else { format!("{n} parties say so") };
        self.sentence = match (list.as_deref(), found.entry()) {
            (Some("identifiers"), Some(entry)) => {
                let key = entry.get("key").and_then(Value::as_str).unwrap_or_default();
                let state = entry.get("state").and_then(Value::as_str).unwrap_or_default();
                let kind = entry.get("kind").and_then(Value::as_str).unwrap_or_default();
                let limit = service.rules.holder_limit(kind);
                format!("{key}: {}; it {}.", who(rests.len()), state_text(state, limit))
            }
            _ => format!("{}: {}.", self.sentence, who(rests.len())),
        };
        Ok(rests)
    }

    fn party_rule(&self, list: Option<&str>) -> &'static str {
        match list {
            Some("identifiers") => "an identifier that one of the parties holds is held",
            Some("contact_persons") => "it was said later, or by a greater source or party at once",
            _ => "what stands for more others counts",
        }
    }
}

/// Whether the value is of all who say so, of whom each party is one.
fn is_of_sources(found: &FoundValue<'_>) -> bool {
    let has = |value: &Value| value.get("sources").is_some();
    has(found.value) || found.steps.iter().any(|step| *step == ValueStep::Member("sources".to_owned()))
}

fn rule_text(rule: StatementRule) -> &'static str {
    match rule {
        StatementRule::Capitals => "a name in capitals counts last",
        StatementRule::SourceOrder => "the hub puts the other source first",
        StatementRule::Later => "the other was said later",
        StatementRule::Greater => "both were said at once: the greater source, party and text counts",
    }
}

/// What an identifier does, by its state.
fn state_text(state: &str, limit: u64) -> String {
    match state {
        "links" => "is of a kind that joins parties alone".to_owned(),
        "weak" => "is of a kind that joins parties of one name".to_owned(),
        "hub" => format!("joins nobody, since more than {limit} parties asserted it"),
        "invalid" => "is invalid and joins nobody".to_owned(),
        "withdrawn" => "was withdrawn, by a correction or a person".to_owned(),
        "beside" => "stood beside the party's own on a guest order and joins nobody".to_owned(),
        _ => "is of a kind that joins nobody".to_owned(),
    }
}

/// What a figure is, as JSON.
pub(super) fn figure(value: Option<FoundValue<'_>>) -> Value {
    value.map_or(json!(null), |found| found.value.clone())
}
