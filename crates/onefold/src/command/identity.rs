//! `onefold identity`: decisions, and what they change.

use std::process::ExitCode;

use anyhow::Result;
use onefold_event::Subject;
use onefold_service::{
    Apart, CustomerDecision, CustomerName, CustomerReference, DecisionRequest, DecisionResult, DocumentOwners,
    ServiceError,
};
use serde::Serialize;

use crate::args::{DecisionReason, FacetWord, Globals, IdentityCommand, IdentityDecision, IdentityQuestion};
use crate::hub::{HubReader, RunningHub};
use crate::out::{OutputWriter, user_name};
use crate::render;

/// What a decision changed.
#[derive(Serialize)]
struct DecisionAnswer {
    #[serde(flatten)]
    decided: DecisionResult,
    after: Vec<CustomerName>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    kept_apart: Vec<Apart>,
    #[serde(skip_serializing_if = "Option::is_none")]
    whose_before: Option<Box<DocumentOwners>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    whose_after: Option<Box<DocumentOwners>>,
}

pub(crate) async fn run(command: IdentityCommand, globals: Globals) -> Result<ExitCode> {
    let decision = match command {
        IdentityCommand::Ask(IdentityQuestion::List { limit }) => return list_decisions(limit, &globals).await,
        IdentityCommand::Ask(IdentityQuestion::Why { one, other }) => return why_joined(&one, &other, &globals).await,
        IdentityCommand::Ask(IdentityQuestion::Candidates { reference }) => {
            return list_candidates(&reference, &globals).await;
        }
        IdentityCommand::Decide(decision) => decision,
    };
    let asked = decision_request(decision)?;
    let hub = RunningHub::open(&globals).await?;
    let decided = send_decision(&hub, asked).await;
    // Closed before a refusal is told, so that nothing is left behind.
    hub.close().await?;
    let changed = decided?;
    let mut out = OutputWriter::open();
    if globals.json {
        out.write_json(&changed)?;
    } else {
        print_change(&changed, &mut out)?;
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

async fn list_decisions(limit: usize, globals: &Globals) -> Result<ExitCode> {
    let reader = HubReader::open(globals).await?;
    let mut out = OutputWriter::open();
    let decisions = reader.service.decisions(limit).await?;
    for decision in &decisions {
        if globals.json {
            out.json_line(decision)?;
        } else {
            out.write_line(render::decision_lines(decision))?;
        }
    }
    if decisions.is_empty() && !globals.json {
        out.write_line("nobody has decided anything")?;
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

async fn why_joined(one: &str, other: &str, globals: &Globals) -> Result<ExitCode> {
    let (one, other) = (one.parse()?, other.parse()?);
    let reader = HubReader::open(globals).await?;
    let mut out = OutputWriter::open();
    let why = reader.service.why_joined(&one, &other).await?;
    if globals.json {
        out.write_json(&why)?;
    } else {
        out.write_line(render::join_lines(&why))?;
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

async fn list_candidates(reference: &str, globals: &Globals) -> Result<ExitCode> {
    let reader = HubReader::open(globals).await?;
    let reference = reader.service.read_reference(reference).await?;
    let mut out = OutputWriter::open();
    let candidates = reader.service.join_candidates(&reference).await?;
    for candidate in &candidates {
        if globals.json {
            out.json_line(candidate)?;
        } else {
            out.write_line(render::candidate_lines(candidate))?;
        }
    }
    if candidates.is_empty() && !globals.json {
        out.write_line("no other customer shares a value with this one")?;
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

async fn send_decision(hub: &RunningHub, asked: DecisionRequest) -> Result<DecisionAnswer> {
    // What is decided rests on what is known: nothing may be on its way.
    hub.caught_up(&|_| {}).await?;
    let document = match &asked.decision {
        CustomerDecision::Reassign { document, .. } => Some(document.clone()),
        CustomerDecision::Undo { what } => what.parse::<Subject>().ok().filter(|subject| subject.kind().is_document()),
        _ => None,
    };
    let whose_before = document_owners(hub, document.as_ref()).await;
    let decided = hub.service.decide(asked).await?;
    hub.caught_up(&|_| {}).await?;
    let mut parties = decided.parties.clone();
    parties.extend(decided.before.iter().flat_map(|customer| customer.parties.iter().cloned()));
    let after = hub.service.customers_of(&parties).await?;
    let kept_apart = hub.service.kept_apart(&decided.undo, &decided.parties).await?;
    let whose_after = document_owners(hub, document.as_ref()).await;
    Ok(DecisionAnswer { decided, after, kept_apart, whose_before, whose_after })
}

async fn document_owners(hub: &RunningHub, document: Option<&Subject>) -> Option<Box<DocumentOwners>> {
    hub.service.document_owners(document?).await.ok().map(Box::new)
}

fn print_change(changed: &DecisionAnswer, out: &mut OutputWriter) -> Result<()> {
    if let (Some(before), Some(after)) = (&changed.whose_before, &changed.whose_after) {
        out.write_line("before")?;
        out.write_line(render::owner_lines(before))?;
        out.write_line("after")?;
        out.write_line(render::owner_lines(after))?;
    } else {
        out.write_line("before")?;
        for customer in &changed.decided.before {
            out.write_line(render::name_text(customer))?;
        }
        out.write_line("after")?;
        for customer in &changed.after {
            out.write_line(render::name_text(customer))?;
        }
    }
    for Apart { parties, others, because, .. } in &changed.kept_apart {
        let (parties, others) = (parties.join(", "), others.join(", "));
        out.write_line(format!("kept apart: {parties} and {others}, though this decision says same: {because}"))?;
    }
    if changed.kept_apart.is_empty()
        && changed.decided.before == changed.after
        && changed.whose_before == changed.whose_after
    {
        out.write_line("nothing changed: either it was so already, or another decision or rule holds against it")?;
    }
    out.write_line(format!("undo with: onefold identity undo {} --why ...", changed.decided.undo))
}

fn decision_request(command: IdentityDecision) -> Result<DecisionRequest, ServiceError> {
    let (decision, reason) = match command {
        IdentityDecision::Link { parties, reason } => {
            (CustomerDecision::Link { parties: parse_references(&parties)? }, reason)
        }
        IdentityDecision::Separate { parties, from, reason } => (
            CustomerDecision::Separate { parties: parse_references(&parties)?, from: parse_references(&from)? },
            reason,
        ),
        IdentityDecision::Reassign { document, to, facet, reason } => {
            let facet = match facet {
                Some(FacetWord::Trade) => "trade",
                Some(FacetWord::Receivable) => "receivable",
                None => "",
            };
            (
                CustomerDecision::Reassign {
                    document: parse_subject(&document)?,
                    to: to.parse()?,
                    facet: facet.to_owned(),
                },
                reason,
            )
        }
        IdentityDecision::Withdraw { party, identifiers, reason } => {
            (CustomerDecision::Withdraw { party: parse_subject(&party)?, identifiers }, reason)
        }
        IdentityDecision::Undo { decision, reason } => (CustomerDecision::Undo { what: decision }, reason),
    };
    let DecisionReason { why, by } = reason;
    Ok(DecisionRequest { decision, by: by.unwrap_or_else(user_name), why })
}

fn parse_references(texts: &[String]) -> Result<Vec<CustomerReference>, ServiceError> {
    texts.iter().map(|text| text.parse()).collect()
}

fn parse_subject(text: &str) -> Result<Subject, ServiceError> {
    match text.parse::<CustomerReference>()? {
        CustomerReference::Subject(subject) => Ok(subject),
        _ => Err(ServiceError::new(
            onefold_service::ErrorCode::Invalid,
            format!("`{text}` is no subject: expected one such as order:erp:4711 or party:erp:K1"),
        )),
    }
}
