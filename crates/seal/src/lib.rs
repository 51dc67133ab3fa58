#![doc = include_str!("../README.md")]

mod byte_reader;
mod checkpoint;
mod error;
mod history;
mod leaf;
mod log_fault;
mod note;
mod partition_seal;
mod subject_table;
mod tree;

pub use checkpoint::{CHECKPOINT_EXTENSION, SubjectRoot, TreeCheckpoint};
pub use error::SealError;
pub use history::PartitionHistory;
pub use leaf::{leaf_input, read_leaf, record_hash};
pub use log_fault::{LogFault, LogFaultKind, find_faults};
pub use note::{NoteKey, NoteSigner, SignedNote, split_notes};
pub use partition_seal::{MOST_LEAVES, PartitionSeal};
pub use subject_table::{SubjectTable, SubjectTally, subject_hash};
pub use tree::{TreeFrontier, TreeHash, hash_children, hash_leaf, inclusion_path, is_included, root_hash};
