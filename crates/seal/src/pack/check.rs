//! Checking a pack, with the public key alone.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};

use onefold_log::LogRecord;
use zip::ZipArchive;

use super::content::{PACK_FORMAT, PackStatement, SubjectProof};
use super::error::PackError;
use super::proof::InclusionProof;
use super::write::record_name;
use crate::leaf::read_leaf;
use crate::tree::{TreeHash, hash_leaf, is_included};
use crate::{NoteKey, SubjectTally, TreeCheckpoint, subject_hash};

/// Bytes of a file in a pack at most: a record has some MiB.
const MOST_BYTES: u64 = 64 << 20;
/// Bytes of all files together at most: a pack comes from elsewhere, and unpacks to a thousand times its size where that is meant.
const MOST_ALL: u64 = 2 << 30;

/// What a check found.
#[derive(Debug, Clone)]
pub struct PackVerdict {
    /// The cover sheet, which nobody has signed.
    pub statement: PackStatement,
    /// The checkpoints that are signed.
    pub checkpoints: Vec<TreeCheckpoint>,
    /// Records that are proven, in the order of `events.ndjson`.
    pub records: Vec<LogRecord>,
    /// Lines of `events.ndjson`.
    pub events: Vec<String>,
    /// Subjects of which nothing is left out.
    pub complete: u64,
    /// What is wrong, each with the file that it is in.
    pub findings: Vec<String>,
}

/// The files of a pack.
struct PackFiles(BTreeMap<String, Vec<u8>>);

impl PackFiles {
    fn read(bytes: &[u8]) -> Result<Self, PackError> {
        let wrong = |error: &dyn std::fmt::Display| PackError::Zip(error.to_string());
        let mut zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| wrong(&error))?;
        // Of two files of one name the library shows the last, and another reader may see the first.
        if zip.has_duplicate_names() {
            return Err(PackError::Zip("two files of it have one name".to_owned()));
        }
        let (mut files, mut left) = (BTreeMap::new(), MOST_ALL);
        for at in 0..zip.len() {
            let file = zip.by_index(at).map_err(|error| wrong(&error))?;
            let (name, most) = (file.name().map_err(|error| wrong(&error))?.into_owned(), left.min(MOST_BYTES));
            let mut content = Vec::new();
            file.take(most + 1).read_to_end(&mut content).map_err(|error| PackError::file(&name, error.to_string()))?;
            left = match content.len() as u64 {
                length if length > most => {
                    return Err(PackError::file(&name, "it is larger than a file of a pack may be"));
                }
                length => left - length,
            };
            files.insert(name, content);
        }
        Ok(Self(files))
    }

    fn text(&self, name: &str) -> Result<&str, PackError> {
        let bytes = self.0.get(name).ok_or_else(|| PackError::file(name, "it is missing"))?;
        std::str::from_utf8(bytes).map_err(|_| PackError::file(name, "it is not a text"))
    }

    fn json<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T, PackError> {
        serde_json::from_str(self.text(name)?).map_err(|error| PackError::file(name, error.to_string()))
    }

    /// Files of a folder, without folder and ending, in the order of their names.
    fn within<'a>(&'a self, folder: &'a str, ending: &'a str) -> impl Iterator<Item = (&'a str, &'a str, &'a [u8])> {
        self.0.iter().filter_map(move |(name, bytes)| {
            Some((name.as_str(), name.strip_prefix(folder)?.strip_suffix(ending)?, bytes.as_slice()))
        })
    }
}

/// Checks everything that a pack proves: signatures, that each record is where it says it is, and that of no subject one is left out.
///
/// # Errors
/// It is not a pack, or of a newer format. What is wrong in one is no error.
pub fn check_pack(bytes: &[u8], key: &NoteKey) -> Result<PackVerdict, PackError> {
    let files = PackFiles::read(bytes)?;
    // A newer format may say everything else in another way.
    let format: serde_json::Value = files.json("statement.json")?;
    match format.get("format").and_then(serde_json::Value::as_u64) {
        Some(found) if found > u64::from(PACK_FORMAT) => {
            return Err(PackError::Newer { found: u32::try_from(found).unwrap_or(u32::MAX), known: PACK_FORMAT });
        }
        Some(_) => {}
        None => return Err(PackError::file("statement.json", "it has no `format`")),
    }
    let statement: PackStatement = files.json("statement.json")?;
    let subjects: Vec<SubjectProof> = files.json("subjects.json")?;
    let events = files.text("events.ndjson")?.lines().map(str::to_owned).collect();
    let mut check = PackCheck { files: &files, key, checkpoints: BTreeMap::new(), findings: Vec::new() };
    check.open_checkpoints();
    let records = check.check_records();
    let complete = check.check_subjects(&subjects, &records);
    let PackCheck { checkpoints, findings, .. } = check;
    let mut verdict = PackVerdict {
        checkpoints: checkpoints.into_values().map(|(checkpoint, _)| checkpoint).collect(),
        records: records.into_values().map(|(record, _)| record).collect(),
        statement,
        events,
        complete,
        findings,
    };
    let counts = (verdict.statement.records, verdict.statement.subjects);
    if counts != (verdict.records.len() as u64, subjects.len() as u64) {
        verdict.findings.push(format!(
            "statement.json: it says {} records about {} subjects, and {} about {} are there and proven",
            counts.0,
            counts.1,
            verdict.records.len(),
            subjects.len()
        ));
    }
    Ok(verdict)
}

/// Records that are proven with their leaf hashes, by partition and offset.
type ProvenRecords = BTreeMap<(u32, u64), (LogRecord, TreeHash)>;

struct PackCheck<'a> {
    files: &'a PackFiles,
    key: &'a NoteKey,
    /// By partition, with the note as it stands there.
    checkpoints: BTreeMap<u32, (TreeCheckpoint, &'a str)>,
    findings: Vec<String>,
}

impl<'a> PackCheck<'a> {
    fn open_checkpoints(&mut self) {
        for (name, partition, bytes) in self.files.within("checkpoints/", ".checkpoint") {
            let note = std::str::from_utf8(bytes).unwrap_or_default();
            match TreeCheckpoint::open(note, self.key) {
                Ok(checkpoint) if checkpoint.partition().is_some_and(|p| p.to_string() == partition) => {
                    self.checkpoints.insert(checkpoint.partition().unwrap_or_default(), (checkpoint, note));
                }
                Ok(checkpoint) => self.findings.push(format!("{name}: it is of `{}`", checkpoint.origin)),
                Err(why) => self.findings.push(format!("{name}: {why}")),
            }
        }
    }

    fn check_records(&mut self) -> ProvenRecords {
        let mut proven = ProvenRecords::new();
        let mut names = BTreeSet::new();
        for (name, place, leaf) in self.files.within("leaves/", ".leaf") {
            names.insert(place);
            match self.prove(place, leaf) {
                Ok((place, record, hash)) => {
                    proven.insert(place, (record, hash));
                }
                Err(why) => self.findings.push(format!("{name}: {why}")),
            }
        }
        for (name, place, _) in self.files.within("proofs/", ".tlog-proof") {
            if !names.contains(place) {
                self.findings.push(format!("{name}: the record that it is of is missing"));
            }
        }
        proven
    }

    /// A record with its place and its leaf hash, if its proof leads to its partition's checkpoint.
    fn prove(&self, place: &str, leaf: &[u8]) -> Result<((u32, u64), LogRecord, TreeHash), String> {
        let read = place.split_once('-').and_then(|(p, o)| Some((p.parse().ok()?, o.parse().ok()?)));
        let Some((partition, offset)) = read.filter(|(p, o)| record_name(*p, *o) == place) else {
            return Err("its name says no place".to_owned());
        };
        let record = read_leaf(leaf).ok_or("it does not hold a record")?;
        let text = self.files.text(&format!("proofs/{place}.tlog-proof")).map_err(|error| error.to_string())?;
        let proof = InclusionProof::parse(text).map_err(|error| error.to_string())?;
        let (checkpoint, note) = self.checkpoints.get(&partition).ok_or("there is no checkpoint of its partition")?;
        // Verified once, and not for each record.
        if proof.note != *note || proof.index != offset {
            return Err("its proof is of another place or checkpoint".to_owned());
        }
        let hash = hash_leaf(leaf);
        if !is_included(&hash, offset, checkpoint.size, &proof.path, &checkpoint.root) {
            return Err("it is not the record that was sealed there, or its proof was altered".to_owned());
        }
        Ok(((partition, offset), record, hash))
    }

    /// Number of subjects of which nothing is left out.
    fn check_subjects(&mut self, subjects: &[SubjectProof], records: &ProvenRecords) -> u64 {
        // By subject in the order of the offsets, as they were sealed.
        let mut tallies: BTreeMap<(u32, &[u8]), SubjectTally> = BTreeMap::new();
        for ((partition, _), (record, hash)) in records {
            tallies.entry((*partition, record.key.as_ref())).or_default().push(hash);
        }
        let mut complete = 0;
        for of in subjects {
            let there = tallies.remove(&(of.partition, of.subject.as_bytes())).unwrap_or_default();
            match self.prove_subject(of, &there) {
                Ok(()) => complete += 1,
                Err(why) => self.findings.push(format!("subjects.json: `{}`: {why}", of.subject)),
            }
        }
        for (_, key) in tallies.keys() {
            self.findings.push(format!(
                "subjects.json: `{}` is missing, though records of it are there: whether they are all cannot be said",
                String::from_utf8_lossy(key)
            ));
        }
        complete
    }

    fn prove_subject(&self, of: &SubjectProof, there: &SubjectTally) -> Result<(), String> {
        let hash = |text: &String| -> Option<TreeHash> { hex::decode(text).ok()?.try_into().ok() };
        let (checkpoint, _) = self.checkpoints.get(&of.partition).ok_or("there is no checkpoint of its partition")?;
        let running = hash(&of.running).ok_or("its running hash is not one")?;
        let path: Option<Vec<TreeHash>> = of.path.iter().map(hash).collect();
        let path = path.ok_or("its path is not one")?;
        let sealed = SubjectTally { count: of.count, running };
        let leaf = hash_leaf(&sealed.leaf_input(&subject_hash(of.subject.as_bytes())));
        if !is_included(&leaf, of.index, checkpoint.subjects.count, &path, &checkpoint.subjects.root) {
            return Err("what is said of it was not sealed so".to_owned());
        }
        if sealed != *there {
            return Err(format!(
                "{} records of it were sealed, and {} that are proven are here: left out or altered",
                of.count, there.count
            ));
        }
        Ok(())
    }
}
