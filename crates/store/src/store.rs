//! The whole read model, for whoever wires its users together.

use crate::{
    AssembleStore, FollowStore, IntakeStore, ProjectStore, PublishStore, Quarantine, ReadStore, ResolveStore,
    SourceStore, VerifyStore,
};

/// All that an adapter answers.
pub trait Store:
    ProjectStore
    + ResolveStore
    + AssembleStore
    + PublishStore
    + ReadStore
    + FollowStore
    + IntakeStore
    + SourceStore
    + Quarantine
    + VerifyStore
    + 'static
{
}

impl<T> Store for T where
    T: ProjectStore
        + ResolveStore
        + AssembleStore
        + PublishStore
        + ReadStore
        + FollowStore
        + IntakeStore
        + SourceStore
        + Quarantine
        + VerifyStore
        + 'static
{
}
