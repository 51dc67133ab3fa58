#![doc = include_str!("../README.md")]

mod byte_reader;
mod checkpoint;
mod error;
mod history;
mod leaf;
mod log_fault;
mod note;
mod pack;
mod partition_seal;
mod subject_table;
mod tree;
mod tree_levels;

pub use checkpoint::{CHECKPOINT_EXTENSION, SubjectRoot, TreeCheckpoint};
pub use error::SealError;
pub use history::PartitionHistory;
pub use leaf::{leaf_input, read_leaf, record_hash};
pub use log_fault::{LogFault, LogFaultKind, find_faults};
pub use note::{CUT_MARK, NoteKey, NoteSigner, SignedNote, split_notes};
pub use pack::{
    InclusionProof, PACK_FORMAT, PackContent, PackError, PackRecord, PackStatement, PackVerdict, SubjectProof,
    check_pack, write_pack,
};
pub use partition_seal::{MOST_LEAVES, PartitionSeal};
pub use subject_table::{SubjectTable, SubjectTally, subject_hash};
pub use tree::{TreeFrontier, TreeHash, hash_children, hash_leaf, inclusion_path, is_included, root_hash};
pub use tree_levels::TreeLevels;
