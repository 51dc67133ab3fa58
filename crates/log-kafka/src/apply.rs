//! The topics as they are against the topics as they must be.

use std::fmt;

use onefold_log::LogError;

use crate::kafka::KafkaLog;
use crate::plan::{self, PartitionSpread, TOPICS, TopicPlan};

/// Something about a topic that is not as the hub needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicFinding {
    /// The topic, as the broker names it.
    pub topic: String,
    /// What it must be and what it is.
    pub differs: String,
    /// How to put it right.
    pub correct: String,
}

impl fmt::Display for TopicFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.topic, self.differs, self.correct)
    }
}

impl KafkaLog {
    /// Looks at every topic of the hub and changes nothing. Each thing that differs from what the hub needs is told, with how to
    /// put it right; topics that are absent, too. `partitions`: of the topics that are spread.
    pub async fn check_topics(&self, partitions: u32) -> Result<Vec<TopicFinding>, LogError> {
        let mut findings = Vec::new();
        for topic in TOPICS {
            self.check_topic(topic, partitions, &mut findings).await?;
        }
        Ok(findings)
    }

    /// Makes the topics that are absent, and answers with those made and with what differs about the others: what a topic
    /// already is belongs to whoever runs the broker, so it is told and not changed.
    pub async fn apply_topics(&self, partitions: u32) -> Result<(Vec<String>, Vec<TopicFinding>), LogError> {
        let mut made = Vec::new();
        for topic in TOPICS {
            let full = self.clients().full_name(topic.name);
            if self.topic_shape(&full).await?.is_none() {
                onefold_log::Log::topic(self, topic.name, spread_partitions(topic, partitions)).await?;
                made.push(full);
            }
        }
        Ok((made, self.check_topics(partitions).await?))
    }

    /// Removes every topic of this prefix with all that it holds: the end of a hub that was made to try something.
    pub async fn remove_topics(self) -> Result<(), LogError> {
        let full: Vec<String> = TOPICS.iter().map(|topic| self.clients().full_name(topic.name)).collect();
        self.broker().delete_topics(&full.iter().map(String::as_str).collect::<Vec<_>>()).await
    }

    async fn check_topic(
        &self,
        topic: &TopicPlan,
        asked: u32,
        findings: &mut Vec<TopicFinding>,
    ) -> Result<(), LogError> {
        let full = self.clients().full_name(topic.name);
        let bootstrap = &self.clients().options.bootstrap;
        let mut find = |differs: String, correct: String| {
            findings.push(TopicFinding { topic: full.clone(), differs, correct });
        };
        let Some(shape) = self.topic_shape(&full).await? else {
            find("it is absent".to_owned(), "make it with `onefold topics apply`".to_owned());
            return Ok(());
        };
        let partitions = match topic.spread {
            PartitionSpread::One => 1,
            PartitionSpread::Hub => self.recorded_partitions(topic.name, shape.partitions).await?,
        };
        if shape.partitions != partitions {
            find(
                format!("it was made with {partitions} partitions and has {}", shape.partitions),
                "Kafka takes none back: copy the log into topics of another prefix, made with the number they shall have"
                    .to_owned(),
            );
        } else if partitions != spread_partitions(topic, asked) {
            find(
                format!("it must have {} partitions and has {partitions}", spread_partitions(topic, asked)),
                format!(
                    "say {partitions} in the configuration, or copy the log into a topic that is made with the other"
                ),
            );
        }
        if let Some(replicas) = self.clients().options.replication.filter(|r| shape.replicas < usize::from(*r)) {
            find(
                format!("it must have {replicas} replicas and has {}", shape.replicas),
                "move its partitions with `kafka-reassign-partitions.sh`".to_owned(),
            );
        }
        let settings = self.broker().topic_settings(&full).await?;
        for (name, needed) in plan::retention_settings(topic.kept, self.clients().options.largest) {
            let is = settings.get(name).map_or("", String::as_str);
            if !is_suitable(name, is, &needed) {
                find(
                    format!("{name} must be {needed} and is {is}"),
                    format!(
                        "kafka-configs.sh --bootstrap-server {bootstrap} --alter --entity-type topics --entity-name {full} \
                         --add-config {name}={needed}"
                    ),
                );
            }
        }
        Ok(())
    }
}

fn spread_partitions(topic: &TopicPlan, partitions: u32) -> u32 {
    match topic.spread {
        PartitionSpread::Hub => partitions,
        PartitionSpread::One => 1,
    }
}

/// Equal, or more where more does no harm.
fn is_suitable(name: &str, is: &str, needed: &str) -> bool {
    match (name, is.parse::<i64>(), needed.parse::<i64>()) {
        ("max.message.bytes", Ok(is), Ok(needed)) => is >= needed,
        // Kept for longer, or for ever.
        ("retention.ms", Ok(is), Ok(needed)) => is == -1 || (needed != -1 && is >= needed),
        _ => is == needed,
    }
}

#[cfg(test)]
mod tests {
    use super::is_suitable;

    #[test]
    fn more_room_and_longer_keeping_suit_and_less_does_not() {
        assert!(is_suitable("max.message.bytes", "9", "8") && !is_suitable("max.message.bytes", "7", "8"));
        assert!(
            is_suitable("retention.ms", "-1", "8")
                && is_suitable("retention.ms", "9", "8")
                && !is_suitable("retention.ms", "9", "-1")
        );
        assert!(!is_suitable("cleanup.policy", "compact", "delete"));
    }
}
