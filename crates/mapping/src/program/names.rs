//! What names and lists stand for: places in scopes.

use crate::program::paths::PathId;

pub(crate) type ScopeId = usize;

/// A slot seen from a scope: so many scopes up, the n-th there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SlotRef {
    pub(crate) up: usize,
    pub(crate) index: usize,
}

/// What a list, or an event, is repeated over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RepeatOver {
    Rows,
    Path(PathId),
}
