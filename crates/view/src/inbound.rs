//! What subjects say to each other, and whose their parts are.

use onefold_event::Subject;
use onefold_identity::Facet;

use crate::EventTime;
use crate::amount::Money;
use crate::payment::AllocatedAmount;

/// What another subject says to this one. Cells meet by the key of the document, whoever owns what.
#[derive(Clone, PartialEq, prost::Message)]
pub struct MentionState {
    /// The sender is a parent of this one, that names it: the delivery or order of a track.
    #[prost(bool, tag = "1")]
    pub is_parent: bool,
    /// What a payment settles of this invoice.
    #[prost(message, repeated, tag = "16")]
    pub allocated: Vec<AllocatedAmount>,
    /// What a credit note lowers this invoice by.
    #[prost(message, repeated, tag = "17")]
    pub credited: Vec<AllocatedAmount>,
    /// An adjustment of this invoice, signed.
    #[prost(message, optional, tag = "6")]
    pub adjusted: Option<Money>,
    /// A refund that is given against this invoice, credit note or payment.
    #[prost(message, optional, tag = "7")]
    pub refunded: Option<Money>,
    /// A payment in advance on this order.
    #[prost(message, optional, tag = "8")]
    pub advance: Option<Money>,
    /// An invoice bills this order, in this currency.
    #[prost(uint32, optional, tag = "9")]
    pub bills: Option<u32>,
    /// An answer: what the sender is, since it cannot take all of what this document says to it.
    #[prost(message, optional, tag = "10")]
    pub refuses: Option<MentionRefusal>,
    /// An answer of an order: the one invoice that bills it.
    #[prost(message, optional, tag = "11")]
    pub billed: Option<BilledInvoice>,
    /// A payment in advance on the order that this invoice bills.
    #[prost(message, optional, tag = "12")]
    pub advanced: Option<Money>,
    /// What refunds took back of the payment or credit note that settles this invoice alone.
    #[prost(message, optional, tag = "13")]
    pub returned: Option<Money>,
    /// The sender, a parent, does not stand: it says whose this is, and ships nothing.
    #[prost(bool, tag = "14")]
    pub is_void: bool,
    /// When the sender happened.
    #[prost(message, optional, tag = "15")]
    pub at: Option<EventTime>,
}

impl MentionState {
    /// Adds what the same sender says to the same subject in another step of settlement.
    pub fn merge_with(&mut self, other: Self) {
        self.is_parent |= other.is_parent;
        self.is_void |= other.is_void;
        self.allocated.extend(other.allocated);
        self.credited.extend(other.credited);
        set_present(&mut self.at, other.at);
        set_present(&mut self.adjusted, other.adjusted);
        set_present(&mut self.refunded, other.refunded);
        set_present(&mut self.advance, other.advance);
        set_present(&mut self.bills, other.bills);
        set_present(&mut self.refuses, other.refuses);
        set_present(&mut self.billed, other.billed);
        set_present(&mut self.advanced, other.advanced);
        set_present(&mut self.returned, other.returned);
    }
}

fn set_present<T>(field: &mut Option<T>, other: Option<T>) {
    if other.is_some() {
        *field = other;
    }
}

/// What a document is that cannot take what another says to it.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct MentionRefusal {
    /// It does not stand.
    #[prost(bool, tag = "1")]
    pub void: bool,
    /// Its currency.
    #[prost(uint32, tag = "2")]
    pub currency: u32,
}

/// The one invoice that bills an order.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct BilledInvoice {
    /// The invoice.
    #[prost(string, tag = "1")]
    pub invoice: String,
    /// Its currency.
    #[prost(uint32, tag = "2")]
    pub currency: u32,
}

/// Owner keys of a subject, as `OwnerKey::key_for` writes them; "" where there is none.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct OwnerKeys {
    /// Who bought.
    #[prost(string, tag = "1")]
    pub trade: String,
    /// Who owes.
    #[prost(string, tag = "2")]
    pub receivable: String,
    /// Owners of the parts, aligned with [`crate::Fragment::owned_parts`]; after them, of a delivery with such lines, that of those without
    /// an order. Of a track those of what it carries, where that is of several.
    #[prost(string, repeated, tag = "3")]
    pub parts: Vec<String>,
    /// Day number promised for the goods by whoever ships them.
    #[prost(sint64, optional, tag = "4")]
    pub promised: Option<i64>,
    /// Day number promised for them when they were ordered.
    #[prost(sint64, optional, tag = "5")]
    pub ordered: Option<i64>,
    /// A party that it names as an owner stands for others, or once did.
    #[prost(bool, tag = "6")]
    pub for_others: bool,
}

impl OwnerKeys {
    /// All of them: of trade, of the debt, of the parts.
    pub fn all(&self) -> impl Iterator<Item = &String> {
        [&self.trade, &self.receivable].into_iter().chain(&self.parts)
    }
}

/// A part of a document that has an owner of its own: that of its parent in a facet.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnedPart {
    /// The invoice that an allocation names, or the order of a delivery's line.
    pub parent: Subject,
    /// The facet in which the parent's owner is the part's.
    pub facet: Facet,
}
