//! Appending.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use onefold_log::{LogError, LogRecord};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::{BaseRecord, Producer, ProducerContext, PurgeConfig, ThreadedProducer};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout_at};

use crate::clients::{ClientFactory, ClientPurpose, KafkaContext};
use crate::error::by_code;
use crate::wire;

/// How long to wait for room in the client's queue.
const ROOM: Duration = Duration::from_millis(2);

/// The producer, and a fresh one once it has failed.
pub(crate) struct RecordProducer {
    clients: ClientFactory,
    current: Mutex<Option<Arc<DeliveryProducer>>>,
}

type DeliveryProducer = ThreadedProducer<DeliveryContext>;

impl RecordProducer {
    pub(crate) fn new(clients: ClientFactory) -> Self {
        Self { clients, current: Mutex::new(None) }
    }

    /// Appends to the topic of that full name, and answers with offsets in the order given.
    pub(crate) async fn append(&self, full: &str, batch: Vec<(u32, LogRecord)>) -> Result<Vec<u64>, LogError> {
        let producer = self.live_producer()?;
        let end = Instant::now() + self.clients.options.patience;
        let call = Arc::new(DeliveryCall::new(batch.len()));
        for (slot, (partition, record)) in batch.iter().enumerate() {
            let mut message = BaseRecord::with_opaque_to(full, Box::new((Arc::clone(&call), slot)))
                .partition(i32::try_from(*partition).unwrap_or(i32::MAX))
                .key(&record.key[..])
                .timestamp(wire::to_millis(record.time))
                .headers(wire::kafka_headers(record));
            // No bytes are none: in a compacted topic they take the key away.
            if !record.value.is_empty() {
                message = message.payload(&record.value[..]);
            }
            while let Err((error, refused)) = producer.send(message) {
                if !matches!(error.rdkafka_error_code(), Some(Code::QueueFull)) {
                    return Err(self.give_up(&producer, &error, full));
                }
                if Instant::now() >= end {
                    return Err(self.late_error(&producer));
                }
                sleep(ROOM).await;
                message = refused;
            }
        }
        if timeout_at(end, call.done.notified()).await.is_err() {
            return Err(self.late_error(&producer));
        }
        match call.first_failure() {
            None => Ok(call.offsets.iter().map(|offset| offset.load(Ordering::Acquire)).collect()),
            Some(code) => Err(self.give_up(&producer, &KafkaError::MessageProduction(code), full)),
        }
    }

    fn live_producer(&self) -> Result<Arc<DeliveryProducer>, LogError> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(producer) = &*current {
            return Ok(Arc::clone(producer));
        }
        let told = DeliveryContext { context: self.clients.context.clone() };
        let made: ThreadedProducer<DeliveryContext> = self
            .clients
            .client_config(ClientPurpose::Produce)
            .create_with_context(told)
            .map_err(|error| self.clients.call_failed(&error, "producer"))?;
        Ok(Arc::clone(current.insert(Arc::new(made))))
    }

    fn late_error(&self, producer: &Arc<DeliveryProducer>) -> LogError {
        self.retire_producer(producer);
        self.clients.unavailable("no acknowledgement in time")
    }

    /// A producer that failed a record is done with: what waits behind that record must not be stored without it.
    fn give_up(&self, producer: &Arc<DeliveryProducer>, error: &KafkaError, full: &str) -> LogError {
        self.retire_producer(producer);
        match error.rdkafka_error_code().map(|code| by_code(code, full)) {
            Some(LogError::Unavailable(told)) => self.clients.unavailable(&told),
            Some(told) => told,
            None => LogError::Unknown { code: 0, message: error.to_string() },
        }
    }

    /// Takes the producer out of use, and fails all that still waits in it, for everybody.
    fn retire_producer(&self, producer: &Arc<DeliveryProducer>) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|current| Arc::ptr_eq(current, producer)) {
            producer.purge(PurgeConfig::default().queue().inflight());
            if let Some(retired) = current.take() {
                // Letting go waits for its thread.
                std::thread::spawn(move || drop(retired));
            }
        }
    }
}

/// One call's records on their way.
struct DeliveryCall {
    offsets: Vec<AtomicU64>,
    left: AtomicUsize,
    failed: Mutex<Option<Code>>,
    done: Notify,
}

impl DeliveryCall {
    fn new(size: usize) -> Self {
        Self {
            offsets: (0..size).map(|_| AtomicU64::new(0)).collect(),
            left: AtomicUsize::new(size),
            failed: Mutex::new(None),
            done: Notify::new(),
        }
    }

    fn first_failure(&self) -> Option<Code> {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hears what became of each record.
struct DeliveryContext {
    context: KafkaContext,
}

impl ClientContext for DeliveryContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.context.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.context.error(error, reason);
    }
}

impl ProducerContext for DeliveryContext {
    type DeliveryOpaque = Box<(Arc<DeliveryCall>, usize)>;

    fn delivery(&self, result: &DeliveryResult<'_>, opaque: Self::DeliveryOpaque) {
        let (call, slot) = *opaque;
        let offset = match result {
            Ok(message) => u64::try_from(message.offset()).map_err(|_| Code::InvalidMessage),
            Err((error, _)) => Err(error.rdkafka_error_code().unwrap_or(Code::Fail)),
        };
        match offset {
            Ok(offset) => {
                if let Some(place) = call.offsets.get(slot) {
                    place.store(offset, Ordering::Release);
                }
            }
            Err(code) => {
                call.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(code);
            }
        }
        if call.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            call.done.notify_one();
        }
    }
}
