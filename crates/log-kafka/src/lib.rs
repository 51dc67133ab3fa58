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

pub use apply::Finding;
pub use kafka::KafkaLog;
pub use options::Options;
pub use plan::{Kept, Spread, TOPICS, TopicPlan};
