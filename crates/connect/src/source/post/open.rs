//! Posted events through the door; what is none goes to quarantine.

use onefold_door::{Door, DoorVerdict, EarlierCopy};
use onefold_event::{Event, EventId, EventLimits, Problem};
use onefold_format::RecordContext;
use onefold_mapping::MappingOutcome;
use onefold_store::{Quarantine, QuarantineEntry};
use sha2::{Digest, Sha256};

use crate::entry::{self, EntryBytes};
use crate::source::post::{NoEvent, PostedEvent};
use crate::{IngestError, fault};

/// Name of the connector in entries of what was posted.
pub(crate) const CONNECTOR: &str = "events";
const RESOURCE: &str = "/v1/events";
/// Events, and bytes of them, that are read and taken in together at most.
const PORTION: usize = 4_000;
const PORTION_BYTES: usize = 1 << 20;
/// So many bytes are read where they are.
const FEW_BYTES: usize = 64 << 10;

/// What became of one posted event.
#[derive(Debug, Clone, PartialEq)]
pub enum PostAnswer {
    /// It is an event: its id, and what the door said.
    Judged(EventId, DoorVerdict),
    /// It contradicts an earlier event, which stands.
    Conflict {
        /// The hub's id of both.
        id: EventId,
        /// What the sender calls it.
        sender_id: String,
        /// The earlier one.
        earlier: Box<EarlierCopy>,
        /// This one's number in quarantine.
        number: u64,
    },
    /// It is none: its number in quarantine, and why.
    Quarantined(u64, NoEvent),
}

/// Takes posted events in and answers each in its order. What is no event, and what contradicts an earlier event,
/// is in quarantine, durably, when this answers. They are read and taken in a portion at a time, so that their number does not
/// decide how much room they take.
///
/// # Errors
/// The world's: the body may be posted again as it is, since what is known is not taken in twice.
pub async fn take_posted(
    items: Vec<PostedEvent>,
    door: &Door,
    quarantine: &dyn Quarantine,
) -> Result<Vec<PostAnswer>, IngestError> {
    let mut answers = Vec::with_capacity(items.len());
    let mut left = items.into_iter().peekable();
    while left.peek().is_some() {
        let (mut portion, mut bytes) = (Vec::new(), 0);
        while let Some(item) = left.next_if(|_| portion.len() < PORTION && bytes < PORTION_BYTES) {
            bytes += item.raw.len();
            portion.push(item);
        }
        let limits = door.limits();
        let read = move || portion.into_iter().map(|item| (item.event(&limits), item)).collect::<Vec<_>>();
        // A thread that answers others is not for much work.
        let read = match bytes > FEW_BYTES {
            true => tokio::task::spawn_blocking(read).await.map_err(|_| IngestError::Broken)?,
            false => read(),
        };
        take(read, door, quarantine, &mut answers).await?;
    }
    Ok(answers)
}

/// Takes in a portion.
async fn take(
    read: Vec<(Result<Event, NoEvent>, PostedEvent)>,
    door: &Door,
    quarantine: &dyn Quarantine,
    answers: &mut Vec<PostAnswer>,
) -> Result<(), IngestError> {
    let (mut events, mut refused) = (Vec::new(), Vec::new());
    let mut order = Vec::with_capacity(read.len());
    for (event, item) in read {
        match event {
            Ok(event) => {
                order.push(Ok((event.header.id, event.header.subject.to_string(), item)));
                events.push(event);
            }
            Err(no) => {
                refused.push(entry(&item, &no.problems));
                order.push(Err(no));
            }
        }
    }
    let mut numbers = put(quarantine, refused).await?.into_iter();
    let mut verdicts = door.accept(events).await?.into_iter();
    let (mut late, mut places) = (Vec::new(), Vec::new());
    for place in order {
        let answer = match place {
            Err(no) => PostAnswer::Quarantined(numbers.next().unwrap_or(0), no),
            Ok((id, subject, item)) => match verdicts.next().ok_or(IngestError::Broken)? {
                DoorVerdict::Refused(beyond) => {
                    let no = NoEvent { id: id.to_string(), problems: fault::event(&beyond) };
                    places.push((late.len(), answers.len()));
                    late.push(entry(&item, &no.problems));
                    PostAnswer::Quarantined(0, no)
                }
                DoorVerdict::Conflict(earlier) => {
                    places.push((late.len(), answers.len()));
                    late.push(entry(&item, &[fault::conflict(&subject, id, &fault::place(&earlier))]));
                    PostAnswer::Conflict { id, sender_id: item.sender_id(), earlier, number: 0 }
                }
                verdict => PostAnswer::Judged(id, verdict),
            },
        };
        answers.push(answer);
    }
    let numbers = put(quarantine, late).await?;
    for (at, answer) in places {
        let Some(given) = numbers.get(at) else { continue };
        match answers.get_mut(answer) {
            Some(PostAnswer::Quarantined(number, _) | PostAnswer::Conflict { number, .. }) => *number = *given,
            Some(PostAnswer::Judged(..)) | None => {}
        }
    }
    Ok(())
}

/// What an entry's bytes say now.
pub(crate) fn reopen(raw: &[u8], limits: &EventLimits) -> MappingOutcome {
    match (PostedEvent { raw: raw.to_vec() }).event(limits) {
        Ok(event) => MappingOutcome::Mapped { events: vec![event], findings: Vec::new() },
        Err(no) => MappingOutcome::Quarantined(no.problems),
    }
}

/// An entry for what was posted: its bytes, under their digest, in no file and under no mapping.
fn entry(item: &PostedEvent, problems: &[Problem]) -> QuarantineEntry {
    let (length, sha256) = (item.raw.len() as u64, hex::encode(Sha256::digest(&item.raw)));
    let context = RecordContext {
        mapping: hex::encode([0; 8]),
        charset: "UTF-8".to_owned(),
        rows: vec![(0, 0, 0, length)],
        ..RecordContext::default()
    };
    let key = format!("{CONNECTOR}/{sha256}");
    let bytes = EntryBytes { key, lines: (0, 0), raw: item.raw.clone(), length, sha256 };
    entry::entry(CONNECTOR, RESOURCE, bytes, &context, problems)
}

async fn put(quarantine: &dyn Quarantine, entries: Vec<QuarantineEntry>) -> Result<Vec<u64>, IngestError> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    quarantine.put(entries).await.map_err(IngestError::Quarantine)
}
