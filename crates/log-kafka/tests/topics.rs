//! Topics: made as the hub needs them; what differs is told; what was done to them behind the hub's back is found.

use onefold_log::{Log, LogError, LogRecord};
use onefold_log_kafka::{KafkaLog, KafkaOptions, TOPICS};
use onefold_testkit::Kafka;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, NewPartitions, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

fn open(kafka: &Kafka, prefix: &str) -> KafkaLog {
    let mut options = KafkaOptions::new(kafka.bootstrap());
    options.prefix = prefix.to_owned();
    KafkaLog::open(options).unwrap()
}

/// Somebody else's client.
fn other(kafka: &Kafka) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", kafka.bootstrap());
    config
}

#[tokio::test]
async fn what_is_absent_is_made_and_then_nothing_differs() {
    let Some(kafka) = Kafka::shared("topics on Kafka") else { return };
    let log = open(&kafka, &kafka.prefix());
    let absent = log.check_topics(4).await.unwrap();
    assert_eq!(absent.len(), TOPICS.len(), "{absent:?}");
    let (made, differing) = log.apply_topics(4).await.unwrap();
    // The one that records the others is made with the first.
    assert_eq!(made.len(), TOPICS.len() - 1, "{made:?}");
    assert_eq!(differing, []);
    assert_eq!(log.apply_topics(4).await.unwrap(), (vec![], vec![]));
    assert_eq!(log.heads("events").await.unwrap().len(), 4);
    assert_eq!(log.heads("identity").await.unwrap().len(), 1);
    // Another number in the configuration is told, and the topics stay.
    let differing = log.check_topics(5).await.unwrap();
    assert!(
        differing.iter().any(|f| f.topic.ends_with("events") && f.differs.contains("must have 5")),
        "{differing:?}"
    );
}

#[tokio::test]
async fn a_setting_that_differs_is_told_with_the_command_that_corrects_it() {
    let Some(kafka) = Kafka::shared("settings of topics on Kafka") else { return };
    let prefix = kafka.prefix();
    let log = open(&kafka, &prefix);
    log.apply_topics(2).await.unwrap();
    let events = format!("{prefix}events");
    let admin: AdminClient<DefaultClientContext> = other(&kafka).create().unwrap();
    let settings = [
        ("retention.ms", "1000"),
        ("max.message.bytes", "99999999"),
        ("message.timestamp.after.max.ms", "9223372036854775807"),
    ];
    let alter = AlterConfig::new(ResourceSpecifier::Topic(&events));
    let alter = settings.iter().fold(alter, |alter, (name, value)| alter.set(name, value));
    admin.alter_configs([&alter], &AdminOptions::new()).await.unwrap();
    let differing = log.check_topics(2).await.unwrap();
    assert_eq!(differing.len(), 1, "{differing:?}");
    assert_eq!(differing[0].differs, "retention.ms must be -1 and is 1000");
    assert!(differing[0].correct.contains(&format!("--entity-name {events} --add-config retention.ms=-1")));
}

#[tokio::test]
async fn partitions_added_behind_the_hubs_back_are_found_and_nothing_is_lost() {
    let Some(kafka) = Kafka::shared("partitions added on Kafka") else { return };
    let prefix = kafka.prefix();
    let log = open(&kafka, &prefix);
    assert_eq!(log.topic("events", 3).await.unwrap(), 3);
    let record = |n: u32| LogRecord::new(format!("k{n}"), format!("v{n}"), 1);
    log.append("events", (0..3).map(|p| (p, record(p))).collect()).await.unwrap();

    let events = format!("{prefix}events");
    let admin: AdminClient<DefaultClientContext> = other(&kafka).create().unwrap();
    admin.create_partitions([&NewPartitions::new(&events, 5)], &AdminOptions::new()).await.unwrap();
    // Whoever comes now still has the number that the topic was made with, and goes on.
    let log = open(&kafka, &prefix);
    assert_eq!(log.topic("events", 12).await.unwrap(), 3);
    assert_eq!(log.heads("events").await.unwrap(), [1, 1, 1]);
    assert_eq!(log.append("events", vec![(2, record(9))]).await.unwrap(), [1]);
    let told = log.check_topics(3).await.unwrap();
    assert!(told.iter().any(|f| f.differs == "it was made with 3 partitions and has 5"), "{told:?}");

    // A record where the hub does not look stops it, with what to do.
    let producer: BaseProducer = other(&kafka).create().unwrap();
    producer.send(BaseRecord::<str, str>::to(&events).partition(4).key("k").payload("v")).unwrap();
    producer.flush(std::time::Duration::from_secs(20)).unwrap();
    // A process looks at its first question, and then every ten seconds.
    let log = open(&kafka, &prefix);
    let failed = log.heads("events").await.unwrap_err();
    assert!(matches!(&failed, LogError::Corrupt(told) if told.contains("3 partitions and has 5")), "{failed}");
    assert!(matches!(log.wait("events", &[9; 3], std::time::Duration::ZERO).await, Err(LogError::Corrupt(_))));
    assert_eq!(log.read("events", 2, 0, 10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn what_outsiders_write_is_read_as_it_is() {
    let Some(kafka) = Kafka::shared("records of outsiders on Kafka") else { return };
    let prefix = kafka.prefix();
    let log = open(&kafka, &prefix);
    log.topic("intake.finance", 1).await.unwrap();
    let topic = format!("{prefix}intake.finance");
    let producer: BaseProducer = other(&kafka).create().unwrap();
    producer
        .send(BaseRecord::<str, str>::to(&topic).partition(0).payload("no key").timestamp(1_700_000_000_123))
        .unwrap();
    producer.send(BaseRecord::<str, str>::to(&topic).partition(0).key("no value").timestamp(5)).unwrap();
    producer.flush(std::time::Duration::from_secs(20)).unwrap();
    let read = log.read("intake.finance", 0, 0, 10).await.unwrap();
    let read: Vec<LogRecord> = match read.len() {
        2 => read.into_iter().map(|stored| stored.record).collect(),
        _ => {
            let rest = log.read("intake.finance", 0, 1, 10).await.unwrap();
            read.into_iter().chain(rest).map(|stored| stored.record).collect()
        }
    };
    assert_eq!(read, [LogRecord::new("", "no key", 1_700_000_000_123_000), LogRecord::new("no value", "", 5_000)]);
}

#[tokio::test]
async fn a_topic_that_was_deleted_and_made_anew_is_told_once_and_then_read_as_it_is() {
    let Some(kafka) = Kafka::shared("a topic made anew on Kafka") else { return };
    let prefix = kafka.prefix();
    let again = || kafka.make_again(&format!("{prefix}events"), 2);
    let log = open(&kafka, &prefix);
    log.topic("events", 2).await.unwrap();
    let record = |text: &str| (0, LogRecord::new("key", text.to_owned(), 1));
    log.append("events", vec![record("old 1"), record("old 2")]).await.unwrap();
    again();
    let told = patient(async || log.heads("events").await).await.unwrap_err();
    assert!(matches!(&told, LogError::Replaced(why) if why.contains("partition 0 ends at 0")), "{told}");
    assert_eq!(log.heads("events").await.unwrap(), [0, 0]);

    log.append("events", vec![record("new 1"), record("new 2"), record("new 3")]).await.unwrap();
    let read = log.read("events", 0, 0, 10).await.unwrap();
    assert_eq!(read[0].record.value, "new 1");

    again();
    let told = patient(async || log.append("events", vec![record("newer")]).await).await.unwrap_err();
    assert!(matches!(&told, LogError::Replaced(why) if why.contains("of partition 0 was given again")), "{told}");
    let read = patient(async || log.fetch("events", &[(0, 0)]).await).await.unwrap();
    assert_eq!(read[0].record.value, "newer");
}

/// Asks until the broker tells of a topic, a moment after it has made it.
async fn patient<T>(ask: impl AsyncFn() -> Result<T, LogError>) -> Result<T, LogError> {
    loop {
        match ask().await {
            Err(LogError::UnknownTopic(_) | LogError::Unavailable(_)) => {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            told => return told,
        }
    }
}
