//! The pack that an auditor gets: one ZIP, and its check, which needs nothing but the public key.

mod check;
mod content;
mod error;
mod proof;
mod write;

pub use check::{PackVerdict, check_pack};
pub use content::{PACK_FORMAT, PackRecord, PackStatement, SubjectProof};
pub use error::PackError;
pub use write::{PackContent, write_pack};
