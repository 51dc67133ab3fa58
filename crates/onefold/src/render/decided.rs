//! Decisions and what joins parties, as text.

use onefold_service::{Apart, DecisionState, DecisionView, JoinCandidate, JoinView, SharedValue};

use super::line::name_text;

/// A decision with who, why and what became of it.
pub(crate) fn decision_lines(decision: &DecisionView) -> String {
    let state = match decision.state {
        DecisionState::Standing => "stands",
        DecisionState::Withdrawn => "WITHDRAWN",
        DecisionState::Superseded => "a later one holds",
        DecisionState::NotHonoured => "NOT HONOURED",
    };
    let parties = decision.parties.join(", ");
    let what = match decision.what {
        "linked" => format!("{parties} are one customer"),
        "separated" => format!("{parties} never the same as {}", decision.others.join(", ")),
        "reassigned" => format!("{} is of {parties}", decision.subject),
        _ => format!("{} not of {}", decision.identifiers.join(", "), decision.subject),
    };
    let mut text = format!(
        "{}  {state}  {}\n  {what}\n  {}: {}",
        decision.decided_at, decision.subject, decision.by, decision.why
    );
    if let Some(withdrawn) = &decision.withdrawn {
        text.push_str(&format!("\n  withdrawn {} by {}: {}", withdrawn.at, withdrawn.by, withdrawn.why));
    }
    for Apart { parties, others, because, .. } in &decision.kept_apart {
        text.push_str(&format!("\n  kept apart: {} and {}: {because}", parties.join(", "), others.join(", ")));
    }
    text
}

/// Why two parties are one customer, or two.
pub(crate) fn join_lines(why: &JoinView) -> String {
    let mut text = if why.joined { "one customer" } else { "two customers" }.to_owned();
    why.customers.iter().for_each(|customer| text.push_str(&format!("\n{}", name_text(customer))));
    for step in &why.path {
        text.push_str(&format!("\n{} and {}: {}", step.from, step.to, step.by));
    }
    text.push_str(&shared_text(&why.shared, &why.forbidden));
    if !why.joined && why.shared.is_empty() {
        text.push_str("\nthey share no value that could join them");
    }
    text
}

/// Another customer that shares values.
pub(crate) fn candidate_lines(candidate: &JoinCandidate) -> String {
    format!("{}{}", name_text(&candidate.customer), shared_text(&candidate.shared, &candidate.forbidden))
}

fn shared_text(shared: &[SharedValue], forbidden: &str) -> String {
    let one = |one: &SharedValue| format!("\n    share {}, but {}", one.value, one.but);
    let shared: String = shared.iter().map(one).collect();
    if forbidden.is_empty() { shared } else { format!("{shared}\n    kept apart: {forbidden}") }
}
