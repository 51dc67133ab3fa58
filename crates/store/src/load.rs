//! What a rebuild for good writes: a read model of its own, loaded row by row before anybody reads it.

use onefold_view::{Digest, DigestSum};

use crate::{KeyPrint, QuarantineEntry, StoreError};

/// A row to be loaded. Keys that have a row of their own are named by their prints; that row may come later.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs)]
pub enum LoadRow {
    Subject {
        key: String,
        state: Vec<u8>,
    },
    Owner {
        key: String,
        bundle: Vec<u8>,
        digest: Option<Digest>,
        first_seen: Option<i64>,
    },
    /// An owner key that others name and that may have no row of its own. It may come more than once.
    Named {
        key: String,
    },
    Document {
        owner: KeyPrint,
        at: i64,
        subject: KeyPrint,
    },
    OpenItem {
        owner: KeyPrint,
        invoice: KeyPrint,
        due: i64,
        item: Vec<u8>,
    },
    Holder {
        party: KeyPrint,
        identifier: KeyPrint,
        present: bool,
    },
    Decision {
        party: KeyPrint,
        decision: KeyPrint,
    },
    Member {
        party: KeyPrint,
        head: KeyPrint,
    },
    Search {
        party: KeyPrint,
        text: String,
    },
    SetMember {
        atom: KeyPrint,
        set: KeyPrint,
    },
    /// It may come before its subject's row.
    Fact {
        subject: String,
        id: [u8; 48],
        state: Vec<u8>,
    },
    Decided {
        subject: KeyPrint,
    },
    Former {
        key: KeyPrint,
        subject: KeyPrint,
    },
    Number {
        place: i64,
        prefix: String,
        subject: KeyPrint,
    },
    /// A record in the log that is no event. What live has in quarantine stays, and is joined by those that it lacks.
    Refused(Box<QuarantineEntry>),
}

/// Where live goes on from what was loaded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Loaded {
    /// Next offset per partition.
    pub positions: Vec<u64>,
    /// Sum of the digests of bundles.
    pub bundles: DigestSum,
    /// Sum of the digests of clusters.
    pub clusters: DigestSum,
    /// Sum of the digests of ids.
    pub ids: DigestSum,
}

/// Contract: nobody reads what is loaded before `finish` has answered; then all of it is there, durable, and live goes on
/// from it as from what it has written itself. Dropped before, it SHALL leave what live has as it was. Rows come in any
/// order, each once, in several calls from one thread.
pub trait LoadStore: Send {
    /// Takes rows in.
    fn load(&mut self, rows: Vec<LoadRow>) -> Result<(), StoreError>;

    /// Makes it whole.
    fn finish(self: Box<Self>, loaded: &Loaded) -> Result<(), StoreError>;
}
