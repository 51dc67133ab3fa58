//! Clients of the broker, all made in one place.

use std::sync::{Arc, Mutex, PoisonError};

use onefold_log::LogError;
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::KafkaError;

use crate::error::classify_error;
use crate::options::KafkaOptions;

/// What the contract of the log rests on, and whoever sets it would break.
const OURS: &[&str] = &[
    "bootstrap.servers",
    "enable.idempotence",
    "acks",
    "request.required.acks",
    "message.timeout.ms",
    "delivery.timeout.ms",
    "transactional.id",
    "group.id",
    "group.instance.id",
    "enable.auto.commit",
    "enable.partition.eof",
    "auto.offset.reset",
    "isolation.level",
    "partition.assignment.strategy",
    "check.crcs",
];

/// What a client is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientPurpose {
    /// Appending.
    Produce,
    /// Asking for metadata and heads.
    Ask,
    /// Reading in order.
    Follow,
    /// The same, told where a partition ends.
    FollowToEnd,
    /// Reading here and there.
    Seek,
    /// Sharing partitions out.
    Join,
}

/// Makes clients.
#[derive(Debug, Clone)]
pub(crate) struct ClientFactory {
    pub(crate) options: Arc<KafkaOptions>,
    pub(crate) context: KafkaContext,
}

impl ClientFactory {
    pub(crate) fn new(options: KafkaOptions) -> Result<Self, LogError> {
        for name in options.properties.keys() {
            let bare = bare(name).1;
            if OURS.contains(&bare) {
                return Err(LogError::Refused(format!("the property {bare} is the log's own to set")));
            }
        }
        Ok(Self { options: Arc::new(options), context: KafkaContext::default() })
    }

    /// The configuration of a client for one purpose.
    pub(crate) fn client_config(&self, purpose: ClientPurpose) -> ClientConfig {
        let mut config = ClientConfig::new();
        let mut set = |pairs: &[(&str, &str)]| {
            for (name, value) in pairs {
                config.set(*name, *value);
            }
        };
        set(&[
            ("client.id", "onefold"),
            // A broker that comes back is found within a second.
            ("reconnect.backoff.max.ms", "1000"),
            ("socket.keepalive.enable", "true"),
        ]);
        match purpose {
            ClientPurpose::Produce => set(&[
                ("linger.ms", "2"),
                ("batch.num.messages", "20000"),
                ("batch.size", "1000000"),
                ("queue.buffering.max.messages", "500000"),
                ("queue.buffering.max.kbytes", "262144"),
                ("retry.backoff.ms", "20"),
            ]),
            ClientPurpose::Ask => {}
            ClientPurpose::Follow | ClientPurpose::FollowToEnd => set(&[
                // A partition that is read from a new place waits until the question under way is answered.
                ("fetch.wait.max.ms", "100"),
                // Per partition. What is over it waits for this long, not for a second.
                ("queued.min.messages", "20000"),
                ("queued.max.messages.kbytes", "4096"),
                ("fetch.queue.backoff.ms", "2"),
                ("fetch.error.backoff.ms", "50"),
            ]),
            ClientPurpose::Seek => set(&[
                ("fetch.wait.max.ms", "10"),
                ("queued.min.messages", "1"),
                ("queued.max.messages.kbytes", "256"),
                ("fetch.message.max.bytes", "65536"),
                ("fetch.queue.backoff.ms", "2"),
                ("fetch.error.backoff.ms", "50"),
            ]),
            ClientPurpose::Join => set(&[
                ("session.timeout.ms", "6000"),
                ("heartbeat.interval.ms", "1500"),
                // So long, and three seconds more, librdkafka waits for the answer to joining (rd_kafka_JoinGroupRequest), by
                // default five minutes. After a broker was frozen, members were without partitions for longer than a minute.
                // Longer than whoever holds a partition is waited for.
                ("max.poll.interval.ms", "15000"),
                ("queued.min.messages", "1"),
                ("fetch.message.max.bytes", "1024"),
            ]),
        }
        let producer = purpose == ClientPurpose::Produce;
        for (name, value) in &self.options.properties {
            match bare(name) {
                (None, name) => config.set(name, value),
                (Some(true), name) if producer => config.set(name, value),
                (Some(false), name) if !producer => config.set(name, value),
                _ => &mut config,
            };
        }
        config.set("bootstrap.servers", &self.options.bootstrap);
        if producer {
            config.set("enable.idempotence", "true");
            config.set("acks", "all");
            // The log gives up by itself, and then on all that waits: a record that this alone gave up would leave a hole.
            config.set("message.timeout.ms", "0");
            config.set("message.max.bytes", self.options.largest.to_string());
        } else {
            config.set("enable.auto.commit", "false");
            config.set("check.crcs", "true");
            config.set("auto.offset.reset", if purpose == ClientPurpose::Join { "latest" } else { "error" });
        }
        if purpose == ClientPurpose::FollowToEnd {
            config.set("enable.partition.eof", "true");
        }
        if matches!(purpose, ClientPurpose::Follow | ClientPurpose::FollowToEnd | ClientPurpose::Seek) {
            // Needed to be given partitions; no group is joined and nothing is committed.
            config.set("group.id", format!("{}reader", self.options.prefix));
        }
        config.set_log_level(RDKafkaLogLevel::Info);
        config
    }

    /// A client for one purpose.
    pub(crate) fn make_client<T: FromClientConfigAndContext<KafkaContext>>(
        &self,
        purpose: ClientPurpose,
    ) -> Result<T, LogError> {
        self.client_config(purpose)
            .create_with_context(self.context.clone())
            .map_err(|error| classify_error(&error, "client"))
    }

    /// The name of a topic or group as the broker knows it.
    pub(crate) fn full_name(&self, name: &str) -> String {
        format!("{}{name}", self.options.prefix)
    }

    /// Out of reach, with what the client last complained of.
    pub(crate) fn unavailable(&self, what: &str) -> LogError {
        let last = self.context.last_complaint();
        let told = if last.is_empty() { String::new() } else { format!(" ({last})") };
        // A listener for TLS hangs up on whoever speaks in the clear.
        let clear = last.contains("APIVERSION_QUERY") && !self.options.properties.contains_key("security.protocol");
        let hint = if clear { "; if it asks for TLS, set security.protocol among kafka.properties" } else { "" };
        LogError::Unavailable(format!("{}: {what}{told}{hint}", self.options.bootstrap))
    }

    /// A failure of a call, with what the client last complained of when the broker cannot be reached.
    pub(crate) fn call_failed(&self, error: &KafkaError, topic: &str) -> LogError {
        match classify_error(error, topic) {
            LogError::Unavailable(told) => self.unavailable(&told),
            other => other,
        }
    }
}

/// Whom a property is for (producers: true), and its own name.
fn bare(name: &str) -> (Option<bool>, &str) {
    match (name.strip_prefix("producer."), name.strip_prefix("consumer.")) {
        (Some(name), _) => (Some(true), name),
        (_, Some(name)) => (Some(false), name),
        _ => (None, name),
    }
}

/// Hears what clients tell.
#[derive(Debug, Clone, Default)]
pub(crate) struct KafkaContext {
    last: Arc<Mutex<String>>,
}

impl KafkaContext {
    fn last_complaint(&self) -> String {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add_complaint(&self, what: &str) {
        what.clone_into(&mut self.last.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl ClientContext for KafkaContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        // A connection that did not come about, of whatever level.
        if facility == "FAIL" {
            self.add_complaint(message);
        }
        match level {
            RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
                tracing::error!(facility, "{message}");
            }
            // Brokers that come and go are told once, by the call that fails.
            RDKafkaLogLevel::Error | RDKafkaLogLevel::Warning => tracing::debug!(facility, "{message}"),
            _ => tracing::trace!(facility, "{message}"),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, "{reason}");
        self.add_complaint(reason);
    }
}

impl ConsumerContext for KafkaContext {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_contract_rests_on_cannot_be_set() {
        for name in ["acks", "producer.enable.idempotence", "consumer.enable.auto.commit"] {
            let mut options = KafkaOptions::new("localhost:9092");
            options.properties.insert(name.to_owned(), "1".to_owned());
            assert!(matches!(ClientFactory::new(options), Err(LogError::Refused(_))), "{name}");
        }
    }

    #[test]
    fn joining_waits_longer_than_a_holder_is_waited_for_and_no_more_than_twenty_seconds() {
        let clients = ClientFactory::new(KafkaOptions::new("localhost:9092")).unwrap();
        let asked: u64 =
            clients.client_config(ClientPurpose::Join).get("max.poll.interval.ms").unwrap().parse().unwrap();
        let asked = std::time::Duration::from_millis(asked);
        let (grace, most) = (std::time::Duration::from_secs(3), std::time::Duration::from_secs(20));
        assert!(asked > crate::membership::ENDS && asked + grace <= most, "{asked:?}");
    }

    #[test]
    fn properties_reach_those_whom_they_are_for() {
        let mut options = KafkaOptions::new("localhost:9092");
        for (name, value) in [("sasl.username", "a"), ("producer.linger.ms", "9"), ("consumer.fetch.min.bytes", "7")] {
            options.properties.insert(name.to_owned(), value.to_owned());
        }
        let clients = ClientFactory::new(options).unwrap();
        let (produce, follow) =
            (clients.client_config(ClientPurpose::Produce), clients.client_config(ClientPurpose::Follow));
        assert_eq!([produce.get("sasl.username"), follow.get("sasl.username")], [Some("a"); 2]);
        assert_eq!([produce.get("linger.ms"), follow.get("linger.ms")], [Some("9"), None]);
        assert_eq!([produce.get("fetch.min.bytes"), follow.get("fetch.min.bytes")], [None, Some("7")]);
        assert_eq!([produce.get("acks"), follow.get("acks")], [Some("all"), None]);
    }
}
