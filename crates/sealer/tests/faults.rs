//! A log that was altered after it was sealed, as whoever holds its file and this program could make it: each kind of alteration is found,
//! in the right place, and a log that nobody touched never raises an alarm. 100 tries of each, from the seed in ONEFOLD_TEST_SEALS_SEED.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use onefold_log::{EVENTS_TOPIC, GroupMembership, Log, LogError, LogRecord, SEALS_TOPIC, StoredRecord};
use onefold_log_embedded::{EmbeddedLog, EmbeddedOptions};
use onefold_log_kafka::{KafkaLog, KafkaOptions};
use onefold_seal::{NoteKey, NoteSigner, PartitionSeal, TreeCheckpoint, subject_hash};
use onefold_sealer::{
    FindingKind, OutsidePlace, SealVerdict, Sealer, SealerError, SealerOptions, read_outside, verify_log,
};
use onefold_stage::Stage;
use onefold_testkit::{Dice, Kafka, asked};
use tempfile::TempDir;

const PARTITIONS: u32 = 3;
const ROUNDS: u64 = 4;
const TRIES: u64 = 100;

fn signer(seed: u8) -> NoteSigner {
    NoteSigner::from_seed("hub.example/test", &[seed; 32]).unwrap()
}

fn key() -> NoteKey {
    signer(1).public().clone()
}

fn sealer(log: &Arc<dyn Log>, seed: u8) -> Sealer {
    Sealer::new(Arc::clone(log), signer(seed), Vec::new(), SealerOptions::default())
}

fn open(dir: &Path) -> Arc<dyn Log> {
    Arc::new(EmbeddedLog::open(&dir.join("log.db"), EmbeddedOptions::default()).unwrap())
}

fn dice() -> Dice {
    Dice::new(asked("ONEFOLD_TEST_SEALS_SEED", 1))
}

/// What a log holds, partition by partition, and how many records were sealed by each round.
#[derive(Clone)]
struct Content {
    events: Vec<Vec<LogRecord>>,
    seals: Vec<Vec<LogRecord>>,
}

fn random_record(number: u64, dice: &mut Dice) -> LogRecord {
    let mut record =
        LogRecord::new(format!("party:crm:{}", dice.below(20)), Vec::new(), 1_700_000_000_000_000 + number as i64);
    // Its number makes each record one of its own.
    record.value = [number.to_be_bytes().to_vec(), vec![7; dice.place(100)]].concat().into();
    if dice.below(2) == 0 {
        record.headers = vec![("trace".to_owned(), vec![dice.below(256) as u8; 4].into())];
    }
    record
}

async fn read_all(log: &dyn Log, topic: &str) -> Vec<Vec<LogRecord>> {
    let mut all = Vec::new();
    for (partition, head) in (0..).zip(log.heads(topic).await.unwrap()) {
        let mut records: Vec<LogRecord> = Vec::new();
        while (records.len() as u64) < head {
            let read = log.read(topic, partition, records.len() as u64, 10_000).await.unwrap();
            records.extend(read.into_iter().map(|stored| stored.record));
        }
        all.push(records);
    }
    all
}

/// Appends records and seals them, some rounds.
async fn fill(log: &Arc<dyn Log>, dice: &mut Dice) {
    log.topic(EVENTS_TOPIC, PARTITIONS).await.unwrap();
    for round in 0..ROUNDS {
        let mut batch = Vec::new();
        for partition in 0..PARTITIONS {
            let count = 20 + dice.below(30);
            batch.extend(
                (0..count).map(|n| (partition, random_record(round << 32 | u64::from(partition) << 16 | n, dice))),
            );
        }
        log.append(EVENTS_TOPIC, batch).await.unwrap();
        // A sealer of its own each time, as after a restart.
        sealer(log, 1).seal_all().await.unwrap();
    }
}

async fn sealed_content(dice: &mut Dice) -> Content {
    let dir = TempDir::new().unwrap();
    let log = open(dir.path());
    fill(&log, dice).await;
    Content { events: read_all(log.as_ref(), EVENTS_TOPIC).await, seals: read_all(log.as_ref(), SEALS_TOPIC).await }
}

/// A log that holds this.
async fn log_of(content: &Content) -> (TempDir, Arc<dyn Log>) {
    let dir = TempDir::new().unwrap();
    let log = open(dir.path());
    for (topic, partitions) in [(EVENTS_TOPIC, &content.events), (SEALS_TOPIC, &content.seals)] {
        log.topic(topic, PARTITIONS).await.unwrap();
        let batch =
            (0..).zip(partitions).flat_map(|(p, records)| records.iter().map(move |record| (p, record.clone())));
        log.append(topic, batch.collect()).await.unwrap();
    }
    (dir, log)
}

async fn verdict(content: &Content, outside: &[TreeCheckpoint]) -> SealVerdict {
    let (_dir, log) = log_of(content).await;
    verify_log(log, &key(), outside.iter().cloned().map(Ok).collect()).await.unwrap()
}

/// Alters a fresh copy again and again; the alteration says in which partition and from which offset on it is.
async fn each_is_found(name: &str, alter: impl Fn(&mut Content, &mut Dice) -> (usize, u64)) {
    let mut dice = dice();
    let content = sealed_content(&mut dice).await;
    assert!(verdict(&content, &[]).await.is_whole(), "an untouched log raises an alarm");
    for number in 0..TRIES {
        let mut altered = content.clone();
        let (partition, offset) = alter(&mut altered, &mut dice);
        let verdict = verdict(&altered, &[]).await;
        let found: Vec<(usize, u64)> = verdict
            .partitions
            .iter()
            .filter_map(|of| Some((of.partition as usize, of.findings.first()?.offset)))
            .collect();
        assert_eq!(found, [(partition, offset)], "{name}, try {number}: {verdict:#?}");
    }
}

fn flipped(bytes: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut altered = bytes.to_vec();
    let bit = dice.place(altered.len() * 8);
    altered[bit / 8] ^= 1 << (bit % 8);
    altered
}

fn place(content: &Content, dice: &mut Dice) -> (usize, usize) {
    let partition = dice.place(content.events.len());
    (partition, dice.place(content.events[partition].len()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_bit_is_found_where_it_is() {
    each_is_found("flipped bit", |content, dice| {
        let (partition, at) = place(content, dice);
        let record = &mut content.events[partition][at];
        match dice.below(4) {
            0 => record.time ^= 1 << dice.below(40),
            1 => record.key = flipped(&record.key, dice).into(),
            2 if !record.headers.is_empty() => record.headers[0].1 = flipped(&record.headers[0].1, dice).into(),
            _ => record.value = flipped(&record.value, dice).into(),
        }
        (partition, at as u64)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_record_is_found_where_it_was() {
    each_is_found("dropped record", |content, dice| {
        let (partition, at) = place(content, dice);
        content.events[partition].remove(at);
        (partition, at as u64)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swapped_pair_is_found_at_the_first_of_both() {
    each_is_found("swapped pair", |content, dice| {
        let (partition, one) = place(content, dice);
        let records = &mut content.events[partition];
        let other = (one + 1 + dice.place(records.len() - 1)) % records.len();
        records.swap(one, other);
        (partition, one.min(other) as u64)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_tail_is_found_where_the_log_ends() {
    each_is_found("cut tail", |content, dice| {
        let (partition, at) = place(content, dice);
        content.events[partition].truncate(at);
        (partition, at as u64)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_added_record_is_found_where_it_is_at_the_end_of_a_sealed_range_too() {
    let ends = |content: &Content, partition: usize| -> Vec<usize> {
        let seal = |record: &LogRecord| PartitionSeal::decode(&record.value).unwrap().end() as usize;
        content.seals[partition].iter().map(seal).collect()
    };
    each_is_found("added record", |content, dice| {
        let (partition, mut at) = place(content, dice);
        if dice.below(2) == 0 {
            let ends = ends(content, partition);
            // Behind the last seal a record is one that was taken in since.
            at = ends[dice.place(ends.len() - 1)];
        }
        let record = random_record(u64::MAX, dice);
        content.events[partition].insert(at, record);
        (partition, at as u64)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seal_that_is_altered_or_left_out_is_found() {
    let mut dice = dice();
    let content = sealed_content(&mut dice).await;
    for number in 0..TRIES {
        let mut altered = content.clone();
        let partition = dice.place(altered.seals.len());
        let at = dice.place(altered.seals[partition].len());
        if number % 4 == 0 && at + 1 < altered.seals[partition].len() {
            altered.seals[partition].remove(at);
        } else {
            let seal = &mut altered.seals[partition][at];
            seal.value = flipped(&seal.value, &mut dice).into();
        }
        let verdict = verdict(&altered, &[]).await;
        let found: Vec<usize> =
            verdict.partitions.iter().filter(|of| !of.findings.is_empty()).map(|of| of.partition as usize).collect();
        assert_eq!(found, [partition], "try {number}, seal {at}: {verdict:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_key_has_sealed_is_found_though_it_bears_the_same_name() {
    let mut dice = dice();
    for number in 0..TRIES {
        let mut content = sealed_content(&mut dice).await;
        let (partition, at) = place(&content, &mut dice);
        content.events[partition][at].time += 1;
        content.seals.iter_mut().for_each(Vec::clear);
        let (_dir, log) = log_of(&content).await;
        sealer(&log, 2).seal_all().await.unwrap();
        let verdict = verify_log(Arc::clone(&log), &key(), Vec::new()).await.unwrap();
        assert!(verdict.partitions.iter().all(|of| !of.findings.is_empty()), "try {number}: {verdict:#?}");
        assert!(verify_log(log, signer(2).public(), Vec::new()).await.unwrap().is_whole());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tail_that_is_cut_off_with_its_seals_is_found_by_what_was_kept_outside() {
    let mut dice = dice();
    let content = sealed_content(&mut dice).await;
    let decode = |record: &LogRecord| PartitionSeal::decode(&record.value).unwrap();
    let outside: Vec<TreeCheckpoint> = content
        .seals
        .iter()
        .filter_map(|seals| Some(TreeCheckpoint::open(&decode(seals.last()?).note, &key()).unwrap()))
        .collect();
    assert!(verdict(&content, &outside).await.is_whole());
    for number in 0..TRIES {
        let mut altered = content.clone();
        let partition = dice.place(altered.seals.len());
        let kept = dice.place(altered.seals[partition].len());
        altered.seals[partition].truncate(kept);
        let end = altered.seals[partition].last().map_or(0, |seal| decode(seal).end());
        // Cut, or gone on from there with others.
        altered.events[partition].truncate(end as usize);
        if number % 2 == 0 {
            let others = (0..200).map(|n| random_record(n << 48, &mut dice));
            altered.events[partition].extend(others);
        }
        let hidden = verdict(&altered, &[]).await;
        assert!(hidden.is_whole(), "what is left is whole in itself");
        let verdict = verdict(&altered, &outside).await;
        let found: Vec<usize> =
            verdict.partitions.iter().filter(|of| !of.findings.is_empty()).map(|of| of.partition as usize).collect();
        assert_eq!(found, [partition], "try {number}: {verdict:#?}");
    }
}

async fn seals_and_verifies(log: Arc<dyn Log>) {
    fill(&log, &mut dice()).await;
    let before = verify_log(Arc::clone(&log), &key(), Vec::new()).await.unwrap();
    assert!(before.is_whole() && before.sum(|of| of.unsealed) == 0, "{before:#?}");
    let more: Vec<(u32, LogRecord)> =
        (0..600).map(|n| (n % PARTITIONS, random_record(1 << 50 | u64::from(n), &mut dice()))).collect();
    for part in more.chunks(50) {
        log.append(EVENTS_TOPIC, part.to_vec()).await.unwrap();
        // Two at once: the first seal of a record counts.
        let (mut one, mut other) = (sealer(&log, 1), sealer(&log, 1));
        let (one, other) = tokio::join!(one.seal_all(), other.seal_all());
        one.unwrap();
        other.unwrap();
    }
    let verdict = verify_log(Arc::clone(&log), &key(), Vec::new()).await.unwrap();
    let all: u64 = log.heads(EVENTS_TOPIC).await.unwrap().iter().sum();
    assert!(verdict.is_whole(), "{verdict:#?}");
    assert_eq!((verdict.sum(|of| of.verified), verdict.sum(|of| of.unsealed)), (all, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_touched_is_whole_whoever_seals_it() {
    let dir = TempDir::new().unwrap();
    seals_and_verifies(open(dir.path())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn kafka_is_sealed_and_verified_through_the_same_port() {
    let Some(kafka) = Kafka::shared("seals in Kafka") else { return };
    let mut options = KafkaOptions::new(kafka.bootstrap());
    options.prefix = kafka.prefix();
    seals_and_verifies(Arc::new(KafkaLog::open(options).unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealer_goes_on_from_no_log_that_was_cut_or_sealed_by_another_key() {
    let mut dice = dice();
    let mut content = sealed_content(&mut dice).await;
    let (_dir, log) = log_of(&content).await;
    let error = sealer(&log, 2).seal_all().await.unwrap_err();
    assert!(matches!(error, SealerError::Before { .. }), "{error}");
    content.events[1].truncate(5);
    let (_dir, log) = log_of(&content).await;
    let error = sealer(&log, 1).seal_all().await.unwrap_err();
    assert!(matches!(error, SealerError::Shorter { partition: 1, head: 5, .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seal_that_tells_of_another_subject_is_found_and_no_sealer_signs_it_anew() {
    let mut dice = dice();
    let content = sealed_content(&mut dice).await;
    for _ in 0..TRIES / 10 {
        let mut altered = content.clone();
        let (partition, at) = place(&content, &mut dice);
        // A bit of the subject that the seal of this record tells, and of none of its leaf hashes.
        let subject = subject_hash(&content.events[partition][at].key);
        let seals = &mut altered.seals[partition];
        let of = seals.iter().position(|seal| PartitionSeal::decode(&seal.value).unwrap().end() > at as u64).unwrap();
        let mut bytes = seals[of].value.to_vec();
        let told = bytes.windows(32).position(|hash| hash == subject).unwrap();
        bytes[told + dice.place(32)] ^= 1;
        seals[of].value = bytes.into();
        let (_dir, log) = log_of(&altered).await;
        let error = sealer(&log, 1).seal_all().await.unwrap_err();
        assert!(matches!(&error, SealerError::Before { partition: p, .. } if *p as usize == partition), "{error}");
        let verdict = verify_log(log, &key(), Vec::new()).await.unwrap();
        let findings = &verdict.partitions[partition].findings;
        let first = findings.first().expect("a finding");
        let key_at = &content.events[partition][first.offset as usize].key;
        assert_eq!((first.kind, subject_hash(key_at)), (FindingKind::Seal, subject), "{findings:?}");
        assert!(first.message.starts_with(&format!("seal {of}: ")), "{findings:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn as_verified_count_those_records_that_are_as_they_were_sealed() {
    let mut dice = dice();
    let content = sealed_content(&mut dice).await;
    let verified = async |altered: &Content| verdict(altered, &[]).await.partitions[0].verified;
    let all = content.events[0].len() as u64;
    assert_eq!(verified(&content).await, all);
    let mut altered = content.clone();
    altered.events[0].swap(3, 5);
    altered.events[0][9].time += 1;
    assert_eq!(verified(&altered).await, all - 3);
    // Swapped over the border of two seals, each of both is another record.
    let mut altered = content.clone();
    altered.events[0].swap(3, all as usize - 1);
    assert_eq!(verified(&altered).await, all - 2);
    let mut altered = content.clone();
    altered.events[0].iter_mut().for_each(|record| record.time += 1);
    assert_eq!(verified(&altered).await, 0);
    let mut altered = content.clone();
    altered.events[0].remove(7);
    assert_eq!(verified(&altered).await, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_cannot_be_written_is_told_keeps_nothing_from_being_sealed_and_gets_what_it_missed() {
    let dir = TempDir::new().unwrap();
    let log = open(dir.path());
    log.topic(EVENTS_TOPIC, PARTITIONS).await.unwrap();
    let path = dir.path().join("not-mounted/checkpoints");
    let options = SealerOptions { every_seconds: 0, records: 1 };
    let mut sealer = Sealer::new(Arc::clone(&log), signer(1), vec![OutsidePlace::new(path.clone())], options);
    let mut failed = 0;
    for round in 0..3 {
        let batch = (0..PARTITIONS).map(|partition| (partition, random_record(round, &mut dice()))).collect();
        log.append(EVENTS_TOPIC, batch).await.unwrap();
        for _ in 0..20 {
            failed += u32::from(sealer.step().await.is_err());
        }
        let verdict = verify_log(Arc::clone(&log), &key(), Vec::new()).await.unwrap();
        let (verified, unsealed) = (verdict.sum(|of| of.verified), verdict.sum(|of| of.unsealed));
        assert_eq!((verified, unsealed), (u64::from(PARTITIONS) * (round + 1), 0), "round {round}");
        assert!(failed > round as u32, "nobody is told");
    }
    std::fs::create_dir(path.parent().unwrap()).unwrap();
    sealer.step().await.unwrap();
    let kept: Vec<TreeCheckpoint> =
        read_outside(&std::fs::read(&path).unwrap(), &key()).into_iter().map(Result::unwrap).collect();
    assert!(kept.iter().all(|checkpoint| checkpoint.size == 3) && kept.len() == PARTITIONS as usize, "{kept:?}");
    // One that was sealed and not written, since the sealer was stopped, is written by the next sealer.
    std::fs::remove_file(&path).unwrap();
    let place = vec![OutsidePlace::new(path.clone())];
    let mut later = Sealer::new(log, signer(1), place, SealerOptions::default());
    for _ in 0..=PARTITIONS {
        later.step().await.unwrap();
    }
    assert_eq!(read_outside(&std::fs::read(&path).unwrap(), &key()).len(), PARTITIONS as usize);
}

/// A log with one record that cannot be read.
struct DamagedLog {
    log: Arc<dyn Log>,
    topic: &'static str,
    partition: u32,
    offset: u64,
}

#[async_trait]
impl Log for DamagedLog {
    async fn topic(&self, name: &str, partitions: u32) -> Result<u32, LogError> {
        self.log.topic(name, partitions).await
    }

    async fn append(&self, topic: &str, batch: Vec<(u32, LogRecord)>) -> Result<Vec<u64>, LogError> {
        self.log.append(topic, batch).await
    }

    async fn read(&self, topic: &str, partition: u32, from: u64, max: usize) -> Result<Vec<StoredRecord>, LogError> {
        let read = self.log.read(topic, partition, from, max).await?;
        let is_damaged = (topic, partition) == (self.topic, self.partition)
            && read.iter().any(|stored| stored.offset == self.offset);
        if is_damaged { Err(LogError::Corrupt("a page is torn".to_owned())) } else { Ok(read) }
    }

    async fn fetch(&self, topic: &str, positions: &[(u32, u64)]) -> Result<Vec<StoredRecord>, LogError> {
        self.log.fetch(topic, positions).await
    }

    async fn heads(&self, topic: &str) -> Result<Vec<u64>, LogError> {
        self.log.heads(topic).await
    }

    async fn wait(&self, topic: &str, seen: &[u64], timeout: Duration) -> Result<bool, LogError> {
        self.log.wait(topic, seen, timeout).await
    }

    async fn join(&self, topic: &str, group: &str) -> Result<Box<dyn GroupMembership>, LogError> {
        self.log.join(topic, group).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_before_a_damaged_record_or_seal_is_judged_and_sealed() {
    let mut dice = dice();
    let content = sealed_content(&mut dice).await;
    let (partition, at) = place(&content, &mut dice);
    let (_dir, log) = log_of(&content).await;
    let damaged = |topic, offset| -> Arc<dyn Log> {
        Arc::new(DamagedLog { log: Arc::clone(&log), topic, partition: partition as u32, offset })
    };
    let verdict = verify_log(damaged(EVENTS_TOPIC, at as u64), &key(), Vec::new()).await.unwrap();
    let of = &verdict.partitions[partition];
    assert_eq!((of.verified, of.findings[0].offset), (at as u64, at as u64), "{of:?}");
    assert!(of.findings[0].message.contains("a page is torn"), "{of:?}");

    let last = ROUNDS - 1;
    let before = PartitionSeal::decode(&content.seals[partition][last as usize].value).unwrap().start;
    let verdict = verify_log(damaged(SEALS_TOPIC, last), &key(), Vec::new()).await.unwrap();
    let of = &verdict.partitions[partition];
    assert_eq!((of.verified, of.seals, of.findings[0].offset), (before, last, before), "{of:?}");

    // Of a log that was never sealed, all before the damage is.
    let unsealed = Content { seals: vec![Vec::new(); PARTITIONS as usize], ..content };
    let (_dir, log) = log_of(&unsealed).await;
    let damaged: Arc<dyn Log> =
        Arc::new(DamagedLog { log, topic: EVENTS_TOPIC, partition: partition as u32, offset: at as u64 });
    let error = sealer(&damaged, 1).seal_all().await.unwrap_err();
    assert!(matches!(error, SealerError::Unreadable { offset, .. } if offset == at as u64), "{error}");
    let verdict = verify_log(damaged, &key(), Vec::new()).await;
    let sealed = verdict.map_or(0, |verdict| verdict.partitions[partition].verified);
    assert!(sealed <= at as u64);
}
