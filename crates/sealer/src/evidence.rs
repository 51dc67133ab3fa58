//! What proves the records of some subjects, gathered from log and seals.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use onefold_log::{EVENTS_TOPIC, Log, LogError, LogRecord, SEALS_TOPIC, partition_of};
use onefold_seal::{
    NoteKey, PackRecord, PartitionHistory, RecordHash, SubjectProof, TreeHash, TreeLevels, hash_leaf, leaf_input,
    subject_hash,
};

use crate::SealerError;
use crate::seal_reader::SealReader;

/// Records that are read at once.
const CHUNK: usize = 1_000;

/// All sealed records of some subjects, with their proofs.
#[derive(Debug, Clone, Default)]
pub struct GatheredEvidence {
    /// By partition and offset; the events in them are for the caller to read.
    pub records: Vec<PackRecord>,
    /// Each subject that has a sealed record.
    pub subjects: Vec<SubjectProof>,
    /// The newest checkpoint of each of their partitions.
    pub checkpoints: BTreeMap<u32, String>,
    /// Number of records that these checkpoints cover, by partition.
    pub positions: Vec<(u32, u64)>,
    /// Records of these subjects behind the last seal, which nothing proves yet.
    pub unsealed: u64,
}

/// Gathers the sealed records of these subjects, by their keys. Which records they are is asked of log and seals, not of the read
/// model: so none is left out that the read model does not know. Reads the seals of the subjects' partitions, one partition in memory at
/// a time (64 bytes a record).
///
/// # Errors
/// The log cannot be read, nothing of it is sealed, or seals and log do not go together.
pub async fn gather_evidence(
    log: &dyn Log,
    key: &NoteKey,
    subjects: &BTreeSet<String>,
) -> Result<GatheredEvidence, SealerError> {
    let heads = log.heads(EVENTS_TOPIC).await?;
    let seals = match log.heads(SEALS_TOPIC).await {
        Err(LogError::UnknownTopic(_)) => Vec::new(),
        seals => seals?,
    };
    if seals.iter().all(|seals| *seals == 0) {
        return Err(SealerError::NotSealed);
    }
    let mut by_partition: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for subject in subjects {
        by_partition.entry(partition_of(subject.as_bytes(), heads.len() as u32)).or_default().push(subject);
    }
    let mut evidence = GatheredEvidence::default();
    for (partition, subjects) in by_partition {
        let head = heads.get(partition as usize).copied().unwrap_or(0);
        gather_partition(log, key, (partition, head), &subjects, &mut evidence).await?;
    }
    Ok(evidence)
}

async fn gather_partition(
    log: &dyn Log,
    key: &NoteKey,
    (partition, head): (u32, u64),
    subjects: &[&str],
    evidence: &mut GatheredEvidence,
) -> Result<(), SealerError> {
    let wanted: HashMap<TreeHash, &str> = subjects.iter().map(|key| (subject_hash(key.as_bytes()), *key)).collect();
    let mut history = PartitionHistory::new(key.name(), partition);
    let (mut leaves, mut offsets): (Vec<TreeHash>, Vec<u64>) = (Vec::new(), Vec::new());
    let mut reader = SealReader::new(partition);
    while let Some((offset, seal)) = reader.next_seal(log).await? {
        let wrong = |why| SealerError::Before { partition, offset, why };
        let seal = seal.map_err(wrong)?;
        if history.apply(&seal, key).map_err(wrong)? {
            for RecordHash { leaf, subject } in seal.records() {
                if wanted.contains_key(&subject) {
                    offsets.push(leaves.len() as u64);
                }
                leaves.push(leaf);
            }
        }
    }
    evidence.unsealed += count_unsealed(log, partition, (history.size(), head), subjects).await?;
    let Some((_, note)) = history.last() else { return Ok(()) };
    evidence.checkpoints.insert(partition, note.to_owned());
    evidence.positions.push((partition, history.size()));

    let sorted = history.subjects().sorted();
    let tree = TreeLevels::new(sorted.iter().map(|(subject, of)| hash_leaf(&of.leaf_input(subject))).collect());
    for (index, (hash, of)) in sorted.iter().enumerate() {
        let (Some(subject), Some(path)) = (wanted.get(hash), tree.path(index)) else { continue };
        evidence.subjects.push(SubjectProof {
            subject: (*subject).to_owned(),
            partition,
            count: of.count,
            running: hex::encode(of.running),
            index: index as u64,
            path: path.iter().map(hex::encode).collect(),
        });
    }
    let tree = TreeLevels::new(leaves);
    for some in offsets.chunks(CHUNK) {
        let positions: Vec<(u32, u64)> = some.iter().map(|offset| (partition, *offset)).collect();
        for stored in log.fetch(EVENTS_TOPIC, &positions).await? {
            let (leaf, at) = (leaf_input(&stored.record), stored.offset as usize);
            let sealed = tree.leaves().get(at) == Some(&hash_leaf(&leaf));
            let path = tree.path(at).filter(|_| sealed);
            let path = path.ok_or(SealerError::Altered { partition, offset: stored.offset })?;
            let event = serde_json::Value::Null;
            evidence.records.push(PackRecord { partition, offset: stored.offset, leaf, path, event });
        }
    }
    Ok(())
}

/// Records of these subjects behind what is sealed.
async fn count_unsealed(
    log: &dyn Log,
    partition: u32,
    (from, head): (u64, u64),
    subjects: &[&str],
) -> Result<u64, LogError> {
    let (mut at, mut count) = (from, 0);
    let is_wanted = |record: &LogRecord| subjects.iter().any(|subject| record.key == subject.as_bytes());
    while at < head {
        let stored = log.read(EVENTS_TOPIC, partition, at, CHUNK).await?;
        let Some(last) = stored.last() else { break };
        at = last.offset + 1;
        count += stored.iter().filter(|stored| stored.offset < head && is_wanted(&stored.record)).count() as u64;
    }
    Ok(count)
}
