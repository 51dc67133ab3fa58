//! A row that must be, as the log says.

use onefold_store::{KeyPrint, QuarantineEntry, RowPrint, StoredTable};
use onefold_view::{Digest, OwnerKeys};

/// A key with its print.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RowKey<'a> {
    pub(crate) text: &'a str,
    pub(crate) print: KeyPrint,
}

impl<'a> RowKey<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, print: KeyPrint::of(text) }
    }
}

/// One row of a derived table.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ExpectedRow<'a> {
    Subject { key: RowKey<'a>, state: &'a [u8], keys: Option<&'a OwnerKeys> },
    Owner { key: RowKey<'a>, bundle: &'a [u8], digest: Option<&'a Digest>, first_seen: Option<i64> },
    Document { owner: RowKey<'a>, at: i64, subject: RowKey<'a> },
    OpenItem { owner: RowKey<'a>, invoice: RowKey<'a>, due: i64, item: &'a [u8] },
    Holder { party: RowKey<'a>, identifier: RowKey<'a>, present: bool },
    Decision { party: RowKey<'a>, decision: RowKey<'a> },
    Member { party: RowKey<'a>, head: RowKey<'a> },
    Search { party: RowKey<'a>, text: &'a str },
    SetMember { atom: RowKey<'a>, set: RowKey<'a> },
    Decided { subject: RowKey<'a> },
    Fact { subject: RowKey<'a>, id: &'a [u8; 48], state: &'a [u8] },
    Former { key: RowKey<'a>, subject: RowKey<'a> },
    Number { subject: RowKey<'a>, place: i64, prefix: &'a str },
}

/// Whoever takes the rows in, from several threads.
pub(crate) trait RowSink: Send + Sync {
    fn take_row(&self, row: ExpectedRow<'_>);

    /// A record that is no event. It belongs to no derived table.
    fn refused(&self, _entry: QuarantineEntry) {}
}

impl<'a> ExpectedRow<'a> {
    pub(crate) fn row_table(&self) -> StoredTable {
        match self {
            Self::Subject { .. } => StoredTable::Subjects,
            Self::Owner { .. } => StoredTable::Owners,
            Self::Document { .. } => StoredTable::Documents,
            Self::OpenItem { .. } => StoredTable::OpenItems,
            Self::Holder { .. } => StoredTable::Holders,
            Self::Decision { .. } => StoredTable::Decisions,
            Self::Member { .. } => StoredTable::Members,
            Self::Search { .. } => StoredTable::Search,
            Self::SetMember { .. } => StoredTable::SetMembers,
            Self::Decided { .. } => StoredTable::Decided,
            Self::Fact { .. } => StoredTable::Facts,
            Self::Former { .. } => StoredTable::Former,
            Self::Number { .. } => StoredTable::Numbers,
        }
    }

    /// The key by which a person finds whom it concerns.
    pub(crate) fn row_key(&self) -> RowKey<'a> {
        match self {
            Self::Subject { key, .. } | Self::Owner { key, .. } => *key,
            Self::Document { owner, .. } | Self::OpenItem { owner, .. } => *owner,
            Self::Holder { party, .. }
            | Self::Decision { party, .. }
            | Self::Member { party, .. }
            | Self::Search { party, .. } => *party,
            Self::SetMember { atom, .. } => *atom,
            Self::Former { key, .. } => *key,
            Self::Decided { subject } | Self::Fact { subject, .. } | Self::Number { subject, .. } => *subject,
        }
    }

    pub(crate) fn row_print(&self) -> RowPrint {
        let print = |columns: &[&[u8]]| RowPrint::of(self.row_table(), self.row_key().print, columns);
        match self {
            Self::Subject { state, .. } => print(&[state]),
            Self::Owner { bundle, digest, first_seen, .. } => {
                let seen = first_seen.map(i64::to_be_bytes);
                let seen = seen.as_ref().map_or(&[][..], |seen| seen);
                print(&[bundle, digest.map_or(&[][..], |digest| &digest.0), seen])
            }
            Self::Document { at, subject, .. } => print(&[&subject.print.bytes(), &at.to_be_bytes()]),
            Self::Decision { decision: other, .. } | Self::Member { head: other, .. } => print(&[&other.print.bytes()]),
            Self::OpenItem { invoice, due, item, .. } => print(&[&invoice.print.bytes(), &due.to_be_bytes(), item]),
            Self::Holder { identifier, present, .. } => {
                print(&[&identifier.print.bytes(), &i64::from(*present).to_be_bytes()])
            }
            Self::Search { text, .. } => print(&[text.as_bytes()]),
            Self::SetMember { set, .. } => print(&[&set.print.bytes()]),
            Self::Decided { .. } => print(&[]),
            Self::Fact { id, state, .. } => print(&[&id[..], state]),
            Self::Former { subject, .. } => print(&[&subject.print.bytes()]),
            Self::Number { place, prefix, .. } => print(&[&place.to_be_bytes(), prefix.as_bytes()]),
        }
    }
}
