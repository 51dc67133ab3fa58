//! Whom and what a document names, and what names it.

use std::collections::BTreeSet;

use onefold_event::{Subject, SubjectKind};
use onefold_fold::SubjectState;
use onefold_identity::OwnerAtom;
use serde::Serialize;

use super::content::NamedReference;
use crate::document::rows::SubjectReader;
use crate::document::shipped::tracks_of;
use crate::document::timeline::row;
use crate::{Document, ServiceError};

/// Subjects on either side that are told.
const MOST: usize = 100;

/// A subject that a document names, or that names it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RelatedSubject {
    /// In which role it is named; empty where it is the one that names.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// The subject.
    pub subject: String,
    /// Of a party the name of the customer that holds it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Of a document how it stands on a timeline; none where nobody has told of it yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<Document>,
}

impl SubjectReader<'_> {
    /// What a document names.
    pub(super) async fn named(&self, references: &[NamedReference]) -> Result<Vec<RelatedSubject>, ServiceError> {
        let of = |one: &NamedReference| (one.role.clone(), one.subject.to_string());
        self.related(references.iter().take(MOST).map(of).collect()).await
    }

    /// What names it beside those that it names itself, and how many more there are than are told.
    pub(super) async fn naming(
        &self,
        state: &SubjectState,
        references: &[NamedReference],
    ) -> Result<(Vec<RelatedSubject>, usize), ServiceError> {
        let named: BTreeSet<&str> = references.iter().map(|one| one.subject.as_str()).collect();
        let naming = || state.inbound.keys().filter(|from| !named.contains(from.as_str()));
        let told = naming().take(MOST).map(|from| (String::new(), from.clone())).collect();
        Ok((self.related(told).await?, naming().count().saturating_sub(MOST)))
    }

    /// Deliveries and parcels among these, and the parcels of those deliveries.
    pub(super) async fn shipments(
        &self,
        naming: &[RelatedSubject],
        named: &[RelatedSubject],
    ) -> Result<Vec<Document>, ServiceError> {
        let is_shipment = |kind| matches!(kind, SubjectKind::Delivery | SubjectKind::Track);
        let around = naming.iter().chain(named).filter_map(|one| one.subject.parse::<Subject>().ok());
        let mut all: BTreeSet<Subject> = around.filter(|subject| is_shipment(subject.kind())).collect();
        let deliveries = all.iter().filter(|subject| subject.kind() == SubjectKind::Delivery);
        let deliveries: Vec<String> = deliveries.map(Subject::to_string).collect();
        for delivery in self.states(&deliveries).await?.into_iter().flatten() {
            all.extend(tracks_of(&delivery));
        }
        let shipments = all.into_iter().take(MOST).map(|subject| (String::new(), subject.to_string()));
        let shipments = self.related(shipments.collect()).await?;
        Ok(shipments.into_iter().filter_map(|one| one.document).collect())
    }

    async fn related(&self, told: Vec<(String, String)>) -> Result<Vec<RelatedSubject>, ServiceError> {
        let (parties, documents): (Vec<_>, Vec<_>) =
            told.iter().map(|(_, subject)| subject.clone()).partition(|subject| OwnerAtom::is_party(subject));
        let mut names = self.party_names(&parties).await?.into_iter();
        let mut states = self.states(&documents).await?.into_iter();
        let mut related = Vec::with_capacity(told.len());
        for (role, subject) in told {
            let is_party = OwnerAtom::is_party(&subject);
            let name = if is_party { names.next().unwrap_or_default() } else { String::new() };
            let state = if is_party { None } else { states.next().flatten() };
            let of = |state: SubjectState| row(&subject, &state.contributions(&subject.parse().ok()?));
            let document = state.and_then(of);
            related.push(RelatedSubject { role, subject, name, document });
        }
        self.date_deliveries(related.iter_mut().filter_map(|one| one.document.as_mut()).collect()).await?;
        Ok(related)
    }
}
