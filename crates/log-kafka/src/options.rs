//! How the log reaches Kafka.

use std::collections::BTreeMap;
use std::time::Duration;

/// How the log reaches Kafka, and what it asks of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct KafkaOptions {
    /// Brokers to begin with: `HOST:PORT`, several parted by commas.
    pub bootstrap: String,
    /// What the names of all topics and consumer groups begin with.
    pub prefix: String,
    /// Replicas of a topic that is made; none: as the broker has it by default.
    pub replication: Option<u16>,
    /// Properties of librdkafka, passed on as they are (TLS, SASL, timeouts). One that begins with `producer.` or `consumer.` is
    /// for those alone. What the contract of the log rests on cannot be set.
    pub properties: BTreeMap<String, String>,
    /// How long the broker may take to acknowledge or to answer before the call fails as one that may be tried again.
    pub patience: Duration,
    /// Bytes of recently read records that are kept per topic, so that fetching them again asks nobody.
    pub recent_bytes: usize,
    /// Largest message, in bytes, that a topic which is made takes.
    pub largest: u32,
}

impl KafkaOptions {
    /// What suits most, for brokers at this place.
    pub fn new(bootstrap: impl Into<String>) -> Self {
        Self {
            bootstrap: bootstrap.into(),
            prefix: "onefold.".to_owned(),
            replication: None,
            properties: BTreeMap::new(),
            patience: Duration::from_secs(30),
            recent_bytes: 64 << 20,
            largest: 8 << 20,
        }
    }
}
