//! `onefold identity`: decisions, and what they change.

use std::process::ExitCode;

use anyhow::Result;
use onefold_event::Subject;
use onefold_service::{
    Apart, CustomerDecision, CustomerName, CustomerReference, DecisionRequest, DecisionResult, DocumentOwners,
    ServiceError, Shown,
};
use serde::Serialize;

use crate::args::{FacetWord, Globals, IdentityCommand, Reason};
use crate::hub::Hub;
use crate::out::Out;
use crate::render;

/// What a decision changed.
#[derive(Serialize)]
struct Changed {
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
    let asked = asked(command)?;
    let hub = Hub::open(&globals).await?;
    let decided = decide(&hub, asked).await;
    // Closed before a refusal is told, so that nothing is left behind.
    hub.close().await?;
    let changed = decided?;
    let mut out = Out::open();
    if globals.json {
        out.json(&changed)?;
    } else {
        print(&changed, &mut out)?;
    }
    out.done()?;
    Ok(ExitCode::SUCCESS)
}

async fn decide(hub: &Hub, asked: DecisionRequest) -> Result<Changed> {
    // What is decided rests on what is known: nothing may be on its way.
    hub.caught_up(&|_| {}).await?;
    let document = match &asked.decision {
        CustomerDecision::Reassign { document, .. } => Some(document.clone()),
        CustomerDecision::Undo { what } => what.parse::<Subject>().ok().filter(|subject| subject.kind().is_document()),
        _ => None,
    };
    let whose_before = whose(hub, document.as_ref()).await;
    let decided = hub.service.decide(asked).await?;
    hub.caught_up(&|_| {}).await?;
    let mut parties = decided.parties.clone();
    parties.extend(decided.before.iter().flat_map(|customer| customer.parties.iter().cloned()));
    let after = hub.service.customers_of(&parties).await?;
    let kept_apart = hub.service.kept_apart(&decided.undo, &decided.parties).await?;
    let whose_after = whose(hub, document.as_ref()).await;
    Ok(Changed { decided, after, kept_apart, whose_before, whose_after })
}

async fn whose(hub: &Hub, document: Option<&Subject>) -> Option<Box<DocumentOwners>> {
    match hub.service.show(&CustomerReference::Subject(document?.clone()), None).await {
        Ok(Shown::Document(whose)) => Some(whose),
        _ => None,
    }
}

fn print(changed: &Changed, out: &mut Out) -> Result<()> {
    if let (Some(before), Some(after)) = (&changed.whose_before, &changed.whose_after) {
        out.line("before")?;
        out.line(render::document(before))?;
        out.line("after")?;
        out.line(render::document(after))?;
    } else {
        out.line("before")?;
        for customer in &changed.decided.before {
            out.line(render::name(customer))?;
        }
        out.line("after")?;
        for customer in &changed.after {
            out.line(render::name(customer))?;
        }
    }
    for Apart { parties, others, because, .. } in &changed.kept_apart {
        let (parties, others) = (parties.join(", "), others.join(", "));
        out.line(format!("kept apart: {parties} and {others}, though this decision says same: {because}"))?;
    }
    if changed.kept_apart.is_empty()
        && changed.decided.before == changed.after
        && changed.whose_before == changed.whose_after
    {
        out.line("nothing changed: either it was so already, or another decision or rule holds against it")?;
    }
    out.line(format!("undo with: onefold identity undo {} --why ...", changed.decided.undo))
}

fn asked(command: IdentityCommand) -> Result<DecisionRequest, ServiceError> {
    let (decision, reason) = match command {
        IdentityCommand::Link { parties, reason } => {
            (CustomerDecision::Link { parties: references(&parties)? }, reason)
        }
        IdentityCommand::Separate { parties, from, reason } => {
            (CustomerDecision::Separate { parties: references(&parties)?, from: references(&from)? }, reason)
        }
        IdentityCommand::Reassign { document, to, facet, reason } => {
            let facet = match facet {
                Some(FacetWord::Trade) => "trade",
                Some(FacetWord::Receivable) => "receivable",
                None => "",
            };
            (
                CustomerDecision::Reassign { document: subject(&document)?, to: to.parse()?, facet: facet.to_owned() },
                reason,
            )
        }
        IdentityCommand::Withdraw { party, identifiers, reason } => {
            (CustomerDecision::Withdraw { party: subject(&party)?, identifiers }, reason)
        }
        IdentityCommand::Undo { decision, reason } => (CustomerDecision::Undo { what: decision }, reason),
    };
    let Reason { why, by } = reason;
    Ok(DecisionRequest { decision, by: by.unwrap_or_else(user), why })
}

fn references(texts: &[String]) -> Result<Vec<CustomerReference>, ServiceError> {
    texts.iter().map(|text| text.parse()).collect()
}

fn subject(text: &str) -> Result<Subject, ServiceError> {
    match text.parse::<CustomerReference>()? {
        CustomerReference::Subject(subject) => Ok(subject),
        _ => Err(ServiceError::new(
            onefold_service::ErrorCode::Invalid,
            format!("`{text}` is no subject: expected one such as order:erp:4711 or party:erp:K1"),
        )),
    }
}

/// The user of this machine.
fn user() -> String {
    let name =
        ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok()).filter(|name| !name.is_empty());
    name.unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}
