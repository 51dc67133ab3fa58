//! A document from inside: what stands on it, whose it is and why, what it names and what names it, and its events.

use onefold_event::{Subject, SubjectKind};
use onefold_fold::{FactState, SubjectState};
use onefold_identity::Facet;
use onefold_store::FactsOf;
use onefold_view::{Bundle, MoneyMeasure};
use serde::Serialize;
use serde_json::{Map, Value};

use super::content::{describe_document, find_references};

use super::related::RelatedSubject;
use super::why::{OwnerReasons, owner_reason};
use crate::document::rows::SubjectReader;
use crate::events::{EventPlace, places};
use crate::{Document, DocumentOwners, EventLine, Service, ServiceError};

/// Events of one document that are read at most: of a longer history the first half of them and the last.
const MOST_EVENTS: usize = 500;

/// A document from inside.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DocumentView {
    /// As it stands on a timeline, and whose it is.
    #[serde(flatten)]
    pub whose: DocumentOwners,
    /// Why it is theirs.
    pub why: OwnerReasons,
    /// Of an invoice what is left to pay, of a payment what it leaves over, of a credit note what is applied to nothing: in the
    /// document's currency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<String>,
    /// What stands on it, by the fields of the catalogue: of several events that describe it the later says more. A line without a
    /// name bears that of its product.
    pub content: Map<String, Value>,
    /// Whom and what it names, in the order of the catalogue's roles.
    pub names: Vec<RelatedSubject>,
    /// What names it, by subject.
    pub named_by: Vec<RelatedSubject>,
    /// How many more name it than are told.
    #[serde(skip_serializing_if = "is_nothing")]
    pub more_named_by: usize,
    /// Of an order its deliveries and their parcels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shipments: Vec<Document>,
    /// Its events, by business time.
    pub events: Vec<EventLine>,
    /// How many more there are than are told, in the middle.
    #[serde(skip_serializing_if = "is_nothing")]
    pub more_events: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_nothing(n: &usize) -> bool {
    *n == 0
}

impl Service {
    /// A document from inside, as it is now.
    ///
    /// # Errors
    /// Nothing is known of it, it is no document, or the read model or the log cannot be read.
    pub async fn document(&self, subject: &Subject) -> Result<DocumentView, ServiceError> {
        let state = self.state(subject).await?;
        let whose = self.whose(subject, &state).await?;
        let facts = self.store.facts(&[FactsOf::all(subject.as_str())]).await?.pop().unwrap_or_default();
        self.look_inside(&SubjectReader::Now(self), subject, (whose, &state), &facts).await
    }

    /// The same from rows and facts of any time.
    pub(crate) async fn look_inside(
        &self,
        rows: &SubjectReader<'_>,
        subject: &Subject,
        (mut whose, state): (DocumentOwners, &SubjectState),
        facts: &[FactState],
    ) -> Result<DocumentView, ServiceError> {
        let mut told = places(facts);
        told.sort();
        let more_events = leave_out_middle(&mut told);
        let events = self.event_lines(&told).await?;
        let mut content = describe_document(&events);
        self.name_products(rows, subject, &mut content).await?;
        let references = find_references(&events, &content);
        let names = rows.named(&references).await?;
        let (named_by, more_named_by) = rows.naming(state, &references).await?;
        let shipments = match subject.kind() {
            SubjectKind::Order => rows.shipments(&named_by, &names).await?,
            _ => Vec::new(),
        };
        rows.date_deliveries(vec![&mut whose.document]).await?;
        let parents = rows.parents(state).await?;
        let reason = |facet| owner_reason(subject, state, facet, &parents, &events);
        let why = OwnerReasons { trade: reason(Facet::Trade), receivable: reason(Facet::Receivable) };
        let open = open_amount(subject, state, &whose.document);
        Ok(DocumentView { whose, why, open, content, names, named_by, more_named_by, shipments, events, more_events })
    }
}

/// Leaves out the middle of a long history, and answers how many that were.
fn leave_out_middle(told: &mut Vec<EventPlace>) -> usize {
    let more = told.len().saturating_sub(MOST_EVENTS);
    if more > 0 {
        told.drain(MOST_EVENTS / 2..MOST_EVENTS / 2 + more);
    }
    more
}

/// What a document leaves open, over all whom it adds to.
fn open_amount(subject: &Subject, state: &SubjectState, document: &Document) -> Option<String> {
    let measure = match subject.kind() {
        SubjectKind::Invoice => MoneyMeasure::Open,
        SubjectKind::Payment => MoneyMeasure::Unallocated,
        SubjectKind::CreditNote => MoneyMeasure::Unapplied,
        _ => return None,
    };
    let mut sum = Bundle::default();
    state.contributions(subject).values().for_each(|contribution| sum.add(contribution));
    Some(sum.money_totals().amount(measure, document.currency.as_deref()?))
}

#[cfg(test)]
mod tests {
    use onefold_fold::FactState;

    use super::*;

    #[test]
    fn of_a_long_history_the_beginning_and_the_end_are_told() {
        let fact = |n: u64| FactState { id: u128::from(n).to_be_bytes(), offset: n, ..FactState::default() };
        let all = places(&(0..1_200).map(fact).collect::<Vec<_>>());
        let mut told = all.clone();
        assert_eq!(leave_out_middle(&mut told), 700);
        assert_eq!((told.first(), told.last(), told.len()), (all.first(), all.last(), MOST_EVENTS));
        let mut few = all[..3].to_vec();
        assert_eq!((leave_out_middle(&mut few), few.len()), (0, 3));
    }
}
