//! Entries of quarantine through the current mapping once more, a page at a time.

use std::io;

use futures_util::{Stream, StreamExt};
use onefold_door::{Door, DoorError, DoorVerdict, system_time};
use onefold_event::{Event, EventId, EventLimits, Problem, problems_to_json};
use onefold_format::{Charset, KeptRecord, RawRow, RecordContext, ReopenedRows, RowContent, format_of};
use onefold_mapping::{Connector, MappingOutcome, MappingPlan};
use onefold_store::{Quarantine, QuarantineDecision, QuarantineEntry, StoreError};

use serde::Deserialize;

use crate::belongs::{Belonging, RowMembership};
use crate::entry::codes;
use crate::fault;
use crate::ingest::{bounded, refused};
use crate::map::{map_again, map_rows};
use crate::read::PlanCache;
use crate::source::{post, topic};

/// Events that go to the door together, but for an entry that gives more.
const EVENTS: usize = 4_000;
/// Pages that are mapped ahead of the door.
const AHEAD: usize = 2;
/// Pages that are closed behind it, each of which may wait for the projector to let the read model be written.
const BEHIND: usize = 4;

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

/// An entry that was tried, or why it was not.
#[derive(Debug)]
pub struct TriedEntry {
    /// Its number.
    pub number: u64,
    /// What became of it; an error is this entry's own.
    pub outcome: Result<RetryOutcome, RetryError>,
}

/// Why an entry was not tried, or why trying stopped.
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
    within(entry, connector, &EventLimits::default(), &mut PlanCache::default())
}

/// The same within these bounds.
fn within(
    entry: &QuarantineEntry,
    connector: Option<&Connector>,
    limits: &EventLimits,
    planned: &mut PlanCache,
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
    let context = RecordContext::deserialize(&entry.context).map_err(|e| wrong(&e.to_string()))?;
    if context.message {
        return Ok(topic::reopen(&entry.resource, &entry.raw, connector, planned));
    }
    if context.rows.is_empty() || entry.codes.split(',').any(|code| PARTS.contains(&code)) {
        return Err(RetryError::Part { number, resource: resource() });
    }
    let charset = Charset::for_retry(&connector.read_settings().charset, &context.charset);
    let charset = charset.ok_or_else(|| wrong("its charset is unknown"))?;
    let kept = KeptRecord { raw: &entry.raw, charset, first_line: entry.first_line, context: &context };
    reopen(connector, &entry.resource, &kept, planned).map_err(|e| wrong(&e.to_string()))
}

/// What the mapping makes of a record of whatever format.
fn reopen(
    connector: &Connector,
    resource: &str,
    kept: &KeptRecord<'_>,
    planned: &mut PlanCache,
) -> io::Result<MappingOutcome> {
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
    let plan = match planned.of(connector, &heading) {
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

/// Tries entries again, a page of them at a time: while one is mapped, the one before is at the door and the one before that is
/// closed. An entry is closed only once what it became is durable in the log; ids make doubling impossible, so that what is
/// known already is not taken in twice, and a retry that was stopped at any instant is run again. Answers page by page, in their order.
///
/// # Errors
/// The world's, after which nothing more is to be asked of it; an entry's own stands with the entry.
pub fn retry<'r>(
    pages: impl Stream<Item = Result<Vec<QuarantineEntry>, StoreError>> + 'r,
    connector: Option<&'r Connector>,
    door: &'r Door,
    quarantine: &'r dyn Quarantine,
    why: &'r str,
) -> impl Stream<Item = Result<Vec<TriedEntry>, RetryError>> + 'r {
    pages
        .map(move |page| read_page(page, connector.cloned(), door.limits()))
        .buffered(AHEAD)
        .then(move |page| async move { accept(page?, door).await })
        .map(move |page| async move { close(page?, quarantine, why).await })
        .buffered(BEHIND)
}

/// An entry on its way.
enum RetryStep {
    /// It is mapped.
    Mapped(Box<QuarantineEntry>, Vec<Event>),
    /// Its record stands in the log.
    OfLog(Box<QuarantineEntry>),
    Done(RetryResult),
}

/// What becomes of an entry.
enum RetryResult {
    /// It is closed, and this is why; none: as the caller says.
    Close(u64, RetryOutcome, Option<String>),
    /// It stays with these problems.
    Stay(Box<QuarantineEntry>, Vec<Problem>),
    /// It stays as it is.
    Leave(u64, RetryError),
}

/// Maps a page where nobody waits for the thread.
async fn read_page(
    page: Result<Vec<QuarantineEntry>, StoreError>,
    connector: Option<Connector>,
    limits: EventLimits,
) -> Result<Vec<RetryStep>, RetryError> {
    let page = page?;
    let read = move || {
        let mut planned = PlanCache::default();
        page.into_iter().map(|entry| read_entry(Box::new(entry), connector.as_ref(), limits, &mut planned)).collect()
    };
    tokio::task::spawn_blocking(read).await.map_err(|_| DoorError::Broken.into())
}

fn read_entry(
    entry: Box<QuarantineEntry>,
    connector: Option<&Connector>,
    limits: EventLimits,
    planned: &mut PlanCache,
) -> RetryStep {
    if entry.is_of_log() && entry.decision.is_empty() {
        return RetryStep::OfLog(entry);
    }
    let outcome = within(&entry, connector, &limits, planned).map(|outcome| bounded(outcome, limits));
    RetryStep::Done(match outcome {
        Ok(MappingOutcome::Mapped { events, .. }) => return RetryStep::Mapped(entry, events),
        Ok(MappingOutcome::Skipped { reason }) => {
            let why = format!("skipped: {reason}");
            RetryResult::Close(entry.number, RetryOutcome::Skipped(reason), Some(why))
        }
        Ok(MappingOutcome::Quarantined(problems)) => RetryResult::Stay(entry, problems),
        Err(error) => RetryResult::Leave(entry.number, error),
    })
}

/// Brings a page to the door, whole entries at a time.
async fn accept(page: Vec<RetryStep>, door: &Door) -> Result<Vec<RetryResult>, RetryError> {
    let mut done = Vec::with_capacity(page.len());
    let (mut waiting, mut events) = (Vec::new(), Vec::new());
    for step in page {
        match step {
            RetryStep::Mapped(entry, own) => {
                let ids = own.iter().map(|event| (event.header.id, event.header.subject.to_string())).collect();
                waiting.push((done.len(), entry, ids));
                events.extend(own);
                // In its place until the door has spoken.
                done.push(None);
            }
            RetryStep::OfLog(entry) => done.push(Some(match refused::again(&entry, door).await {
                Ok(why) => RetryResult::Close(entry.number, RetryOutcome::Skipped(why.clone()), Some(why)),
                Err(error @ (RetryError::Door(_) | RetryError::Quarantine(_))) => return Err(error),
                Err(error) => RetryResult::Leave(entry.number, error),
            })),
            RetryStep::Done(result) => done.push(Some(result)),
        }
        if events.len() >= EVENTS {
            judge(std::mem::take(&mut waiting), std::mem::take(&mut events), door, &mut done).await?;
        }
    }
    judge(waiting, events, door, &mut done).await?;
    Ok(done.into_iter().flatten().collect())
}

/// An entry at the door: its place in the page, and its events' ids and subjects.
type WaitingEntry = (usize, Box<QuarantineEntry>, Vec<(EventId, String)>);

async fn judge(
    waiting: Vec<WaitingEntry>,
    events: Vec<Event>,
    door: &Door,
    done: &mut [Option<RetryResult>],
) -> Result<(), RetryError> {
    let mut verdicts = door.accept(events).await?.into_iter();
    for (place, entry, ids) in waiting {
        let verdicts: Vec<DoorVerdict> = verdicts.by_ref().take(ids.len()).collect();
        let problems: Vec<Problem> = (verdicts.iter().zip(&ids))
            .flat_map(|(verdict, (id, subject))| match verdict {
                DoorVerdict::Conflict(earlier) => vec![fault::conflict(subject, *id, &fault::place(earlier))],
                DoorVerdict::OlderMapping(earlier) => vec![fault::older_mapping(subject, *id, earlier)],
                DoorVerdict::Refused(beyond) => fault::event(beyond),
                DoorVerdict::Accepted { .. } | DoorVerdict::Remapped { .. } | DoorVerdict::Duplicate => Vec::new(),
            })
            .collect();
        if let Some(done) = done.get_mut(place) {
            *done = Some(match problems.is_empty() {
                true => RetryResult::Close(entry.number, RetryOutcome::Taken(verdicts), None),
                false => RetryResult::Stay(entry, problems),
            });
        }
    }
    Ok(())
}

/// Closes what is in, and keeps what is still wrong with the others: each in one durable step for the page.
async fn close(page: Vec<RetryResult>, quarantine: &dyn Quarantine, why: &str) -> Result<Vec<TriedEntry>, RetryError> {
    let (mut decisions, mut still, now) = (Vec::new(), Vec::new(), system_time());
    let tried = page.into_iter().map(|result| match result {
        RetryResult::Close(number, outcome, own) => {
            let why = own.unwrap_or_else(|| why.to_owned());
            decisions.push(QuarantineDecision { number, decision: "retried", why });
            TriedEntry { number, outcome: Ok(outcome) }
        }
        RetryResult::Stay(mut entry, problems) => {
            (entry.codes, entry.problems, entry.last_seen) = (codes(&problems), problems_to_json(&problems), now);
            let number = entry.number;
            still.push(*entry);
            TriedEntry { number, outcome: Ok(RetryOutcome::Again(problems)) }
        }
        RetryResult::Leave(number, error) => TriedEntry { number, outcome: Err(error) },
    });
    let tried = tried.collect();
    fail::fail_point!("retry.before_decide");
    if !still.is_empty() {
        quarantine.put(still).await?;
    }
    if !decisions.is_empty() {
        quarantine.decide(decisions).await?;
    }
    fail::fail_point!("retry.after_decide");
    Ok(tried)
}
