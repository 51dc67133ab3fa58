//! Whose events are the history of a customer or a document.

use std::collections::BTreeSet;

use crate::document::rows::SubjectReader;
use crate::{CustomerReference, EventPlace, Service, ServiceError};

impl Service {
    /// Places of every event about a customer's parties, decisions on them and documents, or about one document, by business time.
    /// [`Service::event_lines`] gives the events themselves, some at a time.
    ///
    /// # Errors
    /// Nothing is known of the reference, or the read model cannot be read.
    pub async fn events(&self, reference: &CustomerReference) -> Result<Vec<EventPlace>, ServiceError> {
        SubjectReader::Now(self).places(&self.history_subjects(reference).await?).await
    }

    /// Whose events are the history of a customer, or of one document.
    pub(crate) async fn history_subjects(&self, reference: &CustomerReference) -> Result<Vec<String>, ServiceError> {
        if let Some(subject) = reference.document() {
            self.state(subject).await?;
            return Ok(vec![subject.to_string()]);
        }
        let rows = self.customer(reference).await?;
        let mut subjects: Vec<String> = rows.parties.keys().cloned().collect();
        let named = self.store.begin_read().await?.decisions(&subjects).await?;
        subjects.extend(named.into_iter().map(|named| named.decision).collect::<BTreeSet<String>>());
        subjects.extend(self.all_documents(&rows).await?);
        Ok(subjects)
    }
}
