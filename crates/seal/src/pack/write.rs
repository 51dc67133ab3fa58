//! Writing a pack.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use serde::Serialize;
use serde_json::Value;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::content::{PackRecord, PackStatement, SubjectProof};
use super::error::PackError;
use super::proof::InclusionProof;

/// What goes into a pack.
#[derive(Debug, Clone)]
pub struct PackContent {
    /// The cover sheet.
    pub statement: PackStatement,
    /// By partition and offset.
    pub records: Vec<PackRecord>,
    /// Each subject that the records are about, once.
    pub subjects: Vec<SubjectProof>,
    /// The checkpoint of each partition, as a signed note.
    pub checkpoints: BTreeMap<u32, String>,
    /// What the hub shows.
    pub view: Value,
    /// The public key, as text.
    pub key: String,
}

/// Name of a record's files, without folder and ending.
pub(crate) fn record_name(partition: u32, offset: u64) -> String {
    format!("{partition}-{offset:012}")
}

/// The ZIP: the same content gives the same bytes.
///
/// # Errors
/// It would be larger than a ZIP may be.
pub fn write_pack(content: &PackContent) -> Result<Vec<u8>, PackError> {
    let wrong = |error: &dyn std::fmt::Display| PackError::Write(error.to_string());
    // Without a time of its own: a file that is written again is the same.
    let level = i64::from(flate2::Compression::default().level());
    let packed =
        SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).compression_level(Some(level));
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut put = |name: &str, bytes: &[u8]| -> Result<(), PackError> {
        zip.start_file(name, packed).map_err(|error| wrong(&error))?;
        zip.write_all(bytes).map_err(|error| wrong(&error))
    };
    put("README.txt", README.as_bytes())?;
    put("statement.json", &laid_out(&content.statement)?)?;
    put("key.vkey", format!("{}\n", content.key).as_bytes())?;
    put("view.json", &laid_out(&content.view)?)?;
    put("subjects.json", &laid_out(&content.subjects)?)?;
    let events: String = content.records.iter().map(|record| format!("{}\n", record.event)).collect();
    put("events.ndjson", events.as_bytes())?;
    for (partition, note) in &content.checkpoints {
        put(&format!("checkpoints/{partition}.checkpoint"), note.as_bytes())?;
    }
    for record in &content.records {
        let name = record_name(record.partition, record.offset);
        put(&format!("leaves/{name}.leaf"), &record.leaf)?;
        let note = content.checkpoints.get(&record.partition).cloned().unwrap_or_default();
        let proof = InclusionProof { index: record.offset, path: record.path.clone(), note };
        put(&format!("proofs/{name}.tlog-proof"), proof.text().as_bytes())?;
    }
    Ok(zip.finish().map_err(|error| wrong(&error))?.into_inner())
}

/// JSON that is laid out for people.
fn laid_out(value: &impl Serialize) -> Result<Vec<u8>, PackError> {
    serde_json::to_vec_pretty(value).map_err(|error| PackError::Write(error.to_string()))
}

/// How to check it without this program.
const README: &str = "\
Evidence from Onefold: the records behind a customer or a document, with the proof that they stand in the sealed log as they are
here, and that of no subject a record is left out.

`onefold audit check FILE --key KEY` checks it offline. So can any program that knows RFC 6962 and C2SP signed notes:

1. Have the public key from the hub's owner over a way that you trust; key.vkey here is for comparison alone. It is
   NAME+ID+BASE64, as Go's package golang.org/x/mod/sumdb/note reads it (Ed25519).
2. Each file of checkpoints/ is a signed note: origin (name of the key, a slash, the partition), number of records, root (base64),
   and `subjects` with their number and root. Verify its signature.
3. Each leaves/PARTITION-OFFSET.leaf holds the bytes that were hashed: SHA-256 of 0x00 and these bytes is the leaf hash. The file of
   the same name in proofs/ (c2sp.org/tlog-proof@v1) leads from it to the root of that partition's checkpoint, at index OFFSET.
   A leaf is: 0x01; time in microseconds since 1970 (8 bytes); key; number of headers; name and value of each header; value. Lengths
   (before each text) and the number have 4 bytes; all numbers are big-endian.
4. subjects.json, for each subject (the key of its records): SHA-256 of 0x00, 0x01, SHA-256 of the key, `count` (8 bytes) and `running`
   is its leaf in the second tree of the checkpoint, at `index` of as many leaves as `subjects` says; `path` leads to its root.
   `running` begins with 32 zero bytes and with each of the subject's leaf hashes, in the order of the offsets, becomes SHA-256 of
   0x02, itself and the leaf hash. So these `count` records are all that there were when the checkpoint was signed.
5. events.ndjson has the same records in the order of the leaves' names, one a line, as CloudEvents; the value of a leaf is the event as
   the hub stores it (protobuf).

view.json is what the hub shows of it, computed from these events and not proven by itself. statement.json says what was asked, by
whom and when, and how many records about these subjects were not sealed yet and are not here.
";
