//! What an event says, decoded.

use prost::Message;

use crate::v1;

macro_rules! bodies {
    ($($variant:ident = $name:literal),* $(,)?) => {
        /// The message of an event, by type.
        #[derive(Debug, Clone, PartialEq)]
        #[allow(missing_docs, clippy::large_enum_variant)]
        pub enum Body {
            $($variant(v1::$variant),)*
        }

        impl Body {
            /// Types in the catalogue, with the full name of their message.
            pub(crate) const TYPES: &'static [(&'static str, &'static str)] =
                &[$(($name, concat!("onefold.event.v1.", stringify!($variant))),)*];

            /// Decodes the open and the personal part as one message, as protobuf merges what is concatenated.
            pub(crate) fn decode(name: &str, open: &[u8], personal: &[u8]) -> Option<Result<Self, prost::DecodeError>> {
                Some(match name {
                    $($name => {
                        let mut message = v1::$variant::default();
                        message.merge(open).and_then(|()| message.merge(personal)).map(|()| Self::$variant(message))
                    })*
                    _ => return None,
                })
            }

            /// Name in the catalogue, such as `sales.order_placed.v1`.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name,)* }
            }

            /// Bytes of the whole message.
            pub fn encode_to_vec(&self) -> Vec<u8> {
                match self { $(Self::$variant(message) => message.encode_to_vec(),)* }
            }
        }

        $(impl From<v1::$variant> for Body {
            fn from(message: v1::$variant) -> Self {
                Self::$variant(message)
            }
        })*
    };
}

bodies! {
    PartyRecorded = "party.recorded.v1",
    PartyCorrected = "party.corrected.v1",
    PartyFlaggedIntermediary = "party.flagged_intermediary.v1",
    PartyMergedAtSource = "party.merged_at_source.v1",
    PartySplitAtSource = "party.split_at_source.v1",
    PartyRetiredAtSource = "party.retired_at_source.v1",
    OrderPlaced = "sales.order_placed.v1",
    OrderAmended = "sales.order_amended.v1",
    OrderCancelled = "sales.order_cancelled.v1",
    ContactMade = "sales.contact_made.v1",
    InvoiceIssued = "finance.invoice_issued.v1",
    CreditNoteIssued = "finance.credit_note_issued.v1",
    PaymentReceived = "finance.payment_received.v1",
    PaymentReversed = "finance.payment_reversed.v1",
    RefundPaid = "finance.refund_paid.v1",
    AdjustmentPosted = "finance.adjustment_posted.v1",
    DocumentVoided = "finance.document_voided.v1",
    DocumentReinstated = "finance.document_reinstated.v1",
    DisputeOpened = "finance.dispute_opened.v1",
    DisputeClosed = "finance.dispute_closed.v1",
    StockCounted = "warehouse.stock_counted.v1",
    StockReserved = "warehouse.stock_reserved.v1",
    GoodsIssued = "warehouse.goods_issued.v1",
    GoodsReturned = "warehouse.goods_returned.v1",
    Dispatched = "shipping.dispatched.v1",
    Scanned = "shipping.scanned.v1",
    Delivered = "shipping.delivered.v1",
    DeliveryFailed = "shipping.delivery_failed.v1",
    Damaged = "shipping.damaged.v1",
    CaseOpened = "service.case_opened.v1",
    CaseNoted = "service.case_noted.v1",
    ActionRequested = "service.action_requested.v1",
    ActionCompleted = "service.action_completed.v1",
    CaseResolved = "service.case_resolved.v1",
    CaseReopened = "service.case_reopened.v1",
    CaseClosed = "service.case_closed.v1",
    SatisfactionRated = "service.satisfaction_rated.v1",
    ProductDescribed = "product.described.v1",
    PartiesLinked = "decision.parties_linked.v1",
    PartiesSeparated = "decision.parties_separated.v1",
    DocumentReassigned = "decision.document_reassigned.v1",
    IdentifierWithdrawn = "decision.identifier_withdrawn.v1",
    FactWithdrawn = "fact.withdrawn.v1",
}

impl Body {
    /// The other record of a merge at source or of its taking back, with the name of the field that says so.
    pub fn other_record(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::PartyMergedAtSource(m) => Some(("into", &m.into)),
            Self::PartySplitAtSource(m) => Some(("out_of", &m.out_of)),
            _ => None,
        }
    }

    /// The number that stands on a document, as its source writes it; of what is shipped, that of its carrier. Empty where none does.
    pub fn written_number(&self) -> &str {
        match self {
            Self::OrderPlaced(m) => &m.number,
            Self::InvoiceIssued(m) => &m.number,
            Self::CreditNoteIssued(m) => &m.number,
            Self::PaymentReceived(m) => &m.number,
            Self::RefundPaid(m) => &m.number,
            Self::AdjustmentPosted(m) => &m.number,
            Self::CaseOpened(m) => &m.number,
            Self::Dispatched(m) => &m.tracking_number,
            Self::Scanned(m) => &m.tracking_number,
            _ => "",
        }
    }

    /// What a source says of a party or a document beside the fields of the catalogue.
    pub fn attributes(&self) -> &[v1::Attribute] {
        match self {
            Self::PartyRecorded(m) => &m.attributes,
            Self::OrderPlaced(m) => &m.attributes,
            Self::OrderAmended(m) => &m.attributes,
            Self::ContactMade(m) => &m.attributes,
            Self::InvoiceIssued(m) => &m.attributes,
            Self::CreditNoteIssued(m) => &m.attributes,
            Self::PaymentReceived(m) => &m.attributes,
            Self::RefundPaid(m) => &m.attributes,
            Self::AdjustmentPosted(m) => &m.attributes,
            Self::GoodsIssued(m) => &m.attributes,
            Self::GoodsReturned(m) => &m.attributes,
            Self::Dispatched(m) => &m.attributes,
            Self::CaseOpened(m) => &m.attributes,
            _ => &[],
        }
    }

    /// Identifiers that it carries: a party's own, or on a document those of whoever has the role.
    pub fn identifiers(&self) -> &[v1::Identifier] {
        match self {
            Self::PartyRecorded(m) => &m.identifiers,
            Self::PartyCorrected(m) => &m.identifiers,
            Self::OrderPlaced(m) => &m.identifiers,
            Self::OrderAmended(m) => &m.identifiers,
            Self::ContactMade(m) => &m.identifiers,
            Self::InvoiceIssued(m) => &m.identifiers,
            Self::CreditNoteIssued(m) => &m.identifiers,
            Self::PaymentReceived(m) => &m.identifiers,
            Self::RefundPaid(m) => &m.identifiers,
            Self::AdjustmentPosted(m) => &m.identifiers,
            Self::GoodsIssued(m) => &m.identifiers,
            Self::GoodsReturned(m) => &m.identifiers,
            Self::Dispatched(m) => &m.identifiers,
            Self::CaseOpened(m) => &m.identifiers,
            _ => &[],
        }
    }
}
