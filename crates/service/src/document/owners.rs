//! Whose a document is.

use onefold_event::Subject;
use onefold_fold::SubjectState;
use serde::Serialize;

use super::timeline::{self, Document};
use crate::{CustomerName, Service, ServiceError};

/// A document and whose it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DocumentOwners {
    /// As it stands on a timeline.
    #[serde(flatten)]
    pub document: Document,
    /// Who bought.
    pub trade: DocumentOwner,
    /// Who owes.
    pub receivable: DocumentOwner,
    /// Owners of its parts: a payment's allocations, a delivery's lines by order.
    pub parts: Vec<DocumentOwner>,
}

/// An owner and the customer that holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DocumentOwner {
    /// Party, identifier or set; begins with `none` where there is none.
    pub key: String,
    /// The customer; none: unattributed.
    pub customer: Option<CustomerName>,
}

impl Service {
    /// Whose a document is.
    ///
    /// # Errors
    /// Nothing is known of it, it is no document, or the read model cannot be read.
    pub async fn document_owners(&self, subject: &Subject) -> Result<DocumentOwners, ServiceError> {
        self.whose(subject, &self.state(subject).await?).await
    }

    pub(crate) async fn whose(&self, subject: &Subject, state: &SubjectState) -> Result<DocumentOwners, ServiceError> {
        let (keys, document) = (state.owner_keys(), document_row(subject, state)?);
        let mut parts = Vec::new();
        for key in &keys.parts {
            parts.push(self.owner_of(key).await?);
        }
        let (trade, receivable) = (self.owner_of(&keys.trade).await?, self.owner_of(&keys.receivable).await?);
        Ok(DocumentOwners { document, trade, receivable, parts })
    }

    async fn owner_of(&self, key: &str) -> Result<DocumentOwner, ServiceError> {
        let customer = self.customers().customer_of_key(key).await?.map(|rows| self.name(&rows));
        Ok(DocumentOwner { key: key.to_owned(), customer })
    }
}

/// A document as it stands under all of its owners.
pub(crate) fn document_row(subject: &Subject, state: &SubjectState) -> Result<Document, ServiceError> {
    timeline::row(subject.as_str(), &state.contributions(subject)).ok_or_else(|| match subject.kind().is_document() {
        true if state.failed => ServiceError::not_found(format!(
            "what is known of {subject} could not be folded: it is in quarantine, and its events are kept"
        )),
        true => ServiceError::not_found(format!(
            "nothing that was said of {subject} stands, since it was withdrawn: ask for its events, which say so"
        )),
        false => {
            ServiceError::invalid(format!("{subject} is neither a party nor a document: ask for its events instead"))
        }
    })
}
