//! A quarantine entry through the current mapping once more.

use std::io;

use onefold_door::{Door, DoorError, DoorVerdict, system_time};
use onefold_event::{EventLimits, Problem, problems_to_json};
use onefold_format::{Charset, KeptRecord, RawRow, RecordContext, ReopenedRows, RowContent, format_of};
use onefold_mapping::{Connector, MappingOutcome, MappingPlan};
use onefold_store::{Quarantine, QuarantineEntry, StoreError};

use crate::belongs::{Belonging, RowMembership};
use crate::entry::codes;
use crate::fault;
use crate::ingest::refused;
use crate::map::{map_again, map_rows};
use crate::source::{post, topic};

/// What became of an entry.
#[derive(Debug, Clone, PartialEq)]
pub enum RetryOutcome {
    /// Its events are in; the entry is closed.
    Taken(Vec<DoorVerdict>),
    /// The mapping leaves it out on purpose now; the entry is closed.
    Skipped(String),
    /// It still cannot be taken in; the entry has these problems now.
    Again(Vec<Problem>),
}

/// Why an entry was not tried.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum RetryError {
    #[error("q-{number:04} was read by the connector `{entry}`, not by `{given}`")]
    Connector { number: u64, entry: String, given: String },
    #[error("q-{number:04} is kept cut off ({kept} of {length} bytes): it can be read again only from {resource}")]
    Cut { number: u64, kept: u64, length: u64, resource: String },
    #[error("q-{number:04} is not a whole record: correct it in {resource} and ingest that again")]
    Part { number: u64, resource: String },
    #[error("q-{number:04} was closed already: {decision}")]
    Closed { number: u64, decision: String },
    #[error(
        "q-{number:04} stands in the log at {resource}, where bytes never change, and is no event: {problem}; if it was to be \
         one, have its source send it again, then discard this entry"
    )]
    Refused { number: u64, resource: String, problem: String },
    #[error(
        "q-{number:04} is an event to this program and was none to the one that made the views: `onefold rebuild --accept` \
         takes it in where it stands in the log, at {resource}; then retry this entry"
    )]
    Unfolded { number: u64, resource: String },
    #[error("q-{number:04} does not hold what reading it again needs: {problem}")]
    Context { number: u64, problem: String },
    #[error("{0}")]
    Door(#[from] DoorError),
    #[error("quarantine could not be written: {0}")]
    Quarantine(#[from] StoreError),
}

/// Problems of entries that are a part of something, so that taking them in alone would be false.
const PARTS: [&str; 2] = ["R0307", "R0308"];

/// What the current mapping would make of an entry; nothing is written. `connector` is none for what was posted.
///
/// # Errors
/// The entry cannot be read again, or not by this connector.
pub fn again(entry: &QuarantineEntry, connector: Option<&Connector>) -> Result<MappingOutcome, RetryError> {
    within(entry, connector, &EventLimits::default())
}

/// The same within these bounds.
fn within(
    entry: &QuarantineEntry,
    connector: Option<&Connector>,
    limits: &EventLimits,
) -> Result<MappingOutcome, RetryError> {
    let (number, resource) = (entry.number, || entry.resource.clone());
    if !entry.decision.is_empty() {
        return Err(RetryError::Closed { number, decision: entry.decision.clone() });
    }
    let kept = entry.raw.len() as u64;
    if kept < entry.length {
        return Err(RetryError::Cut { number, kept, length: entry.length, resource: resource() });
    }
    let given = connector.map_or(post::CONNECTOR, Connector::name);
    if given != entry.connector {
        return Err(RetryError::Connector { number, entry: entry.connector.clone(), given: given.to_owned() });
    }
    let Some(connector) = connector else { return Ok(post::reopen(&entry.raw, limits)) };
    let wrong = |problem: &str| RetryError::Context { number, problem: problem.to_owned() };
    let context: RecordContext = serde_json::from_value(entry.context.clone()).map_err(|e| wrong(&e.to_string()))?;
    if context.message {
        return Ok(topic::reopen(&entry.resource, &entry.raw, connector));
    }
    if context.rows.is_empty() || entry.codes.split(',').any(|code| PARTS.contains(&code)) {
        return Err(RetryError::Part { number, resource: resource() });
    }
    let charset = Charset::for_retry(&connector.read_settings().charset, &context.charset);
    let charset = charset.ok_or_else(|| wrong("its charset is unknown"))?;
    let kept = KeptRecord { raw: &entry.raw, charset, first_line: entry.first_line, context: &context };
    reopen(connector, &entry.resource, &kept).map_err(|e| wrong(&e.to_string()))
}

/// What the mapping makes of a record of whatever format.
fn reopen(connector: &Connector, resource: &str, kept: &KeptRecord<'_>) -> io::Result<MappingOutcome> {
    let read = connector.read_settings();
    let ReopenedRows { heading, mut rows } = match format_of(read.format).reopen(kept, read)? {
        Ok(reopened) => reopened,
        Err(problem) => return Ok(MappingOutcome::Quarantined(vec![problem])),
    };
    kept.context.place(&mut rows, kept.first_line);
    let bad: Vec<Problem> = (rows.iter())
        .filter_map(|row| match &row.content {
            RowContent::Bad(problem, _) => Some((**problem).clone()),
            _ => None,
        })
        .collect();
    if !bad.is_empty() {
        return Ok(MappingOutcome::Quarantined(bad));
    }
    let plan = match connector.plan_heading(&heading) {
        Ok(plan) => plan,
        Err(problems) => return Ok(MappingOutcome::Quarantined(problems)),
    };
    if let Some(problem) = fill(&plan, &mut rows, kept.context, &read.group_by) {
        return Ok(MappingOutcome::Quarantined(vec![problem]));
    }
    Ok(map_again(connector, &plan, resource, &rows, kept.context.item.unwrap_or(0)))
}

/// Fills cells as they were filled when the file was read: from rows of other documents by what the entry keeps, else from
/// the row above. Answers what is wrong where a row still has no key.
fn fill(plan: &MappingPlan, rows: &mut [RawRow], context: &RecordContext, columns: &[String]) -> Option<Problem> {
    let mut belonging = Belonging::default();
    let mut keyless = None;
    for (n, row) in rows.iter_mut().enumerate() {
        let taken = context.filled.iter().filter(|(row, ..)| *row == n);
        let taken: Vec<(usize, String)> = taken.map(|(_, column, value)| (*column, value.clone())).collect();
        if let RowContent::Fields(fields) = &mut row.content {
            fields.put(&taken);
        }
        belonging.fill(plan, row);
        let (RowContent::Fields(fields), false) = (&row.content, columns.is_empty()) else { continue };
        let place = belonging.of(plan, fields, || map_rows(plan, "", std::slice::from_ref(row)));
        if matches!(place, RowMembership::Below(_) | RowMembership::Nowhere) {
            keyless.get_or_insert_with(|| fault::keyless(row.place.first_line, columns, n > 0));
        }
    }
    keyless
}

/// Tries an entry again. Ids make doubling impossible: what is known already is not taken in twice.
///
/// # Errors
/// The entry cannot be read again, or the world fails.
pub async fn retry(
    entry: &QuarantineEntry,
    connector: Option<&Connector>,
    door: &Door,
    quarantine: &dyn Quarantine,
    why: &str,
) -> Result<RetryOutcome, RetryError> {
    if entry.is_of_log() && entry.decision.is_empty() {
        return refused::again(entry, door, quarantine).await;
    }
    let problems = match within(entry, connector, &door.limits())? {
        MappingOutcome::Skipped { reason } => {
            quarantine.decide(entry.number, "retried", &format!("skipped: {reason}")).await?;
            return Ok(RetryOutcome::Skipped(reason));
        }
        MappingOutcome::Quarantined(problems) => problems,
        MappingOutcome::Mapped { events, .. } => {
            let ids: Vec<_> = events.iter().map(|event| (event.header.id, event.header.subject.to_string())).collect();
            let verdicts = door.accept(events).await?;
            let problems: Vec<Problem> = (verdicts.iter().zip(&ids))
                .flat_map(|(verdict, (id, subject))| match verdict {
                    DoorVerdict::Conflict(earlier) => vec![fault::conflict(subject, *id, &fault::place(earlier))],
                    DoorVerdict::OlderMapping(earlier) => vec![fault::older_mapping(subject, *id, earlier)],
                    DoorVerdict::Refused(beyond) => fault::event(beyond),
                    DoorVerdict::Accepted { .. } | DoorVerdict::Duplicate => Vec::new(),
                })
                .collect();
            if problems.is_empty() {
                quarantine.decide(entry.number, "retried", why).await?;
                return Ok(RetryOutcome::Taken(verdicts));
            }
            problems
        }
    };
    let mut entry = entry.clone();
    (entry.codes, entry.problems, entry.last_seen) = (codes(&problems), problems_to_json(&problems), system_time());
    quarantine.put(vec![entry]).await?;
    Ok(RetryOutcome::Again(problems))
}
