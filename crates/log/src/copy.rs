//! A topic moved into another log: keys, headers, bytes and times kept, into any number of partitions.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::{Log, LogError, LogRecord, StoredRecord, partition_of};

/// The topic of the target that notes what was copied: one record per round, written before the round begins.
const COPIES: &str = "copies";
const CHUNK: usize = 2_000;

/// What a copy did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CopyReport {
    /// Records that it appended.
    pub records: u64,
    /// Records of the same round that an earlier run had appended before it was broken off.
    pub resumed: u64,
    /// Records in whose place it appended a note, since the target is too narrow for them.
    pub left_out: u64,
    /// Partitions of the target.
    pub partitions: u32,
}

/// What becomes of a record that is larger than the target takes.
pub enum Larger<'a> {
    /// The copy ends before it, and names it.
    Stop,
    /// It is kept elsewhere, durably, before a note is appended in its place; where it cannot be, the copy ends and says why.
    Keep(&'a mut (dyn FnMut(&StoredRecord) -> Result<(), String> + Send)),
}

/// Why a copy ended early. What was appended stays, and the next run goes on from there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum CopyError {
    #[error("reading: {0}")]
    From(LogError),
    #[error("writing: {0}")]
    To(LogError),
    #[error(
        "the target's topic `{topic}` holds records that no copy from this source wrote ({why}): copy into a log of its own"
    )]
    Foreign { topic: String, why: &'static str },
    #[error("the target's note of an earlier copy cannot be read: {0}")]
    Note(String),
    #[error(
        "the record at partition {partition}, offset {offset} of the source ({key}) has {bytes} bytes, and the target takes {most}: \
         have its topic take more (max.message.bytes), or decide to go on without such records"
    )]
    TooLarge { partition: u32, offset: u64, key: String, bytes: usize, most: usize },
    #[error("a record that the target is too narrow for could not be kept: {0}")]
    Kept(String),
}

/// Positions of a round: the source is copied from some heads to others, into what the target held when it began.
struct Round {
    from: Vec<u64>,
    to: Vec<u64>,
    began: Vec<u64>,
}

/// Copies a topic; run again, it goes on where it was broken off, and brings over what the source has got since.
///
/// The records of a round arrive in one order, whoever runs it how often: the source's partitions merged by time, each in
/// its own order. So the target's heads alone say how far it is, and nothing is written twice. Nobody else SHALL write to
/// either end of the topic's target meanwhile; records that no copy wrote are noticed where a run begins or ends.
///
/// In the place of a record that is left out stands a note of the same key and time, which is no event: whoever folds the
/// target meets it, and puts it into quarantine.
///
/// # Errors
/// One of the logs does not answer, the target holds something else, or it is too narrow for a record.
pub async fn copy(
    from: &dyn Log,
    to: &dyn Log,
    topic: &str,
    partitions: u32,
    mut larger: Larger<'_>,
    told: &(dyn Fn(u64, u64) + Sync),
) -> Result<CopyReport, CopyError> {
    let partitions = to.topic(topic, partitions).await.map_err(CopyError::To)?;
    to.topic(COPIES, 1).await.map_err(CopyError::To)?;
    let sources = from.heads(topic).await.map_err(CopyError::From)?;
    let held = to.heads(topic).await.map_err(CopyError::To)?;
    let foreign = |why| CopyError::Foreign { topic: topic.to_owned(), why };

    let last = last_round(to, topic).await?;
    let round = match last {
        None if held.iter().any(|head| *head > 0) => return Err(foreign("it was not empty before the first copy")),
        None => begin(to, topic, vec![0; sources.len()], &sources, &held).await?,
        Some(last) => {
            let done = written(&last, &held).ok_or_else(|| foreign("it has fewer than it had"))?;
            match done.cmp(&last.total()) {
                std::cmp::Ordering::Less => last,
                std::cmp::Ordering::Equal => begin(to, topic, last.to, &sources, &held).await?,
                std::cmp::Ordering::Greater => return Err(foreign("it has more than was copied")),
            }
        }
    };

    let total = round.total();
    let mut skip: Vec<u64> = held.iter().zip(&round.began).map(|(held, began)| held.saturating_sub(*began)).collect();
    let mut copied = CopyReport { records: 0, resumed: skip.iter().sum(), left_out: 0, partitions };
    let mut merged = Merged::new(from, topic, &round);
    let mut batch = Vec::new();
    let mut done = 0;
    while let Some(stored) = merged.next().await.map_err(CopyError::From)? {
        let partition = partition_of(&stored.record.key, partitions);
        done += 1;
        match skip.get_mut(partition as usize) {
            Some(left) if *left > 0 => {
                *left -= 1;
                // The last one that is there speaks for those before it.
                let head = held.get(partition as usize).copied().unwrap_or(0);
                if *left == 0 && !is_there(to, topic, partition, head, &stored).await? {
                    return Err(foreign("what an earlier run wrote last is not there"));
                }
            }
            _ => batch.push((partition, stored)),
        }
        if batch.len() == CHUNK {
            append(to, topic, &mut batch, &mut larger, &mut copied).await?;
            told(done, total);
        }
    }
    append(to, topic, &mut batch, &mut larger, &mut copied).await?;
    told(done, total);
    let held = to.heads(topic).await.map_err(CopyError::To)?;
    if written(&round, &held) != Some(total) {
        return Err(foreign("it has more than was copied"));
    }
    Ok(copied)
}

impl Round {
    fn total(&self) -> u64 {
        self.to.iter().zip(&self.from).map(|(to, from)| to.saturating_sub(*from)).sum()
    }
}

/// How many records the target has got since a round began; none where it has fewer than then.
fn written(round: &Round, held: &[u64]) -> Option<u64> {
    if held.len() != round.began.len() {
        return None;
    }
    held.iter().zip(&round.began).map(|(held, began)| held.checked_sub(*began)).sum()
}

/// Notes a round before anything of it is written.
async fn begin(to: &dyn Log, topic: &str, from: Vec<u64>, heads: &[u64], held: &[u64]) -> Result<Round, CopyError> {
    if from.len() != heads.len() || heads.iter().zip(&from).any(|(head, from)| head < from) {
        return Err(CopyError::Foreign {
            topic: topic.to_owned(),
            why: "they are of another source, or of more of it",
        });
    }
    let round = Round { from, to: heads.to_vec(), began: held.to_vec() };
    if round.total() > 0 {
        let text = |list: &[u64]| Bytes::from(list.iter().map(u64::to_string).collect::<Vec<_>>().join(" "));
        let mut note = LogRecord::new(topic.to_owned(), Bytes::new(), 0);
        note.headers = [("from", &round.from), ("to", &round.to), ("began", &round.began)]
            .map(|(name, list)| (name.to_owned(), text(list)))
            .to_vec();
        to.append(COPIES, vec![(0, note)]).await.map_err(CopyError::To)?;
    }
    Ok(round)
}

async fn last_round(to: &dyn Log, topic: &str) -> Result<Option<Round>, CopyError> {
    let (mut at, mut last) = (0, None);
    loop {
        let notes = to.read(COPIES, 0, at, CHUNK).await.map_err(CopyError::To)?;
        let Some(end) = notes.last() else { break };
        at = end.offset + 1;
        last = notes.into_iter().rfind(|note| note.record.key == topic.as_bytes()).or(last);
    }
    let Some(note) = last else { return Ok(None) };
    let list = |name: &str| -> Result<Vec<u64>, CopyError> {
        let text = note.record.header(name).and_then(|bytes| std::str::from_utf8(bytes).ok());
        let numbers = text.map(|text| text.split(' ').map(str::parse).collect::<Result<Vec<u64>, _>>());
        numbers.and_then(Result::ok).ok_or_else(|| CopyError::Note(name.to_owned()))
    };
    Ok(Some(Round { from: list("from")?, to: list("to")?, began: list("began")? }))
}

async fn is_there(
    to: &dyn Log,
    topic: &str,
    partition: u32,
    head: u64,
    stored: &StoredRecord,
) -> Result<bool, CopyError> {
    let Some(last) = head.checked_sub(1) else { return Ok(false) };
    let found = to.fetch(topic, &[(partition, last)]).await.map_err(CopyError::To)?;
    Ok(found.first().is_some_and(|found| found.record == stored.record || found.record == note(topic, stored)))
}

/// Appends a batch; in the place of what the target is too narrow for, where that was decided, a note.
async fn append(
    to: &dyn Log,
    topic: &str,
    batch: &mut Vec<(u32, StoredRecord)>,
    larger: &mut Larger<'_>,
    copied: &mut CopyReport,
) -> Result<(), CopyError> {
    let mut batch: Vec<(u32, StoredRecord)> = std::mem::take(batch);
    loop {
        let records = batch.iter().map(|(partition, stored)| (*partition, stored.record.clone())).collect();
        let most = match to.append(topic, records).await {
            Ok(offsets) => {
                copied.records += offsets.len() as u64;
                return Ok(());
            }
            // Nothing of the batch was appended.
            Err(LogError::TooLarge { most, .. }) => most,
            Err(error) => return Err(CopyError::To(error)),
        };
        let mut any = false;
        for (_, stored) in batch.iter_mut().filter(|(_, stored)| stored.record.size() > most) {
            let Larger::Keep(keep) = larger else {
                return Err(CopyError::TooLarge {
                    partition: stored.partition,
                    offset: stored.offset,
                    key: String::from_utf8_lossy(&stored.record.key).into_owned(),
                    bytes: stored.record.size(),
                    most,
                });
            };
            keep(stored).map_err(CopyError::Kept)?;
            stored.record = note(topic, stored);
            copied.left_out += 1;
            any = true;
        }
        if !any {
            return Err(CopyError::To(LogError::TooLarge { bytes: most, most }));
        }
    }
}

/// What stands in the place of a record that was left out. Its first letter, as a tag of protobuf, ends a group that never
/// began: so it never decodes to an event.
fn note(topic: &str, stored: &StoredRecord) -> LogRecord {
    let StoredRecord { partition, offset, record } = stored;
    let told = format!("left out of a copy: {} bytes at {topic} {partition}/{offset} of the source", record.size());
    LogRecord::new(record.key.clone(), told, record.time)
}

/// The records of a round: the partitions merged by (time, partition), each in its own order.
struct Merged<'a> {
    from: &'a dyn Log,
    topic: &'a str,
    cursors: Vec<Cursor>,
}

struct Cursor {
    partition: u32,
    next: u64,
    end: u64,
    read: VecDeque<StoredRecord>,
}

impl<'a> Merged<'a> {
    fn new(from: &'a dyn Log, topic: &'a str, round: &Round) -> Self {
        let cursor = |(partition, (next, end)): (u32, (&u64, &u64))| Cursor {
            partition,
            next: *next,
            end: *end,
            read: VecDeque::new(),
        };
        let cursors = (0..).zip(round.from.iter().zip(&round.to)).map(cursor).collect();
        Self { from, topic, cursors }
    }

    async fn next(&mut self) -> Result<Option<StoredRecord>, LogError> {
        for cursor in &mut self.cursors {
            if cursor.read.is_empty() && cursor.next < cursor.end {
                let most = usize::try_from(cursor.end - cursor.next).unwrap_or(CHUNK).min(CHUNK);
                cursor.read = self.from.read(self.topic, cursor.partition, cursor.next, most).await?.into();
                let Some(last) = cursor.read.back() else {
                    return Err(LogError::UnknownPosition {
                        topic: self.topic.to_owned(),
                        partition: cursor.partition,
                        offset: cursor.next,
                    });
                };
                cursor.next = last.offset + 1;
            }
        }
        let first = self.cursors.iter_mut().filter(|cursor| !cursor.read.is_empty());
        let least = first.min_by_key(|cursor| (cursor.read.front().map(|s| s.record.time), cursor.partition));
        Ok(least.and_then(|cursor| cursor.read.pop_front()))
    }
}
