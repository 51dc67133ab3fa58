//! What the door would say of events, asked without going through it: nothing is written, and nothing is held.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use onefold_event::{ContentDigest, Event, EventError, EventId, EventLimits, HubKey, encode};
use onefold_fold::FactState;
use onefold_log::{EVENTS_TOPIC, Log};
use onefold_store::{FactsOf, FollowStore, ReadStore};

use crate::error::DoorError;
use crate::judge::{DoorCandidate, DoorJudgement, judge};
use crate::recent::{MOST_REMEMBERED, RecentCopies};
use crate::verdict::{DoorVerdict, EarlierCopy};

/// Events that are remembered of those asked about: some 30 MB.
const MOST_ASKED: usize = 250_000;

/// What would become of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum EventForecast {
    /// It would be taken in, and says something of which nothing is known.
    New,
    /// It would be taken in, as another version of a fact that is known.
    Amendment,
    /// The same is known.
    Duplicate,
    /// The id is known with other content, under the same mapping.
    Conflict(Box<EarlierCopy>),
    /// The id is known with other content, under another mapping.
    OlderMapping(Box<EarlierCopy>),
    /// It is larger, or holds more, than an event may: all bounds that it is beyond.
    Refused(Vec<EventError>),
    /// The same as one that was asked about before.
    Repeated(SamplePlace),
    /// It has the id of one that was asked about before, and other content.
    Contradicted(SamplePlace),
}

/// Where the record of an event stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SamplePlace {
    /// File, or what its locator has instead.
    pub resource: Arc<str>,
    /// Its first line; 0: not in lines.
    pub line: u64,
}

/// The part of a hub that knows what is known.
struct KnownEvents {
    log: Arc<dyn Log>,
    store: Arc<dyn ReadStore>,
    /// In the log, and not in the store yet.
    recent: RecentCopies,
}

/// Says what a door would say. It sees what the hub knew when it was opened and what was asked before, as far as that is
/// remembered: the first 250,000 events.
pub struct DoorForecast {
    known: Option<KnownEvents>,
    key: HubKey,
    limits: EventLimits,
    asked: HashMap<(EventId, u64), (ContentDigest, SamplePlace)>,
    /// One name for all events of a file.
    resource: Arc<str>,
    facts: BTreeSet<EventId>,
}

impl fmt::Debug for DoorForecast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { known, limits, asked, .. } = self;
        let mut shown = f.debug_struct("DoorForecast");
        shown.field("knows", &known.is_some()).field("limits", limits).field("asked", &asked.len());
        shown.finish_non_exhaustive()
    }
}

impl DoorForecast {
    /// Of a hub where nothing is known.
    pub fn of_nothing(limits: EventLimits) -> Self {
        // Contents are compared with each other alone, so that any key will do.
        Self {
            known: None,
            key: HubKey::new(&[0; 32]),
            limits,
            asked: HashMap::new(),
            resource: "".into(),
            facts: BTreeSet::new(),
        }
    }

    /// Of a hub as it is now; `key` is its own.
    ///
    /// # Errors
    /// The log or the store does not answer.
    pub async fn of_hub(
        log: Arc<dyn Log>,
        store: Arc<dyn ReadStore>,
        progress: &dyn FollowStore,
        key: HubKey,
        limits: EventLimits,
    ) -> Result<Self, DoorError> {
        let mut recent = RecentCopies::default();
        let positions = progress.followed().await?.positions;
        let heads = log.heads(EVENTS_TOPIC).await?;
        let most = (MOST_REMEMBERED / heads.len().max(1)) as u64;
        for (partition, head) in (0..).zip(heads) {
            let from = positions.get(partition as usize).copied().unwrap_or(0).max(head.saturating_sub(most));
            recent.read_log(log.as_ref(), &key, partition, from..head).await?;
        }
        let known = Some(KnownEvents { log, store, recent });
        Ok(Self { known, key, limits, asked: HashMap::new(), resource: "".into(), facts: BTreeSet::new() })
    }

    /// Whether there is a hub that may know something.
    pub fn has_hub(&self) -> bool {
        self.known.is_some()
    }

    /// What an event may be at most.
    pub fn limits(&self) -> EventLimits {
        self.limits
    }

    /// What would become of each of these, in their order.
    ///
    /// # Errors
    /// The log or the store does not answer.
    pub async fn foresee(&mut self, events: Vec<Event>) -> Result<Vec<EventForecast>, DoorError> {
        let mut told: Vec<Option<EventForecast>> = Vec::with_capacity(events.len());
        let mut rest = Vec::new();
        for event in events {
            let beyond = self.limits.check_event(&event);
            let digest = self.key.digest_event(&event);
            let forecast = match beyond.is_empty() {
                true => self.ask_again(&event, digest),
                false => Some(EventForecast::Refused(beyond)),
            };
            if forecast.is_none() {
                rest.push(DoorCandidate { digest, value: encode(&event), beyond: Vec::new(), remap: false, event });
            }
            told.push(forecast);
        }
        let mut judged = self.look_up(&rest).await?.into_iter();
        let missing = || DoorError::Broken;
        told.into_iter().map(|forecast| forecast.or_else(|| judged.next()).ok_or_else(missing)).collect()
    }

    /// None where it is the first of its id; then it is remembered.
    fn ask_again(&mut self, event: &Event, digest: ContentDigest) -> Option<EventForecast> {
        let header = &event.header;
        let key = (header.id, hash(header.subject.as_str()));
        if let Some((known, place)) = self.asked.get(&key) {
            let place = place.clone();
            let same = *known == digest;
            return Some(if same { EventForecast::Repeated(place) } else { EventForecast::Contradicted(place) });
        }
        if self.asked.len() < MOST_ASKED {
            let locator = header.locator.as_ref();
            let resource = locator.map_or("", |at| at.resource.as_str());
            if self.resource.as_ref() != resource {
                self.resource = resource.into();
            }
            let place =
                SamplePlace { resource: Arc::clone(&self.resource), line: locator.map_or(0, |at| at.first_line) };
            self.asked.insert(key, (digest, place));
        }
        None
    }

    async fn look_up(&mut self, rest: &[DoorCandidate]) -> Result<Vec<EventForecast>, DoorError> {
        let mut facts: HashMap<FactsOf, Vec<FactState>> = HashMap::new();
        let judged = match &self.known {
            Some(KnownEvents { log, store, recent }) => {
                let named: BTreeSet<FactsOf> = rest.iter().map(|c| fact_of(&c.event)).collect();
                let asked: Vec<FactsOf> = named.into_iter().collect();
                let found = store.facts(&asked).await?;
                facts = asked.into_iter().zip(found).collect();
                judge(rest, &facts, recent, log.as_ref()).await?
            }
            None => rest.iter().map(|_| DoorJudgement::New).collect(),
        };
        let mut told = Vec::with_capacity(rest.len());
        for (candidate, judgement) in rest.iter().zip(judged) {
            let met = facts.get(&fact_of(&candidate.event)).is_some_and(|facts| !facts.is_empty());
            let fact = candidate.event.header.fact;
            let asked = self.facts.contains(&fact);
            if self.facts.len() < MOST_ASKED {
                self.facts.insert(fact);
            }
            told.push(match judgement {
                DoorJudgement::New if met || asked => EventForecast::Amendment,
                DoorJudgement::New => EventForecast::New,
                DoorJudgement::Done(DoorVerdict::Conflict(earlier)) => EventForecast::Conflict(earlier),
                DoorJudgement::Done(DoorVerdict::OlderMapping(earlier)) => EventForecast::OlderMapping(earlier),
                DoorJudgement::Done(DoorVerdict::Refused(beyond)) => EventForecast::Refused(beyond),
                DoorJudgement::Done(DoorVerdict::Duplicate) | DoorJudgement::DuplicateInBatch => {
                    EventForecast::Duplicate
                }
                // Only ids beyond those that are remembered meet each other here.
                DoorJudgement::ContradictsInBatch(first) => {
                    let at = rest.get(first).and_then(|candidate| candidate.event.header.locator.as_ref());
                    let resource = at.map_or("", |at| at.resource.as_str()).into();
                    EventForecast::Contradicted(SamplePlace { resource, line: at.map_or(0, |at| at.first_line) })
                }
                // `judge` leaves none contested, and nothing is written.
                DoorJudgement::Done(DoorVerdict::Accepted { .. } | DoorVerdict::Remapped { .. })
                | DoorJudgement::Contested(_)
                | DoorJudgement::Remapped => {
                    return Err(DoorError::Broken);
                }
            });
        }
        Ok(told)
    }
}

fn fact_of(event: &Event) -> FactsOf {
    FactsOf::one(event.header.subject.as_str(), event.header.fact.0)
}

fn hash(subject: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    subject.hash(&mut hasher);
    hasher.finish()
}
