//! The one driver: inputs are read on a thread of their own, and what they say is written here, a few batches behind.

use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

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

/// A thread that reads, and what it has read and nobody has taken yet.
pub(crate) struct ReadingThread<B, E> {
    batches: mpsc::Receiver<B>,
    thread: JoinHandle<Result<(), E>>,
}

impl<B: Send + 'static, E: Send + 'static> ReadingThread<B, E> {
    /// Begins to read.
    pub(crate) fn begin(read: impl FnOnce(&BatchSender<B>) -> Result<(), E> + Send + 'static) -> Self {
        let (to, batches) = mpsc::channel(WAITING);
        Self { batches, thread: tokio::task::spawn_blocking(move || read(&BatchSender(to))) }
    }

    /// The next batch, in the order of reading; none once all were taken.
    pub(crate) async fn next(&mut self) -> Option<B> {
        self.batches.recv().await
    }

    /// Why reading ended, `broken` where the thread broke off. One that still reads stops at its next batch.
    pub(crate) async fn end(self, broken: E) -> Result<(), E> {
        drop(self.batches);
        self.thread.await.unwrap_or(Err(broken))
    }
}

/// Reads and writes until one of them ends. Why writing stopped is told before why reading did.
pub(crate) async fn drive<S: BatchSink>(
    sink: &mut S,
    read: impl FnOnce(&BatchSender<S::SinkBatch>) -> Result<(), S::Error> + Send + 'static,
) -> Result<(), S::Error> {
    let mut reading = ReadingThread::begin(read);
    let mut written = Ok(());
    while let Some(batch) = reading.next().await {
        written = sink.write(batch).await;
        if written.is_err() {
            break;
        }
    }
    let read = reading.end(S::broken()).await;
    written?;
    read
}
