//! What a customer's view is made of, now or at the clocks of a past.

use std::collections::{BTreeMap, BTreeSet};

use onefold_customer::CustomerRows;
use onefold_event::Subject;
use onefold_fold::SubjectState;
use onefold_identity::{IdentityRules, PartyFacts};
use onefold_store::FactsOf;
use onefold_view::{Bundle, Contribution, CustomerView, OpenItem, PurchaseTallies};
use serde_json::Value;

use crate::document::rows::SubjectReader;
use crate::events::{EventPlace, places};
use crate::past::PastWorld;
use crate::{CustomerReference, ErrorCode, ReadClocks, Service, ServiceError, Shown};

/// Documents of a customer whose values are explained at most.
const MOST_DOCUMENTS: usize = 20_000;
/// How often what a view is made of is read again where it changed meanwhile.
const TRIES: usize = 5;
/// Subjects whose facts are read at once.
const CHUNK: usize = 500;

/// What a customer's view is made of.
pub(super) struct ViewBasis {
    /// The view, as `show` shows it.
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
            let shown = to_value(&service.show(&head, today).await?)?;
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
                return Ok(Self { shown, rows, contributions, open, facts, today, world: None });
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
        let head = CustomerReference::Subject(party.clone());
        let shown = to_value(&service.show_world(&world, &head, Some(&party), today).await?)?;
        let (rows, contributions) = (world.customer_rows(&party), world.contributions(&party));
        let (facts, open) = (world.party_facts(&party), rows.open.iter().cloned().collect());
        Ok(Self { shown, rows, contributions, open, facts, today, world: Some(world) })
    }

    /// The view of what one party or document adds alone: what stands at a path in it is its part of what stands there in the whole.
    /// Of what it bought all is tallied, or one product or category.
    pub(super) fn part_view(
        &self,
        rules: &IdentityRules,
        adds: &BTreeMap<String, Contribution>,
        bought: Option<&str>,
    ) -> CustomerView {
        let (parties, hubs, decisions) =
            (self.rows.parties.clone(), self.rows.hubs.clone(), self.rows.decisions.clone());
        let mut rows = CustomerRows { parties, hubs, decisions, ..CustomerRows::default() };
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
        rows.view(rules, self.today, tallies.as_ref())
    }

    /// The same as JSON.
    pub(super) fn part_value(
        &self,
        rules: &IdentityRules,
        adds: &BTreeMap<String, Contribution>,
        bought: Option<&str>,
    ) -> Result<Value, ServiceError> {
        to_value(&Shown::Customer(Box::new(self.part_view(rules, adds, bought))))
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

    /// Places of the events of subjects, by business time.
    pub(super) async fn places(
        &self,
        service: &Service,
        subjects: &BTreeSet<Subject>,
    ) -> Result<Vec<EventPlace>, ServiceError> {
        let mut all = match &self.world {
            Some(world) => world.places_of(subjects),
            None => service.places_now(subjects).await?,
        };
        all.sort();
        Ok(all)
    }
}

impl Service {
    /// Places of the events of subjects, as they are now.
    pub(super) async fn places_now(&self, subjects: &BTreeSet<Subject>) -> Result<Vec<EventPlace>, ServiceError> {
        let (subjects, mut all) = (subjects.iter().collect::<Vec<_>>(), Vec::new());
        for some in subjects.chunks(CHUNK) {
            let asked: Vec<FactsOf> = some.iter().map(|subject| FactsOf::all(subject.as_str())).collect();
            self.store.facts(&asked).await?.iter().for_each(|facts| all.extend(places(facts)));
        }
        Ok(all)
    }
}

/// What is shown, as JSON.
pub(super) fn to_value(shown: &Shown) -> Result<Value, ServiceError> {
    serde_json::to_value(shown)
        .map_err(|error| ServiceError::new(ErrorCode::Internal, format!("a view does not become JSON: {error}")))
}
