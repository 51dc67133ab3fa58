#![doc = include_str!("../README.md")]

mod assemble;
mod document;
mod error;
mod follow;
mod history;
mod intake;
mod load;
mod project;
mod publish;
mod quarantine;
mod read;
mod read_tx;
mod refused;
mod resolve;
mod store;
mod verify;

pub use assemble::{AssembleStore, AssembleTx, PartyBundles, SearchRow};
pub use document::{DocumentPlace, DocumentRow, ListingOrder, NumberRow};
pub use error::StoreError;
pub use follow::{Backlog, FollowStore, Followed, Queue};
pub use history::{FactsOf, HistoryStore};
pub use intake::{IntakeStore, SourceItem, SourceMove, SourceStore};
pub use load::{LoadRow, LoadStore, Loaded};
pub use project::{OwnerRow, PartyChange, ProjectStore, ProjectTx, RowChanges, set_members};
pub use publish::{IdentityChange, Members, Note, PartyPage, PublishStore, Published, PublisherLease, Unpublished};
pub use quarantine::{Quarantine, QuarantineDecision, QuarantineEntry, QuarantineFilter};
pub use read::{DocumentTotals, FoundCustomer, ReadStore, StoreCounts};
pub use read_tx::{
    CustomerParties, HolderQuery, HolderRows, NamedDecision, OwnerPage, OwnerRows, PartyBundle, PartyRows, ReadTx,
};
pub use resolve::{ClusterChange, ClusterRow, IdentifierHolders, PartyRow, ResolveStore, ResolveTx};
pub use store::Store;
pub use verify::{
    EachRow, KeyPrint, RowPrint, SEARCH_INDEX, StoredSums, StoredTable, VerifySnapshot, VerifyStore, is_torn,
};
