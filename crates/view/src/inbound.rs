//! What subjects say to each other, and whose their parts are.

use onefold_event::{Micros, Subject};
use onefold_identity::Facet;

use crate::amount::Money;

/// What another subject says to this one. Cells meet by the key of the document, whoever owns what.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Inbound {
    /// The sender is a parent of this one, that names it: the delivery or order of a track.
    #[prost(bool, tag = "1")]
    pub is_parent: bool,
    /// A payment's allocations to this invoice.
    #[prost(message, repeated, tag = "2")]
    pub allocated: Vec<Money>,
    /// A credit note that names this invoice.
    #[prost(message, repeated, tag = "3")]
    pub credited: Vec<Money>,
    /// When the sender happened.
    #[prost(sint64, optional, tag = "4")]
    pub at: Option<Micros>,
    /// Day number promised for the goods of this track.
    #[prost(sint64, optional, tag = "5")]
    pub promised: Option<i64>,
}

/// Owner keys of a subject, as `Owner::key` writes them; "" where there is none.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Keys {
    /// Who bought.
    #[prost(string, tag = "1")]
    pub trade: String,
    /// Who owes.
    #[prost(string, tag = "2")]
    pub receivable: String,
    /// Owners of the parts, aligned with [`crate::Fragment::parts`].
    #[prost(string, repeated, tag = "3")]
    pub parts: Vec<String>,
}

/// A part of a document that has an owner of its own: that of its parent in a facet.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The invoice that an allocation names, or the order of a delivery's line.
    pub parent: Subject,
    /// The facet in which the parent's owner is the part's.
    pub facet: Facet,
}
