//! Why a company could not be written.

use std::io;
use std::path::PathBuf;

/// What can go wrong: only the disk, and settings that describe no company.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// A file or directory could not be written.
    #[error("cannot write {path}: {cause}")]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// The settings describe no company.
    #[error("{0}")]
    Settings(&'static str),
}

impl SimulateError {
    pub(crate) fn write_error(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |cause| Self::Write { path, cause }
    }
}
