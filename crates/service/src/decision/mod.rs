//! What people decided, and what joins parties or keeps them apart.

pub(crate) mod joins;
pub(crate) mod made;
