//! Kafka's codes in the port's words.

use onefold_log::LogError;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

/// The class of a failure, by its code.
pub(crate) fn classify_error(error: &KafkaError, topic: &str) -> LogError {
    match error {
        KafkaError::AdminOpCreation(told) | KafkaError::Subscription(told) => LogError::Refused(told.clone()),
        // Not its value: it may be a secret, whatever its name is.
        KafkaError::ClientConfig(_, told, name, value) => {
            let told = if value.is_empty() { told.clone() } else { told.replace(value.as_str(), "***") };
            LogError::Refused(format!("the property {name} of kafka.properties: {told}"))
        }
        KafkaError::ClientCreation(told) => LogError::Unavailable(told.clone()),
        other => match other.rdkafka_error_code() {
            Some(code) => by_code(code, topic),
            None => LogError::Unknown { code: 0, message: other.to_string() },
        },
    }
}

/// The class of a code.
pub(crate) fn by_code(code: Code, topic: &str) -> LogError {
    let told = || format!("{topic}: {code}");
    match code {
        Code::UnknownTopic | Code::UnknownTopicOrPartition | Code::UnknownTopicId => {
            LogError::UnknownTopic(topic.to_owned())
        }
        Code::MessageSizeTooLarge
        | Code::InvalidMessageSize
        | Code::InvalidTopic
        | Code::InvalidPartitions
        | Code::InvalidReplicationFactor
        | Code::InvalidConfig
        | Code::InvalidTimestamp
        | Code::InvalidRecord
        | Code::PolicyViolation
        | Code::TopicAuthorizationFailed
        | Code::GroupAuthorizationFailed
        | Code::ClusterAuthorizationFailed
        | Code::InvalidArgument => LogError::Refused(told()),
        Code::QueueFull => LogError::Busy(told()),
        Code::InvalidMessage | Code::BadMessage | Code::OffsetOutOfRange | Code::AutoOffsetReset => {
            LogError::Corrupt(told())
        }
        // The client's word for a partition that nobody leads; whether it exists is looked at before.
        Code::UnknownPartition
        // A broker that has left the cluster, as one that is started again seems to have for a moment.
        | Code::DestroyBroker
        | Code::BrokerDestroy
        | Code::Outdated
        | Code::BrokerTransportFailure
        | Code::AllBrokersDown
        | Code::Resolve
        | Code::Authentication
        | Code::SaslAuthenticationFailed
        | Code::OperationTimedOut
        | Code::TimedOutQueue
        | Code::MessageTimedOut
        | Code::RequestTimedOut
        | Code::WaitingForCoordinator
        | Code::WaitCache
        | Code::InProgress
        | Code::Retry
        | Code::PurgeQueue
        | Code::PurgeInflight
        | Code::Fatal
        | Code::LeaderNotAvailable
        | Code::NotLeaderForPartition
        | Code::BrokerNotAvailable
        | Code::ReplicaNotAvailable
        | Code::NetworkException
        | Code::CoordinatorLoadInProgress
        | Code::CoordinatorNotAvailable
        | Code::NotCoordinator
        | Code::NotEnoughReplicas
        | Code::NotEnoughReplicasAfterAppend
        | Code::NotController
        | Code::UnknownLeaderEpoch
        | Code::FencedLeaderEpoch
        | Code::OutOfOrderSequenceNumber
        | Code::InvalidProducerEpoch
        | Code::UnknownProducerId
        | Code::StaleBrokerEpoch
        | Code::ListenerNotFound
        | Code::PreferredLeaderNotAvailable
        | Code::EligibleLeadersNotAvailable
        | Code::ThrottlingQuotaExceeded
        | Code::RebootstrapRequired
        | Code::KafkaStorageError
        | Code::RebalanceInProgress
        | Code::UnknownMemberId
        | Code::IllegalGeneration
        | Code::State => LogError::Unavailable(told()),
        other => LogError::Unknown { code: other as i32, message: told() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_time_heals_is_retryable_and_a_wrong_request_is_not() {
        for code in [Code::BrokerTransportFailure, Code::AllBrokersDown, Code::NotEnoughReplicas, Code::QueueFull] {
            assert!(by_code(code, "t").retryable(), "{code}");
        }
        // What a cluster says of itself while brokers come and go, or while it has enough to do.
        for code in [
            Code::StaleBrokerEpoch,
            Code::ListenerNotFound,
            Code::PreferredLeaderNotAvailable,
            Code::EligibleLeadersNotAvailable,
            Code::ThrottlingQuotaExceeded,
            Code::RebootstrapRequired,
        ] {
            assert!(by_code(code, "t").retryable(), "{code}");
        }
        for code in [Code::MessageSizeTooLarge, Code::TopicAuthorizationFailed, Code::UnknownTopicOrPartition] {
            assert!(!by_code(code, "t").retryable(), "{code}");
        }
    }
}
