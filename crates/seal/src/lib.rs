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
mod text_reader;
mod tree;
mod tree_levels;

pub use checkpoint::{SubjectRoot, TreeCheckpoint};
pub use error::SealError;
pub use history::PartitionHistory;
pub use leaf::{RecordHash, leaf_input, read_leaf};
pub use log_fault::{LogFault, LogFaultKind, find_faults};
pub use note::{CUT_MARK, NoteKey, NoteSigner, split_notes};
pub use pack::{
    PACK_FORMAT, PackContent, PackError, PackRecord, PackStatement, PackVerdict, SubjectProof, check_pack, write_pack,
};
pub use partition_seal::{MOST_LEAVES, PartitionSeal};
pub use subject_table::{SubjectTable, SubjectTally, subject_hash};
pub use tree::{TreeFrontier, TreeHash, hash_leaf};
pub use tree_levels::TreeLevels;
