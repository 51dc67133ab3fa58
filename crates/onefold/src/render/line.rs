//! Answers of a line or two.

use onefold_service::{CustomerName, Document, DocumentOwner, DocumentOwners, EventLine, SearchHit, Standing};
use onefold_view::{FindingView, StatedView};

use super::time::time_text;
use super::{money_text, one_line, pad_columns};

/// A document on a timeline.
pub(crate) fn document_row(row: &Document) -> String {
    let sum = match (&row.amount, &row.currency) {
        (Some(sum), Some(currency)) => format!("  {} {currency}", money_text(sum, currency)),
        _ => String::new(),
    };
    let status = if row.status.is_empty() { String::new() } else { format!("  {}", status_text(row)) };
    let label = if row.label.is_empty() { String::new() } else { format!("  {}", row.label) };
    let reference = if row.reference { "  (shared with another customer)" } else { "" };
    let found: String = row.findings.iter().map(|found| format!("\n  {}", finding_line(found))).collect();
    let stated = row.stated.as_ref().map(stated_text).unwrap_or_default();
    format!(
        "{:<22}  {}{sum}{status}{label}{reference}{stated}{found}",
        time_text(&row.at),
        pad_columns(&row.subject, 32)
    )
}

/// Of whom a document that nobody holds says that it is.
fn stated_text(stated: &StatedView) -> String {
    let text =
        if stated.text.is_empty() { String::new() } else { format!("\u{201c}{}\u{201d}", one_line(&stated.text)) };
    let told = [one_line(&stated.name), one_line(&stated.identifiers.join(", ")), text];
    told.iter().filter(|told| !told.is_empty()).map(|told| format!("  {told}")).collect()
}

/// How a document stands, and since when where goods arrived.
pub(crate) fn status_text(row: &Document) -> String {
    let status = row.status.replace('_', " ");
    row.delivered_at.map_or(status.clone(), |at| format!("{status} {}", time_text(&at)))
}

/// What of a document cannot be honoured, and what to do.
pub(crate) fn finding_line(finding: &FindingView) -> String {
    format!("{} {} {}: {}; {}", finding.code, finding.subject, finding.field, finding.what, finding.help)
}

/// A document and whose it is.
pub(crate) fn owner_lines(whose: &DocumentOwners) -> String {
    let mut text = document_row(&whose.document);
    let mut put = |label: &str, owner: &DocumentOwner| {
        let who = match &owner.customer {
            Some(customer) => format!("{} ({})", customer.id, called(customer)),
            None => "nobody: unattributed".to_owned(),
        };
        text.push_str(&format!("\n  {label:<10}{who}, by {}", owner.key));
    };
    put("bought by", &whose.trade);
    put("owed by", &whose.receivable);
    whose.parts.iter().for_each(|part| put("a part of", part));
    text
}

pub(super) fn called(customer: &CustomerName) -> &str {
    if customer.name.is_empty() { "no name known" } else { &customer.name }
}

/// A customer by name.
pub(crate) fn name_text(customer: &CustomerName) -> String {
    format!("  {}  {}  [{}]", customer.id, called(customer), customer.parties.join(", "))
}

/// A customer that was found, with what tells people of one name apart; first the document by whose number it was found.
pub(crate) fn hit_lines(hit: &SearchHit) -> String {
    let name = if hit.name.is_empty() { "no name known" } else { &hit.name };
    let mut text = if hit.id.is_empty() { "nobody: unattributed".to_owned() } else { format!("{name}  {}", hit.id) };
    let told: Vec<&str> =
        hit.reached_by.iter().chain([&hit.address]).map(String::as_str).filter(|told| !told.is_empty()).collect();
    if !told.is_empty() {
        text.push_str(&format!("\n  {}", told.join("  ")));
    }
    if let Some(document) = &hit.document {
        text.push_str(&format!("\n  found  {}", document_row(document)));
    }
    if let Some(last) =
        hit.last.as_ref().filter(|last| hit.document.as_ref().is_none_or(|found| found.subject != last.subject))
    {
        text.push_str(&format!("\n  last   {}", document_row(last)));
    }
    if !hit.parties.is_empty() {
        text.push_str(&format!("\n  [{}]", hit.parties.join(", ")));
    }
    text
}

/// An event with its lineage.
pub(crate) fn event_text(line: &EventLine) -> String {
    let standing = match line.standing {
        Standing::Stands => "",
        Standing::Superseded => "  (superseded)",
        Standing::Conflict => "  (conflict)",
    };
    let from = line.origin();
    format!(
        "{:<22}  {:<30}  {}  {from}  log {}/{}{standing}",
        time_text(&line.occurred_at),
        line.ty,
        pad_columns(&line.subject, 32),
        line.partition,
        line.offset
    )
}
