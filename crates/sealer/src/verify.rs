//! Holds the log to what was sealed of it.

use std::sync::Arc;

use onefold_log::{EVENTS_TOPIC, Log, LogError, SEALS_TOPIC};
use onefold_seal::{
    MOST_LEAVES, NoteKey, PartitionHistory, PartitionSeal, SealError, TreeCheckpoint, TreeFrontier, find_faults,
};

use crate::leaf_reader::LeafReader;
use crate::seal_reader::SealReader;
use crate::{FindingKind, PartitionVerdict, SealFinding, SealVerdict, SealerError};

/// Reads the whole log, partitions at once, and holds each record to its seal, each seal to its signature, and checkpoints that were
/// kept outside to both. Beside whoever writes and seals: what comes meanwhile is left for the next time.
///
/// Subjects are held to the newest checkpoint of each partition.
///
/// # Errors
/// The log cannot be read, or nothing of it is sealed. What is found is no error.
pub async fn verify_log(
    log: Arc<dyn Log>,
    key: &NoteKey,
    outside: Vec<Result<TreeCheckpoint, SealError>>,
) -> Result<SealVerdict, SealerError> {
    let heads = log.heads(EVENTS_TOPIC).await?;
    let seals = match log.heads(SEALS_TOPIC).await {
        Err(LogError::UnknownTopic(_)) => vec![0; heads.len()],
        seals => seals?,
    };
    if seals.iter().all(|seals| *seals == 0) && outside.is_empty() {
        return Err(SealerError::NotSealed);
    }
    if seals.len() != heads.len() {
        return Err(SealerError::Partitions { events: heads.len() as u32, seals: seals.len() as u32 });
    }
    let count = outside.len() as u64;
    let mut places: Vec<Vec<TreeCheckpoint>> = vec![Vec::new(); heads.len()];
    let mut strays = Vec::new();
    for kept in outside {
        match kept.map(|checkpoint| (checkpoint.partition().map(|p| p as usize), checkpoint)) {
            Ok((Some(partition), checkpoint)) if partition < places.len() => places[partition].push(checkpoint),
            Ok((_, checkpoint)) => strays.push(format!("`{}` is not a partition of this log", checkpoint.origin)),
            Err(error) => strays.push(error.to_string()),
        }
    }
    let tasks: Vec<_> = (0u32..)
        .zip(places)
        .map(|(partition, outside)| {
            let (log, key, is_sealed) = (Arc::clone(&log), key.clone(), seals[partition as usize] > 0);
            tokio::spawn(
                async move { PartitionCheck::new(&key, partition, outside).run(log.as_ref(), is_sealed).await },
            )
        })
        .collect();
    let mut partitions = Vec::new();
    for (partition, task) in (0..).zip(tasks) {
        partitions.push(task.await.map_err(|why| SealerError::Stopped { partition, why })??);
    }
    // What is of no partition is told with the first.
    if let Some(first) = partitions.first_mut() {
        let finding = |message| SealFinding { kind: FindingKind::Outside, offset: 0, message };
        first.findings.splice(0..0, strays.into_iter().map(finding));
    }
    Ok(SealVerdict { key: key.label(), outside: count, partitions })
}

/// A partition while it is verified.
struct PartitionCheck {
    key: NoteKey,
    history: PartitionHistory,
    /// The tree of what stands in the log, as far as it was read.
    found: TreeFrontier,
    reader: LeafReader,
    /// Checkpoints from outside that were not reached yet, by size from the last.
    outside: Vec<TreeCheckpoint>,
    verdict: PartitionVerdict,
}

impl PartitionCheck {
    fn new(key: &NoteKey, partition: u32, mut outside: Vec<TreeCheckpoint>) -> Self {
        outside.sort_by_key(|checkpoint| std::cmp::Reverse(checkpoint.size));
        let verdict = PartitionVerdict {
            partition,
            verified: 0,
            sealed: 0,
            unsealed: 0,
            seals: 0,
            passed_over: 0,
            checkpoint: None,
            findings: Vec::new(),
        };
        Self {
            key: key.clone(),
            history: PartitionHistory::new(key.name(), partition),
            found: TreeFrontier::default(),
            reader: LeafReader::new(partition, 0),
            outside,
            verdict,
        }
    }

    fn find(&mut self, kind: FindingKind, offset: u64, message: String) {
        self.verdict.findings.push(SealFinding { kind, offset, message });
    }

    async fn run(mut self, log: &dyn Log, is_sealed: bool) -> Result<PartitionVerdict, LogError> {
        let mut seals = SealReader::new(self.verdict.partition);
        let mut goes_on = true;
        while goes_on && is_sealed {
            let Some((offset, seal)) = self.read_seal(&mut seals, log).await? else { break };
            goes_on = match seal.and_then(|seal| Ok((self.history.apply(&seal, &self.key)?, seal))) {
                Ok((true, seal)) => self.check_seal(offset, &seal, log).await?,
                Ok((false, _)) => {
                    self.verdict.passed_over += 1;
                    true
                }
                Err(why) => {
                    let from = self.history.size();
                    let message = format!("seal {offset}: {why}; records from offset {from} on cannot be judged by it");
                    self.find(FindingKind::Seal, from, message);
                    false
                }
            };
        }
        self.verdict.sealed = self.history.size();
        self.verdict.checkpoint = self.history.last().map(|(_, note)| note.to_owned());
        if goes_on {
            self.check_rest(log).await?;
        }
        let heads = log.heads(EVENTS_TOPIC).await?;
        let head = heads.get(self.verdict.partition as usize).copied().unwrap_or(0);
        self.verdict.unsealed = head.saturating_sub(self.verdict.sealed);
        self.verdict.findings.sort_by_key(|finding| finding.offset);
        Ok(self.verdict)
    }

    /// The next seal; one that the log itself calls damaged is found, and ends them.
    async fn read_seal(
        &mut self,
        seals: &mut SealReader,
        log: &dyn Log,
    ) -> Result<Option<(u64, Result<PartitionSeal, SealError>)>, LogError> {
        match seals.next_seal(log).await {
            Err(LogError::Corrupt(why)) => Ok(Some((seals.end(), Err(SealError::Seal(why))))),
            read => read,
        }
    }

    /// Holds the records of a seal to it; false: what follows cannot be judged.
    async fn check_seal(&mut self, number: u64, seal: &PartitionSeal, log: &dyn Log) -> Result<bool, LogError> {
        self.verdict.seals += 1;
        self.reader.fill(log, seal.end() + 1).await?;
        let broken = self.reader.broken().filter(|(at, _)| *at < seal.end()).cloned();
        let found = self.reader.waiting(seal.leaves.len() + 1);
        let faults = find_faults(seal, found);
        let shifted = faults.iter().find(|fault| fault.shifts()).map(|fault| fault.offset - seal.start);
        let judged = shifted.map_or(seal.leaves.len(), |judged| judged as usize);
        let pairs = || (seal.start..).zip(seal.records().zip(found)).take(judged);
        let same = pairs().filter(|(_, (sealed, there))| sealed == *there).count() as u64;
        let misnamed =
            pairs().find(|(_, (sealed, there))| sealed.leaf == there.leaf && sealed.subject != there.subject);
        let misnamed = misnamed.map(|(offset, _)| offset);
        self.verdict.verified += same;
        for fault in &faults {
            // What the log says of itself says why it ends there.
            match &broken {
                Some((at, why)) if *at == fault.offset => {
                    self.find(FindingKind::Record, *at, format!("offset {at}: the record cannot be read: {why}"));
                }
                _ => self.find(FindingKind::Record, fault.offset, fault.to_string()),
            }
        }
        if let Some(offset) = misnamed {
            let message =
                format!("seal {number}: it says of the record at offset {offset} that it is about another subject");
            self.find(FindingKind::Seal, offset, message);
        }
        if shifted.is_some() {
            return Ok(false);
        }
        self.advance(seal.leaves.len());
        Ok(true)
    }

    /// What was judged stands behind; a checkpoint from outside on the way is held to it.
    fn advance(&mut self, count: usize) {
        let Self { reader, found, outside, verdict, .. } = self;
        for record in reader.take(count) {
            found.push(record.leaf);
            while outside.last().is_some_and(|checkpoint| checkpoint.size <= found.size()) {
                let Some(checkpoint) = outside.pop() else { break };
                if checkpoint.size == found.size() && checkpoint.root != found.root() {
                    let size = checkpoint.size;
                    let message = format!(
                        "a checkpoint that was kept outside says that the first {size} records were others than those that stand there"
                    );
                    verdict.findings.push(SealFinding { kind: FindingKind::Outside, offset: 0, message });
                }
            }
        }
    }

    /// What no seal in the hub speaks of any more, and a checkpoint outside does; and the subjects.
    async fn check_rest(&mut self, log: &dyn Log) -> Result<(), LogError> {
        let sealed = self.history.size();
        if let Some(size) = self.outside.first().map(|newest| newest.size).filter(|size| *size > sealed) {
            let message = format!(
                "a checkpoint that was kept outside is of {size} records, and the newest in the hub of {sealed}: seals were cut off"
            );
            self.find(FindingKind::Outside, sealed, message);
            // As much at once as of a seal.
            let mut end = sealed;
            while self.found.size() == end && end < size {
                end = size.min(end + MOST_LEAVES as u64);
                self.reader.fill(log, end).await?;
                self.advance(MOST_LEAVES);
            }
            if self.found.size() < size {
                let head = self.found.size();
                let message = format!(
                    "offset {head}: the log ends there, and {size} records were sealed by what was kept outside"
                );
                self.find(FindingKind::Record, head, message);
            }
        }
        if self.verdict.findings.iter().all(|finding| finding.kind == FindingKind::Outside)
            && let Err(why) = self.history.check_subjects()
        {
            self.find(FindingKind::Seal, 0, why.to_string());
        }
        Ok(())
    }
}
