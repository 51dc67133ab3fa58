//! Whether a document stands: issued, voided, reinstated; received, reversed, received again.

use onefold_event::{Body, DecodedEvent};

/// What a fact says of its document's standing. The numbers are part of the stored form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DocumentStance {
    Stands = 0,
    Void = 1,
    /// Of payments: taken back as a whole.
    Reversed = 2,
}

/// What the latest word on a document's standing says (rule A9): by (`occurred_at`, revision order, `recorded_at`, id).
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct DocumentValidity {
    #[prost(uint32, tag = "1")]
    stance: u32,
    /// Microseconds from the document's first fact to that word.
    #[prost(sint64, tag = "2")]
    after: i64,
    #[prost(sint64, repeated, tag = "3")]
    revision: Vec<i64>,
    /// Why, in the source's words.
    #[prost(string, tag = "4")]
    pub(crate) reason: String,
}

impl DocumentValidity {
    /// Takes in a fact, which comes after all that were taken in before in the order (`occurred_at`, `recorded_at`, id): so
    /// only the revision can make it the lesser of two of one time.
    pub(crate) fn apply_fact(&mut self, event: &DecodedEvent, after: i64) {
        let Some((stance, reason)) = standing_word(&event.body) else { return };
        if after == self.after && event.header.revision_order < self.revision {
            return;
        }
        *self = Self {
            stance: stance as u32,
            after,
            revision: event.header.revision_order.clone(),
            reason: crate::party::value::truncate_text(reason, 80).to_owned(),
        };
    }

    pub(crate) fn stance(&self) -> DocumentStance {
        match self.stance {
            1 => DocumentStance::Void,
            2 => DocumentStance::Reversed,
            _ => DocumentStance::Stands,
        }
    }
}

/// Whether a fact speaks of its document's standing.
pub(crate) fn speaks_of_standing(body: &Body) -> bool {
    standing_word(body).is_some()
}

fn standing_word(body: &Body) -> Option<(DocumentStance, &str)> {
    Some(match body {
        Body::DocumentVoided(m) => (DocumentStance::Void, &m.reason),
        Body::PaymentReversed(m) => (DocumentStance::Reversed, &m.reason),
        Body::DocumentReinstated(_)
        | Body::OrderPlaced(_)
        | Body::InvoiceIssued(_)
        | Body::CreditNoteIssued(_)
        | Body::PaymentReceived(_)
        | Body::RefundPaid(_)
        | Body::AdjustmentPosted(_)
        | Body::GoodsIssued(_)
        | Body::Dispatched(_)
        | Body::GoodsReturned(_)
        | Body::CaseOpened(_)
        | Body::ContactMade(_) => (DocumentStance::Stands, ""),
        _ => return None,
    })
}
