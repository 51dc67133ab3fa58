//! Why something that was sealed, signed or named is not what it must be.

/// What is wrong with a key, a note, a checkpoint or a seal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The text is not a key of the kind that was asked for.
    #[error("{0}")]
    Key(String),
    /// The text is not a signed note, or its text not a checkpoint.
    #[error("not a signed checkpoint: {0}")]
    Note(String),
    /// The note is well formed, and nobody who is trusted has signed it.
    #[error("the checkpoint of `{origin}` bears no valid signature of {key}: it was altered, or signed by another key")]
    Signature {
        /// First line of the note.
        origin: String,
        /// Name and id of the key that was expected.
        key: String,
    },
    /// The bytes are not a seal.
    #[error("not a seal: {0}")]
    Seal(String),
    /// The seal is of another tree, place or size than the ones before it.
    #[error("the seal does not go with those before it: {0}")]
    Order(String),
}
