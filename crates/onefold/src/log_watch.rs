//! Whether the log is still the one that the views were made of, while a process works and when it begins.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use async_trait::async_trait;
use onefold_log::{EVENTS_TOPIC, Fingerprint, Guarded, Log, LogError, fingerprints, recognise};
use onefold_stage::{Stage, StageError, StepProgress};
use onefold_store::FollowStore;

/// How often a record is looked at again. A topic that was made anew holds others in all partitions: one at a time is enough.
const LOOK: Duration = Duration::from_secs(2);

/// Looks whether log and read model answer as often as an idle stage looks for work, and whether the log is still the same; from
/// where it is not, nothing of it is read or written by this process. Its name in `/health` is `log`.
pub(crate) struct LogWatch {
    log: Guarded,
    store: Arc<dyn FollowStore>,
    /// What was read, by partition. Kept here as well: views that are made again from another log have none of it.
    known: BTreeMap<u32, Fingerprint>,
    /// Which partition's turn it is.
    turn: u32,
    looked: Option<Instant>,
}

impl LogWatch {
    /// Watches a log that was found to be the right one.
    pub(crate) fn new(log: Guarded, store: Arc<dyn FollowStore>) -> Self {
        Self { log, store, known: BTreeMap::new(), turn: 0, looked: None }
    }

    /// Whether what was read stands there still; what was read since is known from here on.
    async fn check_log(&mut self, positions: &[u64]) -> Result<(), StageError> {
        if self.known.is_empty() {
            self.known = self.store.fingerprints().await?.into_iter().map(|kept| (kept.partition, kept)).collect();
        }
        let known: Vec<Fingerprint> = self.known.get(&self.turn).cloned().into_iter().collect();
        let log = self.log.unguarded();
        recognise(log, EVENTS_TOPIC, positions, &known).await?;
        // Where nothing was read since, it stands as it was found just now.
        let last = positions.get(self.turn as usize).and_then(|at| at.checked_sub(1));
        if let Some(last) = last.filter(|last| known.iter().all(|known| known.offset != *last)) {
            let read = fingerprints(log, EVENTS_TOPIC, &[(self.turn, last)]).await?;
            self.store.keep_fingerprints(&read).await?;
            self.known.extend(read.into_iter().map(|read| (read.partition, read)));
        }
        let partitions = u32::try_from(positions.len()).unwrap_or(u32::MAX).max(1);
        self.turn = (self.turn + 1) % partitions;
        Ok(())
    }
}

#[async_trait]
impl Stage for LogWatch {
    fn name(&self) -> &str {
        "log"
    }

    async fn step(&mut self) -> Result<StepProgress, StageError> {
        // Before the heads: the log is never behind them.
        let positions = self.store.followed().await?.positions;
        if self.looked.is_some_and(|at| at.elapsed() < LOOK) {
            self.log.heads(EVENTS_TOPIC).await?;
            return Ok(StepProgress::Idle);
        }
        let found = self.check_log(&positions).await;
        match &found {
            Err(StageError::Log(LogError::Replaced(why))) => {
                self.log.refuse(why);
                metrics::gauge!("onefold_log_replaced").set(1.0);
            }
            Ok(()) => {
                self.log.allow();
                metrics::gauge!("onefold_log_replaced").set(0.0);
            }
            Err(_) => {}
        }
        self.looked = found.is_ok().then(Instant::now);
        found.map(|()| StepProgress::Idle)
    }
}

/// What is said where the log is another one, and how to go on.
pub(crate) fn replaced_advice(why: &str) -> String {
    format!(
        "the views are of another log, or of more of it than there is: {why}. Put the log back as it was, which loses nothing; or stop \
         every process of this hub and say `onefold rebuild --accept` for views of the log as it is now, which show nothing of what \
         only the former one held"
    )
}

/// Why the log is another one than the views were made of; none where it is the same.
pub(crate) async fn find_other(log: &dyn Log, store: &dyn FollowStore) -> Result<Option<String>> {
    let known = store.fingerprints().await?;
    // Before the heads: other processes go on meanwhile, and the log is never behind them.
    let positions = store.followed().await?.positions;
    match recognise(log, EVENTS_TOPIC, &positions, &known).await {
        Err(LogError::Replaced(why)) => Ok(Some(why)),
        found => Ok(found.map(|()| None)?),
    }
}

/// Begins or ends with a log: it is the one that the views were made of, and will be known again by the last records that were read.
pub(crate) async fn keep_mark(log: &dyn Log, store: &dyn FollowStore) -> Result<()> {
    if let Some(why) = find_other(log, store).await? {
        bail!(replaced_advice(&why));
    }
    let last = (0u32..).zip(store.followed().await?.positions);
    let last: Vec<(u32, u64)> = last.filter_map(|(partition, at)| Some((partition, at.checked_sub(1)?))).collect();
    Ok(store.keep_fingerprints(&fingerprints(log, EVENTS_TOPIC, &last).await?).await?)
}
