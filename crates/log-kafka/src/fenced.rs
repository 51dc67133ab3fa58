//! Appending in transactions under one id: the broker refuses whoever had it before.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use onefold_log::{Fence, FencedAppender, LogError, LogRecord};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};

use crate::clients::{ClientFactory, ClientPurpose, KafkaContext};
use crate::error::classify_error;
use crate::kafka::KafkaLog;
use crate::wire;

/// After how long the broker itself ends a transaction of which it hears nothing more. Readers wait that long at most for
/// one that a frozen process left open and nobody took over.
const TRANSACTION: Duration = Duration::from_secs(20);
/// How long a record may be on its way, so that a transaction ends before the broker ends it.
const DELIVERY: Duration = Duration::from_secs(15);

type TransactionalProducer = BaseProducer<TransactionContext>;

#[async_trait]
impl Fence for KafkaLog {
    async fn fenced(self: Arc<Self>, id: &str) -> Result<Box<dyn FencedAppender>, LogError> {
        let clients = self.clients().clone();
        let mut config = clients.client_config(ClientPurpose::Produce);
        config.set("transactional.id", clients.full_name(id));
        config.set("transaction.timeout.ms", TRANSACTION.as_millis().to_string());
        config.set("message.timeout.ms", DELIVERY.as_millis().to_string());
        let name = id.to_owned();
        let begin = move || {
            let context = TransactionContext { context: clients.context.clone() };
            let producer: TransactionalProducer =
                config.create_with_context(context).map_err(|error| clients.call_failed(&error, "producer"))?;
            // Whatever an earlier one had begun is ended, and it is refused from here on.
            let began = producer.init_transactions(clients.options.patience);
            began.map_err(|error| fence_error(&clients, &error, &name))?;
            Ok((producer, name))
        };
        let (producer, id) = tokio::task::spawn_blocking(begin).await.map_err(|_| LogError::Closed)??;
        Ok(Box::new(KafkaAppender { log: self, id, producer: Some(producer) }))
    }
}

/// Not to be used again after a failure: what the client knows of its transaction is then in doubt.
struct KafkaAppender {
    log: Arc<KafkaLog>,
    id: String,
    producer: Option<TransactionalProducer>,
}

#[async_trait]
impl FencedAppender for KafkaAppender {
    async fn append(&mut self, batch: Vec<(String, u32, LogRecord)>) -> Result<(), LogError> {
        let mut placed = Vec::with_capacity(batch.len());
        for (name, partition, record) in batch {
            let topic = self.log.find_topic(&name).await?;
            topic.check_partition(partition)?;
            wire::check_size(&record, topic.largest)?;
            placed.push((topic, partition, record));
        }
        if placed.is_empty() {
            return Ok(());
        }
        let producer = self.producer.take().ok_or(LogError::Closed)?;
        let (clients, id) = (self.log.clients().clone(), self.id.clone());
        let append = move || {
            let records = placed.iter().map(|(topic, partition, record)| (topic.full.as_str(), *partition, record));
            match write_records(&producer, records, clients.options.patience) {
                Ok(()) => {
                    placed.iter().for_each(|(topic, ..)| topic.wake_waiters());
                    Ok(producer)
                }
                Err(error) => {
                    let told = fence_error(&clients, &error, &id);
                    // The broker ends it by itself where this does not reach it.
                    if let Err(error) = producer.abort_transaction(Duration::from_secs(2)) {
                        tracing::debug!(%error, "a transaction that failed was not given up");
                    }
                    Err(told)
                }
            }
        };
        self.producer = Some(tokio::task::spawn_blocking(append).await.map_err(|_| LogError::Closed)??);
        Ok(())
    }
}

impl Drop for KafkaAppender {
    fn drop(&mut self) {
        if let Some(producer) = self.producer.take() {
            // Letting go waits for its thread.
            std::thread::spawn(move || drop(producer));
        }
    }
}

/// One transaction. Blocks.
fn write_records<'a>(
    producer: &TransactionalProducer,
    records: impl Iterator<Item = (&'a str, u32, &'a LogRecord)>,
    patience: Duration,
) -> Result<(), KafkaError> {
    producer.begin_transaction()?;
    let end = Instant::now() + patience;
    for (full, partition, record) in records {
        let mut message = BaseRecord::to(full)
            .partition(i32::try_from(partition).unwrap_or(i32::MAX))
            .key(&record.key[..])
            .timestamp(wire::to_millis(record.time))
            .headers(wire::kafka_headers(record));
        // No bytes are none: in a compacted topic they take the key away.
        if !record.value.is_empty() {
            message = message.payload(&record.value[..]);
        }
        while let Err((error, refused)) = producer.send(message) {
            if error.rdkafka_error_code() != Some(Code::QueueFull) || Instant::now() >= end {
                return Err(error);
            }
            producer.poll(Duration::from_millis(5));
            message = refused;
        }
    }
    producer.commit_transaction(patience)
}

fn fence_error(clients: &ClientFactory, error: &KafkaError, id: &str) -> LogError {
    let code = match error {
        KafkaError::Transaction(error) => Some(error.code()),
        other => other.rdkafka_error_code(),
    };
    match code {
        Some(Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch) => LogError::Fenced(id.to_owned()),
        Some(code) => match crate::error::by_code(code, id) {
            LogError::Unavailable(told) => clients.unavailable(&told),
            other => other,
        },
        None => classify_error(error, id),
    }
}

/// Hears what the client tells; that a record arrived is told by the transaction.
struct TransactionContext {
    context: KafkaContext,
}

impl ClientContext for TransactionContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.context.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.context.error(error, reason);
    }
}

impl ProducerContext for TransactionContext {
    type DeliveryOpaque = ();

    fn delivery(&self, _: &DeliveryResult<'_>, (): ()) {}
}
