//! What the publisher needs: where it stands, and what waits for it that no event names.

use async_trait::async_trait;
use onefold_event::Micros;
use serde::{Deserialize, Serialize};

use crate::StoreError;

/// Something to be published that no event names. Written in the transaction that made the change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Note {
    /// An owner key whose customer may show something else now. Of a party, its customer, whoever else holds its
    /// identifiers, and the party's id where it heads no customer.
    Owner(String),
    /// A change of who is one customer.
    Identity(IdentityChange),
}

/// A change of who is one customer. Customers are named by their first parties, whose ids they bear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum IdentityChange {
    /// A party was first heard of: a customer of its own.
    Opened {
        /// Its parties.
        customer: Members,
    },
    /// Parties of several customers are one now.
    Merged {
        /// The one, with all its parties.
        customer: Members,
        /// Those whose parties it has.
        from: Vec<String>,
    },
    /// The parties of one customer are several customers' now.
    Split {
        /// The one, as it was.
        customer: Members,
        /// Whose they are, each with those of its parties that came from there.
        into: Vec<Members>,
    },
    /// The same parties bear another id.
    Renamed {
        /// As it is called now.
        customer: Members,
        /// As it was called.
        from: String,
    },
}

/// Parties of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Members {
    /// The one whose id it bears.
    pub head: String,
    /// All of them, sorted.
    pub parties: Vec<String>,
}

/// What the one active publisher is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublisherLease {
    /// Rises whenever another one takes over.
    pub epoch: u64,
    /// Greater than that of any turn before, also after a crash: whatever is read from now on is at least as new as what was
    /// published under a lesser one.
    pub version: Micros,
    /// Since publishing was switched on.
    pub run: String,
    /// Next offset to follow, per partition of the events.
    pub positions: Vec<u64>,
    /// Next offset to project: all below is in the rows.
    pub projected: Vec<u64>,
    /// From where all parties are still to be gone through; none: they have been.
    pub sweep: Option<String>,
}

/// A page of all parties that were ever named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartyPage {
    /// Some of them.
    pub parties: Vec<String>,
    /// Where the next page begins; none: this was the last.
    pub next: Option<String>,
}

/// What a turn has published.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Published {
    /// Next offset to follow, per partition.
    pub positions: Vec<u64>,
    /// Numbers of the notes that are done.
    pub notes: Vec<u64>,
    /// Where the next page of all parties begins.
    pub sweep: Option<String>,
}

/// What waits to be published.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unpublished {
    /// Whether publishing is switched on.
    pub enabled: bool,
    /// Events that were projected and not yet followed, per partition.
    pub behind: Vec<u64>,
    /// Notes.
    pub notes: u64,
    /// All parties are being gone through.
    pub sweeping: bool,
}

impl Unpublished {
    /// Whether everything that is committed has been published.
    pub fn is_done(&self) -> bool {
        self.notes == 0 && !self.sweeping && self.behind.iter().all(|behind| *behind == 0)
    }
}

/// Contract: while publishing is switched on, notes become visible with the transaction that wrote them, all or none, and
/// while it is off none are kept. Notes of one transaction are numbered in the order given, and after those of every
/// transaction that had committed before it began. One publisher is active at a time: what it does under a turn that
/// another one has followed MUST fail with [`StoreError::Superseded`] and change nothing.
#[async_trait]
pub trait PublishStore: Send + Sync {
    /// Switches publishing on or off for the whole hub; as it is already: nothing. Switched on, it begins with all parties, at
    /// the positions of now.
    async fn publish(&self, on: bool) -> Result<(), StoreError>;

    /// Takes the turn or prolongs it; none where publishing is off or somebody else has it. Its version is `now`, or more.
    async fn turn(&self, now: Micros) -> Result<Option<PublisherLease>, StoreError>;

    /// Notes by number, at most `max`.
    async fn notes(&self, max: usize) -> Result<Vec<(u64, Note)>, StoreError>;

    /// Parties that were named, from where a page ended.
    async fn party_page(&self, from: &str, max: usize) -> Result<PartyPage, StoreError>;

    /// What the turn has published is done.
    async fn published(&self, turn: &PublisherLease, done: &Published) -> Result<(), StoreError>;

    /// What waits.
    async fn unpublished(&self) -> Result<Unpublished, StoreError>;
}
