//! A pack that was altered on its way: each kind of alteration is found, 100 tries of each, and what is no pack is refused.

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};

use onefold_log::LogRecord;
use onefold_seal::{
    NoteSigner, PACK_FORMAT, PackContent, PackError, PackRecord, PackStatement, PartitionHistory, RecordHash,
    SubjectProof, TreeLevels, check_pack, hash_leaf, leaf_input, subject_hash, write_pack,
};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

const TRIES: u64 = 100;
const SUBJECTS: u64 = 9;

/// Numbers that look random and are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

fn signer(seed: u8) -> NoteSigner {
    NoteSigner::from_seed("hub.example/packs", &[seed; 32]).unwrap()
}

/// Evidence of the first three of nine subjects.
fn content(signer: &NoteSigner) -> PackContent {
    let records: Vec<LogRecord> = (0..80u64)
        .map(|n| LogRecord::new(format!("party:crm:{}", n % SUBJECTS), format!("value {n}"), n as i64))
        .collect();
    let mut history = PartitionHistory::new("hub.example/packs", 0);
    let hashes: Vec<RecordHash> = records.iter().map(|record| RecordHash::new(record, &mut Vec::new())).collect();
    history.seal(&hashes, signer);
    let leaves = TreeLevels::new(hashes.iter().map(|record| record.leaf).collect());
    let sorted = history.subjects().sorted();
    let of_subjects = TreeLevels::new(sorted.iter().map(|(subject, of)| hash_leaf(&of.leaf_input(subject))).collect());
    let subjects: Vec<SubjectProof> = (0..3)
        .map(|n| {
            let subject = format!("party:crm:{n}");
            let index = sorted.iter().position(|(hash, _)| *hash == subject_hash(subject.as_bytes())).unwrap();
            SubjectProof {
                subject,
                partition: 0,
                count: sorted[index].1.count,
                running: hex::encode(sorted[index].1.running),
                index: index as u64,
                path: of_subjects.path(index).unwrap().iter().map(hex::encode).collect(),
            }
        })
        .collect();
    let chosen = records.iter().enumerate().filter(|(n, _)| *n as u64 % SUBJECTS < 3);
    let records: Vec<PackRecord> = chosen
        .map(|(n, record)| PackRecord {
            partition: 0,
            offset: n as u64,
            leaf: leaf_input(record),
            path: leaves.path(n).unwrap(),
            event: serde_json::json!({ "n": n }),
        })
        .collect();
    let (_, note) = history.last().unwrap();
    PackContent {
        statement: PackStatement {
            format: PACK_FORMAT,
            reference: "party:crm:0".to_owned(),
            asked_by: "a test".to_owned(),
            asked_at: "2026-01-01T00:00:00Z".to_owned(),
            program: "a test".to_owned(),
            customer: None,
            records: records.len() as u64,
            subjects: 3,
            unsealed: 0,
            positions: vec![(0, 80)],
        },
        checkpoints: BTreeMap::from([(0, note.to_owned())]),
        key: signer.public().text(),
        view: serde_json::json!({}),
        records,
        subjects,
    }
}

fn unpacked(pack: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut zip = ZipArchive::new(Cursor::new(pack)).unwrap();
    let mut files = BTreeMap::new();
    for at in 0..zip.len() {
        let mut file = zip.by_index(at).unwrap();
        let (name, mut bytes) = (file.name().unwrap().into_owned(), Vec::new());
        file.read_to_end(&mut bytes).unwrap();
        files.insert(name, bytes);
    }
    files
}

fn packed(files: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(name.as_str(), SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn what_was_written_is_checked_and_the_same_content_is_the_same_file() {
    let (signer, other) = (signer(1), signer(2));
    let pack = write_pack(&content(&signer)).unwrap();
    assert_eq!(write_pack(&content(&signer)).unwrap(), pack);
    let verdict = check_pack(&pack, signer.public()).unwrap();
    assert_eq!((verdict.findings.as_slice(), verdict.complete, verdict.records.len()), ([].as_slice(), 3, 27));
    assert_eq!(check_pack(&packed(&unpacked(&pack)), signer.public()).unwrap().findings, [""; 0]);
    assert!(!check_pack(&pack, other.public()).unwrap().findings.is_empty());
    let theirs = write_pack(&content(&other)).unwrap();
    assert!(
        !check_pack(&theirs, signer.public()).unwrap().findings.is_empty(),
        "signed by another key of the same name"
    );
}

#[test]
fn an_event_that_is_left_out_is_found_however_the_rest_is_put_right() {
    let (signer, mut numbers) = (signer(1), Numbers(1));
    for number in 0..TRIES {
        let mut content = content(&signer);
        let gone = content.records.remove(numbers.below(content.records.len()));
        content.statement.records -= 1;
        let subject = String::from_utf8(onefold_seal::read_leaf(&gone.leaf).unwrap().key.to_vec()).unwrap();
        let proof = content.subjects.iter_mut().find(|of| of.subject == subject).unwrap();
        match number % 3 {
            0 => {}
            1 => proof.count -= 1,
            _ => {
                let index = content.subjects.iter().position(|of| of.subject == subject).unwrap();
                content.subjects.remove(index);
                content.statement.subjects -= 1;
            }
        }
        let verdict = check_pack(&write_pack(&content).unwrap(), signer.public()).unwrap();
        assert!(
            verdict.findings.iter().any(|finding| finding.contains(&subject)),
            "try {number}: {:?}",
            verdict.findings
        );
    }
}

#[test]
fn a_bit_that_is_flipped_in_what_is_proven_is_found() {
    let (signer, mut numbers) = (signer(1), Numbers(2));
    let files = unpacked(&write_pack(&content(&signer)).unwrap());
    for part in ["leaves/", "proofs/", "checkpoints/", "subjects.json"] {
        let names: Vec<&String> = files.keys().filter(|name| name.starts_with(part)).collect();
        for number in 0..TRIES {
            let mut altered = files.clone();
            let bytes = altered.get_mut(names[numbers.below(names.len())]).unwrap();
            let bit = numbers.below(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            match check_pack(&packed(&altered), signer.public()) {
                Err(PackError::File { .. }) => {}
                Err(error) => panic!("{part}, try {number}: {error}"),
                // Letters of hex in the other case, and blanks in JSON, say the same.
                Ok(verdict) if part == "subjects.json" && verdict.findings.is_empty() => {
                    let read = |bytes: &[u8]| -> Vec<SubjectProof> { serde_json::from_slice(bytes).unwrap() };
                    let lower = |mut of: Vec<SubjectProof>| {
                        of.iter_mut().for_each(|of| of.running.make_ascii_lowercase());
                        of.iter_mut().flat_map(|of| of.path.iter_mut()).for_each(|hash| hash.make_ascii_lowercase());
                        of
                    };
                    assert_eq!(lower(read(&altered[part])), lower(read(&files[part])), "{part}, try {number}");
                }
                Ok(verdict) => assert!(!verdict.findings.is_empty(), "{part}, try {number}"),
            }
        }
    }
}

#[test]
fn what_is_no_pack_a_part_of_one_or_a_newer_one_is_refused() {
    let signer = signer(1);
    let pack = write_pack(&content(&signer)).unwrap();
    for cut in (0..pack.len()).step_by(pack.len() / 100) {
        assert!(matches!(check_pack(&pack[..cut], signer.public()), Err(PackError::Zip(_))), "{cut}");
    }
    let mut files = unpacked(&pack);
    for name in ["statement.json", "subjects.json", "events.ndjson"] {
        let mut fewer = files.clone();
        fewer.remove(name);
        let error = check_pack(&packed(&fewer), signer.public()).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains("missing"), "{error}");
    }
    files.insert("statement.json".to_owned(), br#"{"format":2,"else":1}"#.to_vec());
    let error = check_pack(&packed(&files), signer.public()).unwrap_err();
    assert!(matches!(error, PackError::Newer { found: 2, known: 1 }), "{error}");
}

#[test]
fn a_pack_with_two_files_of_one_name_is_refused() {
    let signer = signer(1);
    let mut files = unpacked(&write_pack(&content(&signer)).unwrap());
    files.insert("view.jsox".to_owned(), b"{}".to_vec());
    let mut pack = packed(&files);
    // A writer refuses the name itself, so it is put into the bytes, before the file and in the directory.
    let places: Vec<usize> = (0..pack.len() - 9).filter(|at| pack[*at..].starts_with(b"view.jsox")).collect();
    assert_eq!(places.len(), 2);
    places.iter().for_each(|at| pack[at + 8] = b'n');
    let error = check_pack(&pack, signer.public()).unwrap_err();
    assert!(matches!(&error, PackError::Zip(why) if why.contains("one name")), "{error}");
}
