//! Views read by id beside other work, one after the other, on a task of their own: whoever appends does not hold them up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use onefold_service::{CustomerReference, Service};
use tokio::task::JoinHandle;

use crate::command::bench::rig::BenchRig;
use crate::command::bench::workload::BenchWorkload;

const BETWEEN: Duration = Duration::from_millis(5);

/// Reads that go on until they are ended.
pub(crate) struct BackgroundReads {
    ended: Arc<AtomicBool>,
    task: JoinHandle<Result<Vec<Duration>>>,
}

impl BackgroundReads {
    pub(crate) fn begin(rig: &BenchRig) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let (service, workload, until) = (rig.hub.service.clone(), rig.workload, Arc::clone(&ended));
        let task = tokio::spawn(async move {
            let mut took = Vec::new();
            while !until.load(Ordering::Acquire) {
                took.push(by_id(&service, &workload, took.len() as u64).await?);
                tokio::time::sleep(BETWEEN).await;
            }
            Ok(took)
        });
        Self { ended, task }
    }

    /// How long each took.
    pub(crate) async fn end(self) -> Result<Vec<Duration>> {
        self.ended.store(true, Ordering::Release);
        self.task.await?
    }
}

/// Reads the view of the n-th of a long row of customers by its id.
pub(crate) async fn by_id(service: &Service, workload: &BenchWorkload, n: u64) -> Result<Duration> {
    timed_read(service, &workload.customer_id(n).parse()?).await
}

/// How long it takes to read a view.
pub(crate) async fn timed_read(service: &Service, reference: &CustomerReference) -> Result<Duration> {
    let started = Instant::now();
    let view = service.view(reference, None).await?;
    let took = started.elapsed();
    ensure!(view.documents > 0 || !view.profile.is_empty(), "an empty view");
    Ok(took)
}
