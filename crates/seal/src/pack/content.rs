//! What a pack says.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Format of the packs that this program writes; a newer one is refused.
pub const PACK_FORMAT: u32 = 1;

/// The cover sheet. Nobody has signed it: what is proven are records, and that none of a subject is left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PackStatement {
    /// Format of the pack.
    pub format: u32,
    /// What was asked for.
    pub reference: String,
    /// Who asked.
    pub asked_by: String,
    /// When.
    pub asked_at: String,
    /// Name and version of the program that answered.
    pub program: String,
    /// Id of the customer as it was then; none: a document was asked for.
    pub customer: Option<String>,
    /// Records in the pack.
    pub records: u64,
    /// Subjects that they are about.
    pub subjects: u64,
    /// Records about these subjects that came after the last seal, and are not in the pack.
    pub unsealed: u64,
    /// Number of records of each partition that the pack's checkpoints cover, by partition.
    pub positions: Vec<(u32, u64)>,
}

/// A record in the pack.
#[derive(Debug, Clone, PartialEq)]
pub struct PackRecord {
    /// Its partition.
    pub partition: u32,
    /// Its place in the partition.
    pub offset: u64,
    /// What was hashed.
    pub leaf: Vec<u8>,
    /// Siblings up to the root of the partition.
    pub path: Vec<crate::TreeHash>,
    /// The event that it holds as a CloudEvent; null where it holds none.
    pub event: Value,
}

/// That the records of a subject in the pack are all that there are: its leaf in the tree over subjects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectProof {
    /// Its key, such as `invoice:erp:4711`.
    pub subject: String,
    /// Its partition.
    pub partition: u32,
    /// Number of its records.
    pub count: u64,
    /// The running hash over their leaf hashes, in hex.
    pub running: String,
    /// Place among the subjects of the partition, by the hash of the key.
    pub index: u64,
    /// Siblings up to the root over subjects, in hex.
    pub path: Vec<String>,
}
