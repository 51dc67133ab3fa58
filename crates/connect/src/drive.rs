//! The one driver: inputs are read on a thread of their own, and what they say is written here, a few batches behind.

use async_trait::async_trait;
use tokio::sync::mpsc;

/// Batches between the reading thread and the sink: enough that neither waits for the other's every breath, few enough that memory
/// does not grow with the input.
const WAITING: usize = 4;

/// Where batches go.
#[async_trait]
pub(crate) trait BatchSink: Send {
    /// What is handed over at once.
    type SinkBatch: Send + 'static;
    /// Why reading or writing stopped.
    type Error: Send + 'static;

    /// Writes a batch; nothing later is written once this fails.
    async fn write(&mut self, batch: Self::SinkBatch) -> Result<(), Self::Error>;

    /// The reading thread broke off, which is a defect.
    fn broken() -> Self::Error;
}

/// The reading thread's end: false once nobody listens any more, so that it stops.
pub(crate) struct BatchSender<B>(mpsc::Sender<B>);

impl<B> BatchSender<B> {
    pub(crate) fn send(&self, batch: B) -> bool {
        self.0.blocking_send(batch).is_ok()
    }
}

/// Reads and writes until one of them ends. Why writing stopped is told before why reading did.
pub(crate) async fn drive<S: BatchSink>(
    sink: &mut S,
    read: impl FnOnce(&BatchSender<S::SinkBatch>) -> Result<(), S::Error> + Send + 'static,
) -> Result<(), S::Error> {
    let (to, mut batches) = mpsc::channel(WAITING);
    let reading = tokio::task::spawn_blocking(move || read(&BatchSender(to)));
    let mut written = Ok(());
    while let Some(batch) = batches.recv().await {
        written = sink.write(batch).await;
        if written.is_err() {
            break;
        }
    }
    // The reading thread stops at its next batch when nobody listens.
    drop(batches);
    let read = reading.await.unwrap_or_else(|_| Err(S::broken()));
    written?;
    read
}
