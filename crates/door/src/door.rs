//! The door: the one place that appends events.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use onefold_event::{Event, EventError, EventLimits, HubKey, Micros, encode, too_large};
use onefold_fold::FactState;
use onefold_log::{EVENTS_TOPIC, Log, LogError, LogRecord, partition_of};
use onefold_store::{FactsOf, FollowStore, ReadStore};
use tokio::sync::oneshot;

use crate::clock::{DoorClock, system_time};
use crate::error::DoorError;
use crate::judge::{DoorCandidate, DoorJudgement, judge};
use crate::recent::{LogCopy, MOST_REMEMBERED, RecentCopies};
use crate::verdict::DoorVerdict;

/// Events that waiting callers may put into one batch together.
const BATCH_EVENTS: usize = 4_000;
/// A store that has not moved for so long is not waited for.
const STANDS_STILL: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(5);
/// Stamps go on above the last one as long as that is no further ahead of this machine's clock; what is further ahead was
/// stamped by a clock that was wrong, and is not followed.
const AHEAD: Micros = 5 * 60 * 1_000_000;

/// How a door is opened.
#[derive(Clone)]
pub struct DoorOptions {
    /// Partitions of the topic of events, where there is none yet.
    pub partitions: u32,
    /// What an event may be at most.
    pub limits: EventLimits,
    /// What stamps are given by.
    pub clock: DoorClock,
}

impl DoorOptions {
    /// By this machine's clock.
    pub fn new(partitions: u32, limits: EventLimits) -> Self {
        Self { partitions, limits, clock: Arc::new(system_time) }
    }
}

impl fmt::Debug for DoorOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partitions, limits, .. } = self;
        f.debug_struct("DoorOptions").field("partitions", partitions).field("limits", limits).finish_non_exhaustive()
    }
}

/// The one place that appends events: drops what is known, judges what contradicts, stamps and writes the rest.
/// Clones are the same door.
#[derive(Clone)]
pub struct Door(Arc<DoorInner>);

struct DoorInner {
    log: Arc<dyn Log>,
    known: Arc<dyn ReadStore>,
    progress: Arc<dyn FollowStore>,
    key: HubKey,
    partitions: u32,
    limits: EventLimits,
    clock: DoorClock,
    queue: Mutex<Vec<AcceptRequest>>,
    state: tokio::sync::Mutex<DoorState>,
}

struct DoorState {
    /// The last `recorded_at` given.
    last: Micros,
    recent: RecentCopies,
    /// Per partition, up to where what others wrote is known.
    learnt: Vec<u64>,
}

struct AcceptRequest {
    events: Vec<DoorCandidate>,
    answer: oneshot::Sender<Result<Vec<DoorVerdict>, DoorError>>,
}

impl Door {
    /// Opens the door to a log; makes its topic with that many partitions where there is none. Stamps go on above the
    /// log's last one, unless a clock that was ahead has given that, and what the store has not projected yet is read, so that
    /// a re-start forgets nothing.
    ///
    /// # Errors
    /// The log or the store does not answer.
    pub async fn open(
        log: Arc<dyn Log>,
        known: Arc<dyn ReadStore>,
        progress: Arc<dyn FollowStore>,
        key: HubKey,
        options: DoorOptions,
    ) -> Result<Self, DoorError> {
        let DoorOptions { partitions, limits, clock } = options;
        let partitions = log.topic(EVENTS_TOPIC, partitions).await?;
        let inner = DoorInner {
            log,
            known,
            progress,
            key,
            partitions,
            limits,
            clock,
            queue: Mutex::new(Vec::new()),
            state: tokio::sync::Mutex::new(DoorState {
                last: 0,
                recent: RecentCopies::default(),
                learnt: vec![0; partitions as usize],
            }),
        };
        inner.learn().await?;
        Ok(Self(Arc::new(inner)))
    }

    /// Takes events in: answers a verdict for each, in their order. When it answers, what was accepted is durable. What
    /// callers bring at the same time is written together. A caller that no longer waits changes nothing: its events
    /// are in or not as if it had waited.
    ///
    /// # Errors
    /// The world's, never an event's: what of the batch is written is not known then; it may be given again.
    pub async fn accept(&self, events: Vec<Event>) -> Result<Vec<DoorVerdict>, DoorError> {
        self.bring(events, false).await
    }

    /// The same, and where an older mapping made an event, what is brought is appended as a newer version of it if the number of
    /// its mapping is greater. What was made anew before is a duplicate. The store SHOULD have projected what is in the log: of what
    /// it has not, versions that other mappings made are not known.
    ///
    /// # Errors
    /// As [`Self::accept`].
    pub async fn remap(&self, events: Vec<Event>) -> Result<Vec<DoorVerdict>, DoorError> {
        self.bring(events, true).await
    }

    async fn bring(&self, events: Vec<Event>, remap: bool) -> Result<Vec<DoorVerdict>, DoorError> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let candidate = |event: Event| DoorCandidate {
            digest: self.0.key.digest_event(&event),
            value: encode(&event),
            beyond: self.0.limits.check_event(&event),
            remap,
            event,
        };
        let events: Vec<DoorCandidate> = events.into_iter().map(candidate).collect();
        let (answer, mut verdicts) = oneshot::channel();
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner).push(AcceptRequest { events, answer });
        let inner = Arc::clone(&self.0);
        // On a task of its own, so that a caller that goes away does not take the others' events with it.
        let turn = tokio::spawn(async move { inner.turn().await });
        match turn.await {
            Ok(()) => verdicts.try_recv().unwrap_or(Err(DoorError::Broken)),
            Err(_) => Err(DoorError::Broken),
        }
    }

    /// Partitions of the topic of events.
    pub fn partitions(&self) -> u32 {
        self.0.partitions
    }

    /// What an event may be at most.
    pub fn limits(&self) -> EventLimits {
        self.0.limits
    }

    /// Whether the views show this very event.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn shows(&self, event: &Event) -> Result<bool, DoorError> {
        // Of a long history the fact stands in a row of its own.
        let asked = FactsOf::one(event.header.subject.as_str(), event.header.fact.0);
        let found = self.0.known.facts(&[asked]).await?;
        let digest = self.0.key.digest_event(event);
        let is_it = |fact: &FactState| fact.id == event.header.id.0 && fact.digest == digest;
        Ok(found.iter().flatten().any(is_it))
    }

    /// Makes known to this door what others wrote until now.
    ///
    /// # Errors
    /// The log or the store does not answer.
    pub async fn learn(&self) -> Result<(), DoorError> {
        self.0.learn().await
    }
}

impl DoorInner {
    /// Reads what the log has, the store has not projected yet and this door has not read, and the log's last stamps.
    async fn learn(&self) -> Result<(), DoorError> {
        let mut state = self.state.lock().await;
        let DoorState { last, recent, learnt } = &mut *state;
        let positions = self.progress.followed().await?.positions;
        let (clock, mut latest) = ((self.clock)(), 0);
        for ((partition, learnt), head) in (0..).zip(learnt).zip(self.log.heads(EVENTS_TOPIC).await?) {
            let known = positions.get(partition as usize).copied().unwrap_or(0).max(*learnt);
            // A store that is far behind, since it is being made anew, is left to find old copies itself.
            let newest = head.saturating_sub((MOST_REMEMBERED / self.partitions.max(1) as usize) as u64);
            let mut from = known.max(newest).min(head.saturating_sub(1));
            while from < head {
                let records = self.log.read(EVENTS_TOPIC, partition, from, BATCH_EVENTS).await?;
                let Some(read) = records.last() else { break };
                from = read.offset + 1;
                for stored in records {
                    latest = latest.max(stored.record.time);
                    if stored.record.time <= clock.saturating_add(AHEAD) {
                        *last = (*last).max(stored.record.time);
                    }
                    if stored.offset < known {
                        continue;
                    }
                    recent.add_stored(&self.key, partition, &stored);
                }
            }
            *learnt = from;
        }
        let ahead = latest.saturating_sub(clock);
        if ahead > AHEAD {
            tracing::warn!(
                seconds = ahead / 1_000_000,
                "the log holds events that were taken in later than it is by this machine's clock: that clock is behind, or \
                 one that stamped them was ahead; what comes in now is stamped by this one"
            );
        }
        Ok(())
    }

    /// Waits for its turn and serves what waits; whoever comes later finds its own request served.
    async fn turn(&self) {
        let mut state = self.state.lock().await;
        loop {
            let batch = self.next_batch();
            if batch.is_empty() {
                return;
            }
            let (mut candidates, mut callers) = (Vec::new(), Vec::new());
            for request in batch {
                callers.push((request.events.len(), request.answer));
                candidates.extend(request.events);
            }
            let mut outcome = self.write(&mut state, candidates).await;
            for (count, answer) in callers {
                let own = match &mut outcome {
                    Ok(verdicts) => Ok(verdicts.drain(..count.min(verdicts.len())).collect()),
                    Err(error) => Err(error.clone()),
                };
                // A caller that no longer waits has dropped its end.
                let _ = answer.send(own);
            }
        }
    }

    fn next_batch(&self) -> Vec<AcceptRequest> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let mut events = 0;
        let fit = queue.iter().take_while(|request| {
            events += request.events.len();
            events <= BATCH_EVENTS
        });
        let count = fit.count().max(1).min(queue.len());
        queue.drain(..count).collect()
    }

    /// Forgets what is projected, before the rows are read that show it. Where the store falls far behind, it waits for
    /// it; where it stands still, it goes on without: the projector drops copies in any case (rule A3).
    async fn prune(&self, state: &mut DoorState) -> Result<(), DoorError> {
        if !state.recent.is_large() {
            return Ok(());
        }
        let (mut seen, mut since) = (Vec::new(), Instant::now());
        loop {
            let positions = self.progress.followed().await?.positions;
            state.recent.prune(&positions);
            if !state.recent.is_full() {
                return Ok(());
            }
            if positions != seen {
                (seen, since) = (positions, Instant::now());
            } else if since.elapsed() > STANDS_STILL {
                state.recent.clear();
                return Ok(());
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn write(&self, state: &mut DoorState, mut batch: Vec<DoorCandidate>) -> Result<Vec<DoorVerdict>, DoorError> {
        self.prune(state).await?;
        let named: BTreeSet<FactsOf> =
            batch.iter().map(|c| FactsOf::one(c.event.header.subject.as_str(), c.event.header.fact.0)).collect();
        let asked: Vec<FactsOf> = named.into_iter().collect();
        let found = self.known.facts(&asked).await?;
        let facts: HashMap<FactsOf, Vec<FactState>> = asked.into_iter().zip(found).collect();
        let (judged, mut places) = loop {
            let judged = judge(&batch, &facts, &state.recent, self.log.as_ref()).await?;
            match self.append(state, &batch, &judged).await {
                Ok(places) => break (judged, places.into_iter()),
                // Nothing was appended: this log takes less than the limits say, and the others may go in.
                Err(LogError::TooLarge { most, .. }) if note_larger(&mut batch, most) => {}
                Err(error) => return Err(error.into()),
            }
        };
        let mut verdicts: Vec<DoorVerdict> = Vec::with_capacity(batch.len());
        for (candidate, judgement) in batch.iter().zip(judged) {
            let verdict = match judgement {
                DoorJudgement::New | DoorJudgement::Remapped => {
                    let (partition, offset) = places.next().ok_or(DoorError::Broken)?;
                    let copy = LogCopy { digest: candidate.digest, partition, offset };
                    let header = &candidate.event.header;
                    let id = if matches!(judgement, DoorJudgement::New) { header.id } else { candidate.remapped_id() };
                    state.recent.add(header.subject.as_str(), id, copy);
                    match judgement {
                        DoorJudgement::Remapped => DoorVerdict::Remapped { partition, offset },
                        _ => DoorVerdict::Accepted { partition, offset },
                    }
                }
                DoorJudgement::DuplicateInBatch => DoorVerdict::Duplicate,
                DoorJudgement::ContradictsInBatch(first) => match (batch.get(first), verdicts.get(first)) {
                    (
                        Some(first),
                        Some(DoorVerdict::Accepted { partition, offset } | DoorVerdict::Remapped { partition, offset }),
                    ) => {
                        DoorVerdict::contradiction(&candidate.event.header, &first.event.header, (*partition, *offset))
                    }
                    _ => return Err(DoorError::Broken),
                },
                // `judge` leaves none.
                DoorJudgement::Contested(_) => return Err(DoorError::Broken),
                DoorJudgement::Done(verdict) => verdict,
            };
            verdicts.push(verdict);
        }
        Ok(verdicts)
    }

    /// Appends what is new; answers where each of it stands.
    async fn append(
        &self,
        state: &mut DoorState,
        batch: &[DoorCandidate],
        judged: &[DoorJudgement],
    ) -> Result<Vec<(u32, u64)>, LogError> {
        let mut records = Vec::new();
        for (candidate, judgement) in batch.iter().zip(judged) {
            let value = match judgement {
                DoorJudgement::New => candidate.value.clone(),
                DoorJudgement::Remapped => candidate.remapped_value(),
                _ => continue,
            };
            state.last = stamp((self.clock)(), state.last);
            let key = candidate.event.header.subject.as_str();
            let partition = partition_of(key.as_bytes(), self.partitions);
            records.push((partition, LogRecord::new(key.as_bytes().to_vec(), value, state.last)));
        }
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let partitions: Vec<u32> = records.iter().map(|(partition, _)| *partition).collect();
        fail::fail_point!("door.before_append");
        let offsets = self.log.append(EVENTS_TOPIC, records).await?;
        fail::fail_point!("door.after_append");
        Ok(partitions.into_iter().zip(offsets).collect())
    }
}

/// Notes what is larger than the log takes; answers whether there was any.
fn note_larger(batch: &mut [DoorCandidate], most: usize) -> bool {
    let mut any = false;
    for candidate in batch.iter_mut().filter(|candidate| candidate.beyond.is_empty()) {
        let bytes = candidate.event.header.subject.as_str().len() + candidate.value.len();
        if bytes > most {
            let fault = Box::new(too_large(bytes, most));
            candidate.beyond.push(EventError::Value { field: "data".to_owned(), fault });
            any = true;
        }
    }
    any
}

/// The stamp after the last one.
fn stamp(now: Micros, last: Micros) -> Micros {
    if last > now.saturating_add(AHEAD) { now } else { now.max(last.saturating_add(1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_go_on_above_the_last_one_unless_a_clock_was_far_ahead() {
        let now = 1_700_000_000_000_000;
        assert_eq!(stamp(now, 0), now);
        assert_eq!(stamp(now, now), now + 1);
        assert_eq!(stamp(now, now + AHEAD), now + AHEAD + 1);
        let years = now + 10 * 365 * 86_400 * 1_000_000;
        assert_eq!(stamp(now, years), now);
        assert_eq!(stamp(now, Micros::MAX), now);
    }
}
