#![doc = include_str!("../README.md")]

mod assemble;
#[cfg(feature = "conformance")]
pub mod conformance;
mod document;
mod error;
mod facts_of;
mod follow;
mod history;
mod intake;
mod load;
mod project;
mod publish;
mod quarantine;
mod read;
mod refused;
mod resolve;
mod store;
mod verify;

pub use assemble::{AssembleStore, AssembleTx, PartyBundles, SearchRow};
pub use document::{DocumentPlace, DocumentRow, ListingOrder};
pub use error::StoreError;
pub use facts_of::FactsOf;
pub use follow::{Backlog, FollowStore, Followed, Queue};
pub use history::HistoryStore;
pub use intake::IntakeStore;
pub use load::{LoadRow, LoadStore, Loaded};
pub use project::{OwnerRow, PartyChange, ProjectStore, ProjectTx, RowChanges};
pub use publish::{IdentityChange, Members, Note, PartyPage, PublishStore, Published, PublisherLease, Unpublished};
pub use quarantine::{Quarantine, QuarantineEntry, QuarantineFilter};
pub use read::{CustomerRows, DocumentTotals, FoundCustomer, IdentifierHolding, ReadStore, StatusRows};
pub use resolve::{ClusterChange, ClusterRow, IdentifierHolders, PartyRow, ResolveStore, ResolveTx};
pub use store::Store;
pub use verify::{
    EachRow, KeyPrint, RowPrint, SEARCH_INDEX, StoredSums, StoredTable, VerifySnapshot, VerifyStore, is_torn,
};
