//! What a customer's view is made of, now or at the clocks of a past.

use std::collections::{BTreeMap, BTreeSet};

use onefold_customer::CustomerRows;
use onefold_event::Subject;
use onefold_fold::SubjectState;
use onefold_identity::{IdentityRules, PartyFacts};
use onefold_view::{Bundle, Contribution, CustomerView, FindingView, LatestView, OpenItem, PurchaseTallies};
use serde::Serialize;
use serde_json::Value;

use super::path::value_at;
use crate::document::rows::SubjectReader;
use crate::past::{PastWorld, unheard_of};
use crate::{CustomerReference, ErrorCode, ReadClocks, Service, ServiceError};

/// Documents of a customer whose values are explained at most.
const MOST_DOCUMENTS: usize = 20_000;
/// How often what a view is made of is read again where it changed meanwhile.
const TRIES: usize = 5;

/// What a customer's view is made of.
pub(super) struct ViewBasis {
    /// The view, as `show` shows it.
    pub(super) view: CustomerView,
    /// The same as JSON.
    pub(super) shown: Value,
    pub(super) rows: CustomerRows,
    /// What each of its parties and documents adds to it.
    pub(super) contributions: Vec<(Subject, BTreeMap<String, Contribution>)>,
    /// Open items that the view counts.
    open: BTreeSet<OpenItem>,
    /// What links its parties.
    pub(super) facts: BTreeMap<Subject, PartyFacts>,
    /// The day from which it is seen.
    pub(super) today: Option<i64>,
    /// The hub as it was; none: now.
    pub(super) world: Option<PastWorld>,
}

/// What a party or a document adds, seen alone.
pub(super) struct OwnPart<'a> {
    pub(super) subject: &'a Subject,
    pub(super) adds: &'a BTreeMap<String, Contribution>,
    /// Of a document its own row.
    pub(super) row: Option<LatestView>,
    pub(super) findings: Vec<FindingView>,
    /// What stands at the path.
    pub(super) value: Value,
}

impl ViewBasis {
    /// As it is now. The view and what it is made of are of one moment: where events come in between, both are read again.
    pub(super) async fn now(
        service: &Service,
        reference: &CustomerReference,
        today: Option<i64>,
    ) -> Result<Self, ServiceError> {
        for _ in 0..TRIES {
            let rows = service.customer(reference).await?;
            let documents: i64 = rows.bundles.values().map(Bundle::document_count).sum();
            if usize::try_from(documents).is_ok_and(|documents| documents > MOST_DOCUMENTS) {
                return Err(ServiceError::new(
                    ErrorCode::TooLarge,
                    format!(
                        "{documents} documents are the customer's: its values are explained up to {MOST_DOCUMENTS}"
                    ),
                ));
            }
            let head = rows.head().map(CustomerReference::Subject).unwrap_or_else(|| reference.clone());
            let view = service.show_customer(&head, today).await?;
            let mut contributions = Vec::new();
            let parties: Vec<String> = rows.parties.keys().cloned().collect();
            for (party, state) in parties.iter().zip(service.store.subjects(&parties).await?) {
                if let (Ok(party), Some(state)) = (party.parse::<Subject>(), state) {
                    contributions.push((party.clone(), state.contributions(&party)));
                }
            }
            for (document, adds) in service.contributions(&rows).await? {
                contributions.extend(document.parse::<Subject>().ok().map(|document| (document, adds)));
            }
            let facts = service.facts(&rows).await?;
            if service.customer(reference).await? == rows {
                let open = rows.open.iter().cloned().collect();
                let shown = to_value(&view)?;
                return Ok(Self { view, shown, rows, contributions, open, facts, today, world: None });
            }
        }
        Err(ServiceError::new(
            ErrorCode::Busy,
            format!("events of {reference} come in faster than they can be read; ask again, or with --known-at"),
        ))
    }

    /// As it was at these clocks.
    pub(super) async fn past(
        service: &Service,
        reference: &CustomerReference,
        clocks: &ReadClocks,
        today: Option<i64>,
    ) -> Result<Self, ServiceError> {
        let (world, party) = service.past_customer(reference, clocks).await?;
        let today = today.or(clocks.business_day());
        let view = world.view_of(&party, today).ok_or_else(|| unheard_of(reference))?;
        let shown = to_value(&view)?;
        let (rows, contributions) = (world.customer_rows(&party), world.contributions(&party));
        let (facts, open) = (world.party_facts(&party), rows.open.iter().cloned().collect());
        Ok(Self { view, shown, rows, contributions, open, facts, today, world: Some(world) })
    }

    /// What each party and document adds at a path, of those that are wanted: what stands there in the view of what it adds alone. Of
    /// what it bought all is tallied, or one product or category.
    pub(super) fn parts_at(
        &self,
        rules: &IdentityRules,
        path: &str,
        bought: Option<&str>,
        is_wanted: impl Fn(&Subject) -> bool,
    ) -> Result<Vec<OwnPart<'_>>, ServiceError> {
        let (parties, hubs, decisions) =
            (self.rows.parties.clone(), self.rows.hubs.clone(), self.rows.decisions.clone());
        // What all parts share is copied once, however many there are.
        let mut rows = CustomerRows { parties, hubs, decisions, ..CustomerRows::default() };
        let mut parts = Vec::new();
        for (subject, adds) in self.contributions.iter().filter(|(subject, _)| is_wanted(subject)) {
            (rows.bundles, rows.open) = (BTreeMap::new(), Vec::new());
            let mut tallies = None;
            for (owner, contribution) in adds {
                let mut bundle = Bundle::default();
                bundle.add(contribution);
                rows.bundles.insert(owner.clone(), bundle);
                rows.open.extend(contribution.open_items().into_iter().filter(|item| self.open.contains(item)));
                if let (Some(name), Some(bought)) = (bought, contribution.tallies()) {
                    tallies.get_or_insert_with(PurchaseTallies::default).add(&bought.only(name));
                }
            }
            let view = rows.view(rules, self.today, tallies.as_ref());
            let value = value_at(&to_value(&view)?, path).map_or(Value::Null, |found| found.value.clone());
            let row = view.latest.into_iter().find(|row| row.subject == subject.as_str());
            parts.push(OwnPart { subject, adds, row, findings: view.findings.latest, value });
        }
        Ok(parts)
    }

    /// Where rows of subjects are read.
    pub(super) fn reader<'a>(&'a self, service: &'a Service) -> SubjectReader<'a> {
        self.world.as_ref().map_or(SubjectReader::Now(service), SubjectReader::Past)
    }

    /// Rows of subjects of which anything is known.
    pub(super) async fn states(
        &self,
        service: &Service,
        subjects: &BTreeSet<Subject>,
    ) -> Result<BTreeMap<Subject, SubjectState>, ServiceError> {
        let keys: Vec<String> = subjects.iter().map(Subject::to_string).collect();
        let found = self.reader(service).states(&keys).await?;
        Ok(subjects.iter().cloned().zip(found).filter_map(|(subject, state)| Some((subject, state?))).collect())
    }
}

/// What is shown, as JSON.
pub(super) fn to_value(shown: &impl Serialize) -> Result<Value, ServiceError> {
    serde_json::to_value(shown)
        .map_err(|error| ServiceError::new(ErrorCode::Internal, format!("a view does not become JSON: {error}")))
}
