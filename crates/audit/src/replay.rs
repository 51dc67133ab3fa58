//! All that the log says, folded from nothing: every derived row that must be, one after the other, in parallel.
//!
//! Everything goes through queues in lanes, so that at any time a lane per thread is in memory and the rest within the
//! budget: events by subject, words by the subject that hears them, contributions by owner key.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use onefold_event::{HubKey, KeyRing, Subject, SubjectKind};
use onefold_identity::{IdentifierKey, IdentityRules, Intermediary, PartyDecision};
use onefold_log::{Log, partition_of};
use onefold_view::{DigestSum, SettlementStep};
use rayon::prelude::*;
use serde::Serialize;

use crate::linked::{CandidateLinks, CandidateSets};
use crate::row::RowSink;
use crate::spill::{SpillMemory, SpillQueues};
use crate::verify::{AuditError, ReplayProgress};

/// Ranks from parents to children; what has none comes first.
const RANKS: [u8; 8] = [10, 20, 30, 35, 40, 50, 60, 70];
/// Classes of subject: no rank, and each rank.
pub(crate) const CLASSES: usize = RANKS.len() + 1;
/// Events that share a lane, on the whole, and the memory of which they may take one such part each.
const LANE: u64 = 50_000;
const LANE_SHARE: usize = 20 << 10;
/// Most lanes.
const MOST_LANES: u64 = 2048;

/// What a replay folds, and with what.
#[derive(Clone)]
pub struct ReplaySource {
    /// The log.
    pub log: Arc<dyn Log>,
    /// The hub's own key, for content digests.
    pub key: HubKey,
    /// What opens personal parts that are sealed.
    pub keys: Arc<dyn KeyRing>,
    /// Who links and who does not.
    pub rules: IdentityRules,
    /// Bytes that are kept in memory while they wait; beyond that they go to a temporary file.
    pub memory: usize,
    /// Who shows how far it is.
    pub progress: ReplayProgress,
}

/// Where the time went, in seconds; what runs side by side counts in full.
#[derive(Debug, Clone, Default, Serialize)]
pub struct PhaseSeconds {
    /// Reading the log.
    pub read: f64,
    /// Decoding and folding.
    pub fold: f64,
    /// Finding who is one customer.
    pub resolve: f64,
    /// Finding whose each document is, and what it adds.
    pub own: f64,
    /// Adding up bundles.
    pub add: f64,
    /// Reading stored rows, beside all this.
    pub compare: f64,
    /// Writing rows, beside all this.
    pub load: f64,
    /// Bytes that did not fit into memory.
    pub spilled: u64,
}

/// What came out beside the rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct ReplayResult {
    pub(crate) events: u64,
    pub(crate) refused: u64,
    pub(crate) customers: u64,
    pub(crate) bundles: DigestSum,
    pub(crate) clusters: DigestSum,
    pub(crate) ids: DigestSum,
    pub(crate) split: PhaseSeconds,
    /// Head of each party that shares a customer, where customers are to be named.
    pub(crate) heads: HashMap<String, String>,
    /// Present holders of the identifiers that were asked for.
    pub(crate) holders: HashMap<String, BTreeSet<String>>,
}

impl ReplayResult {
    /// Sum over bundles and clusters.
    pub(crate) fn digest(&self) -> DigestSum {
        let mut sum = self.bundles;
        sum.merge(&self.clusters);
        sum
    }
}

/// The work while it is done.
pub(crate) struct ReplayRun {
    pub(crate) key: HubKey,
    pub(crate) keys: Arc<dyn KeyRing>,
    pub(crate) rules: IdentityRules,
    pub(crate) rows: Arc<dyn RowSink>,
    pub(crate) progress: ReplayProgress,
    pub(crate) shards: usize,
    /// Events by subject.
    pub(crate) events: SpillQueues,
    /// Folded states, and what subjects say to each other, by class and subject.
    pub(crate) states: SpillQueues,
    pub(crate) words: SpillQueues,
    /// When a party was named, by party.
    pub(crate) seen: SpillQueues,
    /// Who asserted an identifier, by identifier.
    pub(crate) asserted: SpillQueues,
    /// What is added to an owner, and when it was seen, by owner key.
    pub(crate) added: SpillQueues,
    /// Parties that share something, by the set of those who may be one customer.
    pub(crate) together: SpillQueues,
    pub(crate) count: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) found: Mutex<ReplayFindings>,
    /// Known once all parties are settled.
    pub(crate) flagged: OnceLock<HashMap<Subject, Intermediary>>,
    /// Known once all identifiers are.
    pub(crate) linked: OnceLock<CandidateSets>,
}

/// The little that is known of everybody at once: flagged parties, decisions, hub values, and who may be one customer.
#[derive(Default)]
pub(crate) struct ReplayFindings {
    pub(crate) flagged: HashMap<Subject, Intermediary>,
    pub(crate) decisions: Vec<PartyDecision>,
    pub(crate) links: CandidateLinks,
    pub(crate) hubs: BTreeSet<IdentifierKey>,
    pub(crate) heads: HashMap<String, String>,
    pub(crate) customers: u64,
    pub(crate) bundles: DigestSum,
    pub(crate) clusters: DigestSum,
    pub(crate) ids: DigestSum,
}

/// Identifiers whose present holders the caller will want to know once all is folded. Who asks is to name customers.
pub(crate) type WantedValues = Arc<dyn Fn() -> BTreeSet<String> + Send + Sync>;

/// Folds the log up to a position vector; `rows` hears every row that must be.
pub(crate) async fn replay_log(
    source: &ReplaySource,
    positions: &[u64],
    rows: Arc<dyn RowSink>,
    wanted: Option<WantedValues>,
) -> Result<ReplayResult, AuditError> {
    let total: u64 = positions.iter().sum();
    // A small budget means small lanes: one for each thread is in memory beside what waits.
    let lane = LANE.min((source.memory / LANE_SHARE) as u64).max(1);
    let shards = usize::try_from(total.div_ceil(lane).clamp(1, MOST_LANES)).unwrap_or(1);
    let memory = SpillMemory::new(source.memory);
    let queues = |lanes: usize| SpillQueues::new(lanes, &memory);
    let work = Arc::new(ReplayRun {
        key: source.key.clone(),
        keys: Arc::clone(&source.keys),
        rules: source.rules.clone(),
        rows,
        progress: source.progress.clone(),
        shards,
        events: queues(shards),
        states: queues(shards * CLASSES),
        words: queues(shards * CLASSES),
        seen: queues(shards),
        asserted: queues(shards),
        added: queues(shards),
        together: queues(shards),
        count: AtomicU64::new(0),
        refused: AtomicU64::new(0),
        found: Mutex::default(),
        flagged: OnceLock::new(),
        linked: OnceLock::new(),
    });
    source.progress.begin_count(total);
    let started = Instant::now();
    work.scatter_records(&source.log, positions).await?;
    let read = started.elapsed().as_secs_f64();
    let mut done = tokio::task::spawn_blocking(move || work.run_steps(wanted.as_ref())).await??;
    (done.split.read, done.split.spilled) = (read, memory.spilled());
    Ok(done)
}

impl ReplayRun {
    fn run_steps(&self, wanted: Option<&WantedValues>) -> Result<ReplayResult, AuditError> {
        let mut split = PhaseSeconds::default();
        time_step(&mut split.fold, || self.each_shard(|shard| self.fold_shard(shard)))?;
        time_step(&mut split.resolve, || self.each_shard(|shard| self.note_first_seen(shard)))?;
        time_step(&mut split.own, || self.each_shard(|shard| self.attribute_shard(0, shard)))?;
        // Parties come first: whether one is passed over must be known before any document is attributed.
        self.flagged.get_or_init(|| std::mem::take(&mut self.lock_found().flagged));
        time_step(&mut split.resolve, || self.each_shard(|shard| self.note_holders(shard)))?;
        time_step(&mut split.resolve, || self.link_parties())?;
        time_step(&mut split.resolve, || self.each_shard(|shard| self.gather_parties(shard)))?;
        for step in SettlementStep::ALL {
            time_step(&mut split.own, || self.each_shard(|shard| self.reply_shard(step, shard)))?;
        }
        // One class after the other, since a child takes its owner from its parents.
        for class in 1..CLASSES {
            time_step(&mut split.own, || self.each_shard(|shard| self.attribute_shard(class, shard)))?;
        }
        time_step(&mut split.add, || self.each_shard(|shard| self.add_shard(shard)))?;
        time_step(&mut split.resolve, || self.each_shard(|shard| self.cluster_lane(shard, wanted.is_some())))?;
        let holders = wanted.map(|wanted| self.find_holders(&wanted())).transpose()?.unwrap_or_default();
        let mut found = self.lock_found();
        Ok(ReplayResult {
            events: self.count.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            customers: found.customers,
            bundles: found.bundles,
            clusters: found.clusters,
            ids: found.ids,
            split,
            heads: std::mem::take(&mut found.heads),
            holders,
        })
    }

    fn each_shard(&self, work: impl Fn(usize) -> Result<(), AuditError> + Send + Sync) -> Result<(), AuditError> {
        // One by one: a lane is in memory only while it is worked on.
        (0..self.shards).into_par_iter().with_max_len(1).try_for_each(work)
    }

    /// The lane of a key among the shards.
    pub(crate) fn shard_of(&self, key: &str) -> usize {
        partition_of(key.as_bytes(), u32::try_from(self.shards).unwrap_or(1)) as usize
    }

    /// The lane of a subject among classes and shards.
    pub(crate) fn lane_of(&self, kind: SubjectKind, key: &str) -> usize {
        class_of(kind) * self.shards + self.shard_of(key)
    }

    pub(crate) fn lock_found(&self) -> MutexGuard<'_, ReplayFindings> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Place of a kind in the order of settling.
pub(crate) fn class_of(kind: SubjectKind) -> usize {
    kind.rank().and_then(|rank| RANKS.iter().position(|known| *known == rank)).map_or(0, |at| at + 1)
}

fn time_step(into: &mut f64, work: impl FnOnce() -> Result<(), AuditError>) -> Result<(), AuditError> {
    let started = Instant::now();
    let done = work();
    *into += started.elapsed().as_secs_f64();
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rank_has_its_place() {
        let ranks: BTreeSet<u8> = SubjectKind::ALL.into_iter().filter_map(SubjectKind::rank).collect();
        assert_eq!(ranks.into_iter().collect::<Vec<_>>(), RANKS);
    }
}
