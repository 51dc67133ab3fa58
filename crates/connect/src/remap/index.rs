//! The events that a connector has made, as the log has them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use onefold_door::DoorError;
use onefold_event::{Event, EventId, Subject, decode};
use onefold_log::{EVENTS_TOPIC, Log};
use onefold_mapping::Connector;

use crate::fault;

/// Records of the log that are read at once.
const AT_ONCE: usize = 4_000;
/// Examples told of events that are left.
const EXAMPLES: usize = 5;
/// Type of the events that withdraw a fact.
const WITHDRAWN: &str = "fact.withdrawn.v1";

/// What the log has of an event's fact.
#[derive(Debug, Default)]
pub(crate) struct KnownFact {
    /// It has the fact about this subject already.
    pub(crate) is_here: bool,
    /// Where in the log versions of the fact stand that another mapping made about other subjects, and the current one has not made
    /// again: partition and offset.
    pub(crate) elsewhere: Vec<(u32, u64)>,
}

/// One event, by hashes: 40 bytes, since there may be many.
#[derive(Debug, Clone, Copy)]
struct LoggedFact {
    fact: u64,
    subject: u64,
    offset: u64,
    partition: u32,
    resource: u32,
    /// Another mapping than the current one made it.
    is_older: bool,
    /// The current mapping has made it again, or has moved it to another subject.
    is_met: bool,
    /// It withdraws the fact.
    is_withdrawal: bool,
}

/// An event of the log that a connector made.
struct ConnectorEvent<'e> {
    event: &'e Event,
    partition: u32,
    offset: u64,
    /// What its record stands in.
    resource: &'e str,
}

/// All events of a connector, by fact.
#[derive(Debug)]
pub(crate) struct MadeEvents {
    connector: String,
    digest: [u8; 8],
    topics: Vec<String>,
    list: Vec<LoggedFact>,
    resources: HashMap<String, u32>,
}

impl MadeEvents {
    /// Reads the log once.
    pub(crate) async fn read(log: &dyn Log, connector: &Connector) -> Result<Self, DoorError> {
        let mut made = Self {
            connector: connector.name().to_owned(),
            digest: connector.digest(),
            topics: connector.intake_topics(),
            list: Vec::new(),
            resources: HashMap::new(),
        };
        let name = made.connector.clone();
        visit_made(log, &name, &mut |ConnectorEvent { event, partition, offset, resource }| {
            let (resource, header) = (made.resource(resource), &event.header);
            made.list.push(LoggedFact {
                fact: hash_fact(header.fact),
                subject: hash_text(header.subject.as_str()),
                offset,
                partition,
                resource,
                is_older: header.mapping != made.digest,
                is_met: false,
                is_withdrawal: event.ty().name == WITHDRAWN,
            });
            true
        })
        .await?;
        // By halves from here on: a map of as many would take three times the memory.
        made.list.sort_unstable_by_key(|event| (event.fact, event.subject, event.offset));
        Ok(made)
    }

    /// The number of a source of bytes; messages of a topic are one.
    fn resource(&mut self, resource: &str) -> u32 {
        let name = whole_resource(&self.topics, resource);
        if let Some(known) = self.resources.get(name) {
            return *known;
        }
        let number = u32::try_from(self.resources.len()).unwrap_or(u32::MAX);
        self.resources.insert(name.to_owned(), number);
        number
    }

    /// Notes that the current mapping makes an event.
    pub(crate) fn meet(&mut self, event: &Event) -> KnownFact {
        let (fact, subject) = (hash_fact(event.header.fact), hash_text(event.header.subject.as_str()));
        let from = self.list.partition_point(|made| made.fact < fact);
        let mut known = KnownFact::default();
        for made in self.list.get_mut(from..).into_iter().flatten().take_while(|made| made.fact == fact) {
            if made.subject == subject {
                (known.is_here, made.is_met) = (true, true);
            } else if made.is_older && !made.is_met {
                known.elsewhere.push((made.partition, made.offset));
            }
        }
        known
    }

    /// Notes that a fact is withdrawn from a subject.
    pub(crate) fn note_withdrawn(&mut self, fact: EventId, subject: &Subject) {
        let key = (hash_fact(fact), hash_text(subject.as_str()));
        let from = self.list.partition_point(|made| (made.fact, made.subject) < key);
        let versions = self.list.iter_mut().skip(from).take_while(|made| (made.fact, made.subject) == key);
        versions.for_each(|made| made.is_met = true);
    }

    /// Events of older mappings that were made of what was read, and were not made again: how many, and the first few.
    pub(crate) async fn left(&self, log: &dyn Log, read: &BTreeSet<String>) -> Result<(u64, Vec<String>), DoorError> {
        let read: HashSet<u32> = read.iter().filter_map(|name| self.resources.get(name).copied()).collect();
        let is_left = |made: &&LoggedFact| made.is_older && !made.is_met && read.contains(&made.resource);
        // Versions of one event are one, and stand side by side in the order of the log.
        let events = self.list.chunk_by(|one, next| (one.fact, one.subject) == (next.fact, next.subject));
        let standing = events.filter(|versions| versions.last().is_some_and(|last| !last.is_withdrawal));
        let left: Vec<&LoggedFact> = standing.filter_map(|versions| versions.iter().find(is_left)).collect();
        let count = left.len() as u64;
        let mut examples = Vec::new();
        if count == 0 {
            return Ok((0, examples));
        }
        visit_made(log, &self.connector, &mut |ConnectorEvent { event, resource, .. }| {
            let header = &event.header;
            let key = (hash_fact(header.fact), hash_text(header.subject.as_str()));
            let from = left.partition_point(|made| (made.fact, made.subject) < key);
            let name = whole_resource(&self.topics, resource);
            let number = self.resources.get(name).copied();
            let mut alike = left.iter().skip(from).take_while(|made| (made.fact, made.subject) == key);
            if alike.any(|made| Some(made.resource) == number) && header.mapping != self.digest {
                let place = header.locator.as_ref().map_or_else(String::new, fault::locator_place);
                let told = format!("{} ({place})", header.subject);
                if !examples.contains(&told) {
                    examples.push(told);
                }
            }
            examples.len() < EXAMPLES
        })
        .await?;
        Ok((count, examples))
    }

    /// Events of older mappings by what they were made of, but for these.
    pub(crate) fn unkept(&self, kept: &[String]) -> BTreeMap<String, u64> {
        let names: HashMap<u32, &str> = self.resources.iter().map(|(name, number)| (*number, name.as_str())).collect();
        let mut unkept = BTreeMap::new();
        let mut last = None;
        for made in self.list.iter().filter(|made| made.is_older && !made.is_met) {
            if last.replace((made.fact, made.subject)) == Some((made.fact, made.subject)) {
                continue;
            }
            let Some(name) = names.get(&made.resource) else { continue };
            if !kept.iter().any(|kept| kept == name) {
                *unkept.entry((*name).to_owned()).or_default() += 1;
            }
        }
        unkept
    }
}

/// Of a message its topic, of all else the name itself.
fn whole_resource<'r>(topics: &'r [String], resource: &'r str) -> &'r str {
    let of_topic = |topic: &&String| {
        resource.strip_prefix(topic.as_str()).is_some_and(|rest| rest.starts_with('/') && rest.split('/').count() == 3)
    };
    topics.iter().find(of_topic).map_or(resource, String::as_str)
}

/// Every event of the log that a connector made, until `visit` says that it is enough.
async fn visit_made(
    log: &dyn Log,
    connector: &str,
    visit: &mut (dyn FnMut(ConnectorEvent) -> bool + Send),
) -> Result<(), DoorError> {
    for (partition, head) in (0..).zip(log.heads(EVENTS_TOPIC).await?) {
        let mut from = 0;
        while from < head {
            let records = log.read(EVENTS_TOPIC, partition, from, AT_ONCE).await?;
            let Some(last) = records.last() else { break };
            from = last.offset + 1;
            // What does not decode is passed over by everybody.
            let events = records.iter().filter_map(|stored| Some((stored.offset, decode(&stored.record.value).ok()?)));
            for (offset, event) in events {
                let Some(locator) = event.header.locator.as_ref().filter(|at| at.connector == connector) else {
                    continue;
                };
                if !visit(ConnectorEvent { event: &event, partition, offset, resource: &locator.resource }) {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

fn hash_fact(fact: EventId) -> u64 {
    fact.0.first_chunk().copied().map_or(0, u64::from_be_bytes)
}

fn hash_text(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
