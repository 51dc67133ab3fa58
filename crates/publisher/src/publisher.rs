//! The stage: what changed in, records out, and only then is it done.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use onefold_event::KeyRing;
use onefold_identity::IdentityRules;
use onefold_log::{ACTIONS_TOPIC, CUSTOMERS_TOPIC, Fence, FencedAppender, IDENTITY_TOPIC, Log};
use onefold_stage::{Stage, StageError, StepProgress};
use onefold_store::{PublishStore, Published, PublisherLease, ReadStore};
use serde::{Deserialize, Serialize};

use crate::batch::{Batch, Source};
use crate::follow::follow;

/// Who publishes, to the log: one for all topics.
const ID: &str = "publisher";
/// How often a publisher prolongs its turn, idle or amid a batch.
const RENEW: Duration = Duration::from_secs(2);

/// Whether, and how much at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PublisherOptions {
    /// Whether anything is published.
    pub enabled: bool,
    /// Events and notes per batch at most.
    pub batch: usize,
    /// Milliseconds from one batch to the next at least, unless there is more than one batch holds: so often is a customer
    /// published that changes all the time.
    pub every_ms: u64,
}

impl Default for PublisherOptions {
    fn default() -> Self {
        Self { enabled: false, batch: 5000, every_ms: 1000 }
    }
}

/// Publishes customers, who is one customer, and what departments are asked to do.
pub struct Publisher {
    log: Arc<dyn Log>,
    fence: Arc<dyn Fence>,
    publish: Arc<dyn PublishStore>,
    read: Arc<dyn ReadStore>,
    rules: IdentityRules,
    keys: Arc<dyn KeyRing>,
    options: PublisherOptions,
    /// Partitions of a topic that is made.
    partitions: u32,
    appender: Option<Appender>,
    /// When the turn was last taken or prolonged.
    turned: Option<Instant>,
    /// When the last batch began that left nothing over.
    done: Option<Instant>,
}

/// The right to append, of one turn and its prolongations.
struct Appender {
    epoch: u64,
    /// Of the topics that are spread.
    partitions: u32,
    appender: Box<dyn FencedAppender>,
}

impl Publisher {
    /// A publisher over a log, to read and to append as the last that came, and a store. Topics that are absent are made with
    /// so many partitions.
    pub fn new(
        (log, fence): (Arc<dyn Log>, Arc<dyn Fence>),
        (publish, read): (Arc<dyn PublishStore>, Arc<dyn ReadStore>),
        (rules, keys): (IdentityRules, Arc<dyn KeyRing>),
        partitions: u32,
        options: PublisherOptions,
    ) -> Self {
        Self { log, fence, publish, read, rules, keys, options, partitions, appender: None, turned: None, done: None }
    }

    /// Under load, waits until it is time for the next batch.
    async fn pace(&mut self) {
        let every = Duration::from_millis(self.options.every_ms);
        if let Some(left) = self.done.and_then(|began| every.checked_sub(began.elapsed())) {
            tokio::time::sleep(left).await;
        }
    }

    /// The turn, and the right to append that goes with it; none where there is nothing to do, or somebody else does it.
    async fn turn(&mut self) -> Result<Option<PublisherLease>, StageError> {
        let waiting = self.publish.unpublished().await?;
        if !waiting.enabled || (waiting.is_done() && self.turned.is_some_and(|at| at.elapsed() < RENEW)) {
            return Ok(None);
        }
        let Some(turn) = self.publish.turn(now()).await? else {
            if self.appender.take().is_some() {
                tracing::warn!("another process publishes by now; this one stands by");
            }
            self.turned = None;
            metrics::gauge!("onefold_publisher_active").set(0.0);
            return Ok(None);
        };
        self.turned = Some(Instant::now());
        metrics::gauge!("onefold_publisher_active").set(1.0);
        if self.appender.as_ref().is_none_or(|held| held.epoch != turn.epoch) {
            self.appender = None;
            let partitions = self.log.topic(CUSTOMERS_TOPIC, self.partitions).await?;
            // The topics of customers are spread alike: one key is found at one place.
            self.log.topic(ACTIONS_TOPIC, partitions).await?;
            self.log.topic(IDENTITY_TOPIC, 1).await?;
            // Only from here on is anything read: whoever published before appends nothing any more.
            let appender = Arc::clone(&self.fence).fenced(ID).await?;
            self.appender = Some(Appender { epoch: turn.epoch, partitions, appender });
        }
        Ok((!waiting.is_done()).then_some(turn))
    }

    /// One batch: read, appended, and then noted as done.
    async fn publish(&mut self, turn: &PublisherLease) -> Result<StepProgress, StageError> {
        let Some(Appender { partitions, appender, .. }) = &mut self.appender else { return Ok(StepProgress::Idle) };
        let most = self.options.batch;
        let notes = self.publish.notes(most).await?;
        // What became of customers is told before customers are told anew.
        let sweeps = turn.sweep.as_ref().filter(|_| notes.len() < most);
        let followed = follow(self.log.as_ref(), self.keys.as_ref(), turn, most).await?;
        let page = match sweeps {
            Some(from) => Some(self.publish.party_page(from, most).await?),
            None => None,
        };
        let sweep = page.as_ref().map_or_else(|| turn.sweep.clone(), |page| page.next.clone());
        let swept = page.map(|page| page.parties).unwrap_or_default();
        let more = followed.more || notes.len() == most || sweep.is_some();
        let worked = followed.events + notes.len() as u64 + swept.len() as u64;

        let source = Source { read: self.read.as_ref(), rules: &self.rules, turn };
        let mut batch = Batch::new(source);
        batch.take(&notes, &followed, swept).await?;
        let records = batch.records(*partitions);
        let published = records.len() as u64;
        fail::fail_point!("publish.before_append");
        if published > 0 {
            appender.append(records).await?;
        }
        fail::fail_point!("publish.after_append");
        let notes = notes.into_iter().map(|(number, _)| number).collect();
        self.publish.published(turn, &Published { positions: followed.positions, notes, sweep }).await?;
        fail::fail_point!("publish.after_commit");
        metrics::counter!("onefold_published_records_total").increment(published);
        self.done = (!more).then(Instant::now);
        Ok(StepProgress::Worked(worked.max(1)))
    }
}

#[async_trait]
impl Stage for Publisher {
    fn name(&self) -> &str {
        "publisher"
    }

    async fn step(&mut self) -> Result<StepProgress, StageError> {
        self.pace().await;
        let done = match self.turn().await {
            Ok(None) => return Ok(StepProgress::Idle),
            Ok(Some(turn)) => {
                // A turn that ended amid a batch would be a standby's, which begins the same batch: of two that need longer for
                // it than a turn lasts, each would take the turn from the other and neither ever be done.
                let prolonged = prolong(Arc::clone(&self.publish), turn.epoch);
                tokio::select! {
                    done = self.publish(&turn) => done,
                    never = prolonged => match never {},
                }
            }
            Err(error) => Err(error),
        };
        if done.is_err() {
            // Whatever it was: the next batch begins with the question whose turn it is.
            (self.appender, self.turned) = (None, None);
        }
        done
    }
}

/// Keeps a turn for as long as this is driven. Where it is somebody else's by now, the batch is refused by itself.
async fn prolong(publish: Arc<dyn PublishStore>, epoch: u64) -> Infallible {
    loop {
        tokio::time::sleep(RENEW).await;
        match publish.turn(now()).await {
            Ok(Some(turn)) if turn.epoch == epoch => {}
            Ok(_) => std::future::pending().await,
            Err(error) => tracing::warn!(%error, "the turn could not be prolonged and will be tried again"),
        }
    }
}

/// Microseconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
