//! Why a pack cannot be checked, or written.

/// What is not a pack. What a check finds in one that is no error: see [`PackVerdict`](crate::PackVerdict).
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum PackError {
    #[error("not a pack, or a part of one: {0}")]
    Zip(String),
    #[error(
        "the pack has format {found}, this program knows formats up to {known}: use a newer version of the program"
    )]
    Newer { found: u32, known: u32 },
    #[error("{file} in the pack: {why}")]
    File { file: String, why: String },
    #[error("the pack cannot be written: {0}")]
    Write(String),
}

impl PackError {
    pub(crate) fn file(file: &str, why: impl Into<String>) -> Self {
        Self::File { file: file.to_owned(), why: why.into() }
    }
}
