#![doc = include_str!("../README.md")]

mod apply;
mod broker;
mod clients;
mod error;
mod feed;
mod fenced;
mod kafka;
mod membership;
mod options;
mod plan;
mod producer;
mod recent;
mod topic;
mod wire;

pub use apply::TopicFinding;
pub use kafka::KafkaLog;
pub use options::KafkaOptions;
pub use plan::{PartitionSpread, TOPICS, TopicPlan, TopicRetention};
