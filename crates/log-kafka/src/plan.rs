//! The topics, and what each must be like.

use onefold_log::{ACTIONS_TOPIC, CUSTOMERS_TOPIC, EVENTS_TOPIC, IDENTITY_TOPIC, SEALS_TOPIC};

/// How long the records of a topic are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopicRetention {
    /// All of them, for ever.
    Forever,
    /// So many days.
    Days(u32),
    /// The last of each key.
    Latest,
}

/// How many partitions a topic has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartitionSpread {
    /// As many as the hub is given when its topics are made.
    Hub,
    /// One: its records have one order.
    One,
}

/// What a topic must be like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopicPlan {
    /// Its name, without the prefix.
    pub name: &'static str,
    /// Its partitions.
    pub spread: PartitionSpread,
    /// What is kept.
    pub kept: TopicRetention,
}

const fn topic_plan(name: &'static str, spread: PartitionSpread, kept: TopicRetention) -> TopicPlan {
    TopicPlan { name, spread, kept }
}

/// What sources sent; it is in `events` by then, or in quarantine.
const OF_INTAKE: TopicRetention = TopicRetention::Days(30);

/// Every topic of the hub.
pub const TOPICS: &[TopicPlan] = &[
    topic_plan("intake.finance", PartitionSpread::Hub, OF_INTAKE),
    topic_plan("intake.warehouse", PartitionSpread::Hub, OF_INTAKE),
    topic_plan("intake.shipping", PartitionSpread::Hub, OF_INTAKE),
    topic_plan("intake.service", PartitionSpread::Hub, OF_INTAKE),
    topic_plan("intake.sales", PartitionSpread::Hub, OF_INTAKE),
    topic_plan("intake.party", PartitionSpread::Hub, OF_INTAKE),
    topic_plan(EVENTS_TOPIC, PartitionSpread::Hub, TopicRetention::Forever),
    topic_plan(CUSTOMERS_TOPIC, PartitionSpread::Hub, TopicRetention::Latest),
    topic_plan(IDENTITY_TOPIC, PartitionSpread::One, TopicRetention::Forever),
    topic_plan(ACTIONS_TOPIC, PartitionSpread::Hub, TopicRetention::Forever),
    topic_plan(SEALS_TOPIC, PartitionSpread::Hub, TopicRetention::Forever),
    topic_plan("quarantine", PartitionSpread::Hub, TopicRetention::Forever),
    topic_plan(REGISTRY, PartitionSpread::One, TopicRetention::Latest),
];

/// Where the number of partitions of each topic is recorded.
pub(crate) const REGISTRY: &str = "topics";

/// What is kept of a topic; where the plan does not name it, as of the others of intake, or for ever.
pub(crate) fn retention_of(name: &str) -> TopicRetention {
    let others = if name.starts_with("intake.") { OF_INTAKE } else { TopicRetention::Forever };
    TOPICS.iter().find(|topic| topic.name == name).map_or(others, |topic| topic.kept)
}

/// Topics that the publisher writes in transactions, whose ends stand among the records.
const TRANSACTIONAL: [&str; 3] = [CUSTOMERS_TOPIC, IDENTITY_TOPIC, ACTIONS_TOPIC];

/// Whether offsets have no gap as long as nothing is removed.
pub(crate) fn is_dense(name: &str) -> bool {
    !TRANSACTIONAL.contains(&name)
}

/// The settings that keep it so, as Kafka names them.
pub(crate) fn retention_settings(kept: TopicRetention, largest: u32) -> Vec<(&'static str, String)> {
    let (policy, retention) = match kept {
        TopicRetention::Forever => ("delete", -1),
        TopicRetention::Days(days) => ("delete", i64::from(days) * 24 * 3_600 * 1_000),
        TopicRetention::Latest => ("compact", -1),
    };
    vec![
        ("cleanup.policy", policy.to_owned()),
        ("retention.ms", retention.to_string()),
        ("retention.bytes", "-1".to_owned()),
        ("message.timestamp.type", "CreateTime".to_owned()),
        // The time of a record is the producer's, however far from the broker's own.
        ("message.timestamp.before.max.ms", i64::MAX.to_string()),
        ("message.timestamp.after.max.ms", i64::MAX.to_string()),
        ("max.message.bytes", largest.to_string()),
    ]
}
