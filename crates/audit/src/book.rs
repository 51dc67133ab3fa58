//! All that the log says, folded from nothing: what every derived row must be.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use onefold_event::{HubKey, Subject};
use onefold_identity::Rules;
use onefold_log::{Log, partition_of};
use onefold_store::SubjectState;
use onefold_view::{Bundle, Contribution, Digest, DigestSum, Guest};
use prost::Message;
use rayon::prelude::*;

use crate::fold;
use crate::identity::{Identity, resolve};
use crate::link::{States, greet, own, tell};
use crate::verify::{AuditError, Progress};

/// Subjects whose contributions are made side by side before they are added.
const CHUNK: usize = 50_000;

/// Everything derived, in memory: about a kilobyte for each subject while it is made.
#[derive(Debug)]
pub struct Book {
    pub(crate) states: States,
    pub(crate) seen: HashMap<Subject, i64>,
    pub(crate) bundles: BTreeMap<String, Bundle>,
    pub(crate) identity: Identity,
    /// Events folded.
    pub events: u64,
}

impl Book {
    /// Folds the log up to a position vector.
    ///
    /// # Errors
    /// The log does not answer.
    pub async fn make(
        log: &Arc<dyn Log>,
        positions: &[u64],
        key: &HubKey,
        rules: &Rules,
        progress: &Progress,
    ) -> Result<Self, AuditError> {
        // Each partition on a task of its own: they share nothing.
        let mut folding = Vec::with_capacity(positions.len());
        for (partition, until) in (0u32..).zip(positions.iter().copied()) {
            let (log, key, progress) = (Arc::clone(log), key.clone(), progress.clone());
            let fold = async move { fold::partition(log.as_ref(), partition, until, &key, &progress).await };
            folding.push(tokio::spawn(fold));
        }
        let mut states: States = Vec::with_capacity(positions.len());
        let mut seen: HashMap<Subject, i64> = HashMap::new();
        let mut guests: HashMap<Subject, Guest> = HashMap::new();
        let mut events = 0;
        for folded in folding {
            let folded = folded.await??;
            events += folded.events;
            states.push(folded.states);
            for (party, at) in folded.seen {
                let first = seen.entry(party).or_insert(at);
                *first = (*first).min(at);
            }
            for (party, said) in folded.guests {
                guests.entry(party).or_default().merge(&said);
            }
        }
        let partitions = u32::try_from(positions.len()).unwrap_or(1).max(1);
        let place = |subject: &Subject| partition_of(subject.as_str().as_bytes(), partitions) as usize;
        greet(&mut states, guests, &place);
        tell(&mut states, &place);
        own(&mut states, &place);
        let identity = resolve(&states, &seen, rules);
        let bundles = bundles(&states);
        Ok(Self { states, seen, bundles, identity, events })
    }

    /// Digest of bundles and clusters.
    pub fn digest(&self) -> DigestSum {
        let mut sum = DigestSum::default();
        for (key, bytes, _) in self.owners().filter(|(_, bytes, _)| !bytes.is_empty()) {
            sum.add(&Bundle::digest(&key, &bytes));
        }
        for cluster in self.clusters() {
            sum.add(&Digest::cluster(cluster.1.iter().map(String::as_str)));
        }
        sum
    }

    /// Digest of ids.
    pub fn ids_digest(&self) -> DigestSum {
        let mut sum = DigestSum::default();
        for (head, parties) in self.clusters() {
            sum.add(&Digest::id(&head, parties.iter().map(String::as_str)));
        }
        sum
    }

    /// Number of customers.
    pub fn customers(&self) -> u64 {
        let members: usize = self.identity.clusters.iter().map(|(_, parties)| parties.len()).sum();
        (self.seen.len() - members + self.identity.clusters.len()) as u64
    }

    /// All customers, those of one party too: head and parties.
    pub(crate) fn clusters(&self) -> impl Iterator<Item = (String, Vec<String>)> {
        let members: std::collections::HashSet<&String> =
            self.identity.clusters.iter().flat_map(|(_, parties)| parties).collect();
        let several =
            self.identity.clusters.iter().map(|(head, parties)| (head.clone(), parties.iter().cloned().collect()));
        let alone = self.seen.keys().map(Subject::to_string).filter(move |party| !members.contains(party));
        several.chain(alone.map(|party| (party.clone(), vec![party])))
    }

    /// Rows of owners that have a bundle or were named: key, bundle, first seen.
    pub(crate) fn owners(&self) -> impl Iterator<Item = (String, Vec<u8>, Option<i64>)> {
        let named = self.seen.iter().map(|(party, at)| {
            let key = party.to_string();
            let bytes = self.bundles.get(&key).map(Message::encode_to_vec).unwrap_or_default();
            (key, bytes, Some(*at))
        });
        let others = self.bundles.iter().filter(|(key, _)| !key.starts_with("party:"));
        named.chain(others.map(|(key, bundle)| (key.clone(), bundle.encode_to_vec(), None)))
    }
}

/// Only adds, so what is ordered within a bundle is always known.
fn bundles(states: &States) -> BTreeMap<String, Bundle> {
    let mut bundles: HashMap<String, Bundle> = HashMap::new();
    for states in states {
        let states: Vec<(&Subject, &SubjectState)> = states.iter().collect();
        for chunk in states.chunks(CHUNK) {
            let added: Vec<BTreeMap<String, Contribution>> =
                chunk.par_iter().map(|(subject, state)| state.contributions(subject)).collect();
            for (owner, contribution) in added.into_iter().flatten() {
                bundles.entry(owner).or_default().add(&contribution);
            }
        }
    }
    bundles.into_iter().collect()
}
