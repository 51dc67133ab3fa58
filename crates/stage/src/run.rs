//! The loop: step, wake the next, wait to be woken, back off, stop.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use onefold_log::LogError;
use onefold_store::StoreError;
use tokio::sync::{Notify, watch};

use crate::HealthRegistry;

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepProgress {
    /// Handled so many records or rows; there may be more.
    Worked(u64),
    /// There was nothing to do.
    Idle,
}

/// Why a step failed. Nothing of it was committed.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum StageError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Log(#[from] LogError),
    /// Neither the log nor the read model is at fault; the error says what is.
    #[error(transparent)]
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl StageError {
    /// An error of the stage itself, such as input that cannot be read.
    pub fn other(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Other(error.into())
    }

    fn fenced(&self) -> bool {
        matches!(self, Self::Store(StoreError::Fenced { .. }))
    }

    /// What it waits for, where time alone may heal it.
    fn waits_for(&self) -> Option<&'static str> {
        match self {
            Self::Log(error) if error.retryable() => Some("the log"),
            Self::Store(error) if error.retryable() => Some("the read model"),
            Self::Log(_) | Self::Store(_) | Self::Other(_) => None,
        }
    }

    /// Another transaction was in the way and is so no longer: nothing is gained by waiting.
    fn conflict(&self) -> bool {
        matches!(self, Self::Store(StoreError::Conflict))
    }
}

/// A stage: one batch, one transaction, one step. A step that fails has changed nothing and is tried again.
#[async_trait]
pub trait Stage: Send {
    /// Its name, as in `/health`. It stays the same.
    fn name(&self) -> &str;

    /// Takes a batch, computes, commits. Waits for work itself at most a second.
    async fn step(&mut self) -> Result<StepProgress, StageError>;
}

/// Wakes a stage when there is work, so that it polls only as a net below.
pub type WakeSignal = Arc<Notify>;

/// Asks stages to stop.
#[derive(Debug, Clone)]
pub struct StopSignal(watch::Sender<bool>);

impl Default for StopSignal {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl StopSignal {
    /// Asks every stage to stop after its present step.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Whether it was asked.
    pub fn stopped(&self) -> bool {
        *self.0.borrow()
    }
}

/// How long an idle stage waits for its wake before it looks itself.
const NET: Duration = Duration::from_millis(500);
/// Conflicts in a row after which a stage waits before it tries again.
const AT_ONCE: u32 = 10;
const LONGEST_BACK_OFF: Duration = Duration::from_secs(5);

/// Runs a stage on a thread of its own until it is asked to stop. It wakes `next` after each batch; a stage without a
/// `wake` waits for its work within its own step.
pub fn spawn(
    mut stage: Box<dyn Stage>,
    wake: Option<WakeSignal>,
    next: Option<WakeSignal>,
    health: HealthRegistry,
    stop: StopSignal,
) -> std::io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Handle::current();
    // Metrics take a label that is cheap to copy, and each step has four of them.
    let name: Arc<str> = stage.name().into();
    health.begin(name.clone());
    std::thread::Builder::new().name(name.to_string()).spawn(move || {
        runtime.block_on(drive(stage.as_mut(), &name, wake, next, &health, &stop));
    })
}

async fn drive(
    stage: &mut dyn Stage,
    name: &Arc<str>,
    wake: Option<WakeSignal>,
    next: Option<WakeSignal>,
    health: &HealthRegistry,
    stop: &StopSignal,
) {
    let mut stopping = stop.0.subscribe();
    let mut back_off = Duration::from_millis(20);
    let mut conflicts = 0;
    while !stop.stopped() {
        let began = Instant::now();
        match stage.step().await {
            Ok(progress) => {
                (back_off, conflicts) = (Duration::from_millis(20), 0);
                let handled = if let StepProgress::Worked(n) = progress { n } else { 0 };
                health.beat(name, handled);
                measure(name, handled, began.elapsed());
                // Even a stage with nothing to do hands the wake on: who woke it may have left work for the next.
                next.iter().for_each(|next| next.notify_one());
                if let (StepProgress::Idle, Some(wake)) = (progress, &wake) {
                    tokio::select! {
                        () = wake.notified() => {}
                        _ = stopping.changed() => {}
                        () = tokio::time::sleep(NET) => {}
                    }
                }
            }
            Err(error) if error.conflict() && conflicts < AT_ONCE => {
                tracing::debug!(stage = &**name, "another transaction was in the way; the step is tried again");
                metrics::counter!("onefold_stage_conflicts_total", "stage" => name.clone()).increment(1);
                conflicts += 1;
            }
            Err(error) => {
                // Fenced: somebody else moved on from the same position; the next step reads it again.
                tracing::warn!(stage = &**name, %error, fenced = error.fenced(), "a step failed and will be tried again");
                let waits = error.waits_for().map(|what| format!("waiting for {what}: ")).unwrap_or_default();
                health.fail(name, format!("{waits}{error}"));
                metrics::counter!("onefold_stage_failed_steps_total", "stage" => name.clone()).increment(1);
                tokio::select! {
                    () = tokio::time::sleep(back_off) => {}
                    _ = stopping.changed() => {}
                }
                back_off = (back_off * 2).min(LONGEST_BACK_OFF);
            }
        }
    }
}

/// What a step of a stage that had work is measured by; an idle one says nothing.
fn measure(stage: &Arc<str>, handled: u64, took: Duration) {
    metrics::counter!("onefold_stage_handled_total", "stage" => stage.clone()).increment(handled);
    if handled > 0 {
        metrics::histogram!("onefold_stage_batch_size", "stage" => stage.clone()).record(handled as f64);
        metrics::histogram!("onefold_stage_step_seconds", "stage" => stage.clone()).record(took.as_secs_f64());
    }
}
