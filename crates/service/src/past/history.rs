//! All that a question about the past touches, and the world that is folded from it at its clocks.

use std::collections::{BTreeMap, BTreeSet};

use onefold_customer::CustomerRows;
use onefold_event::{DecodedEvent, Micros, Subject, SubjectKind, catalogue, format_micros, party_id};
use onefold_fold::{FactState, asserted_identifiers};
use onefold_identity::IdentityRules;
use onefold_log::EVENTS_TOPIC;
use onefold_model::{HubModel, IdentityModel, LoggedEvent};
use onefold_view::{Bundle, parties_named};
use uuid::Uuid;

use super::candidates::EventCopy;
use super::subject_search::{MOST_SUBJECTS, SubjectSearch, check_bound};
use super::{PastWorld, ReadClocks};
use crate::{CustomerReference, Service, ServiceError};

/// Records of each partition among which the first is that the hub took in.
const FIRST_RECORDS: usize = 256;

/// All that a question touches, whatever its clocks: what the world at a moment is folded from.
pub(super) struct PastHistory {
    copies: Vec<EventCopy>,
    search: SubjectSearch,
    positions: Vec<u64>,
    /// The read model had all of the log.
    caught_up: bool,
}

/// The same, with the world at the clocks of the question.
pub(super) struct FoldedPast {
    pub(super) history: PastHistory,
    pub(super) world: PastWorld,
}

impl Service {
    /// The part of the hub that says what a reference means, and the party whose customer that is; of a document none where nobody
    /// holds it. A customer's part is whole; of a document's customer there is no more than who it is.
    pub(crate) async fn past_world(
        &self,
        reference: &CustomerReference,
        clocks: &ReadClocks,
    ) -> Result<(PastWorld, Option<Subject>), ServiceError> {
        let (found, party) = self.past_history(reference, clocks).await?;
        Ok((found.world, party))
    }

    /// The same with what the world is folded from, for worlds at other clocks.
    pub(super) async fn past_history(
        &self,
        reference: &CustomerReference,
        clocks: &ReadClocks,
    ) -> Result<(FoldedPast, Option<Subject>), ServiceError> {
        let mut search = SubjectSearch::new(clocks, &self.rules);
        let named = self.begin_search(&mut search, reference).await?;
        let found = self.fold_past(search, clocks).await?;
        let party = match (reference, named) {
            (CustomerReference::Identifier(key), _) => Some(found.world.holder_of(key)?),
            (CustomerReference::Subject(document), None) => found.world.owner_of(document),
            (_, named) => named,
        };
        match party {
            Some(party) if reference.document().is_none() => {
                let found = self.fold_customer(found, &party, clocks).await?;
                self.check_known(&found, &party, reference).await?;
                Ok((found, Some(party)))
            }
            party => Ok((found, party)),
        }
    }

    /// The customer that a reference means, a document among them, and all that is its own.
    pub(crate) async fn past_customer(
        &self,
        reference: &CustomerReference,
        clocks: &ReadClocks,
    ) -> Result<(PastWorld, Subject), ServiceError> {
        let (found, party) = self.past_history(reference, clocks).await?;
        let party = party.ok_or_else(|| {
            ServiceError::not_found(format!("no customer held {reference} at these clocks: it was unattributed"))
        })?;
        Ok((self.fold_customer(found, &party, clocks).await?.world, party))
    }

    /// All that is the own of the customer that holds a party: it has more documents than those by which it was found.
    async fn fold_customer(
        &self,
        FoldedPast { history, world }: FoldedPast,
        party: &Subject,
        clocks: &ReadClocks,
    ) -> Result<FoldedPast, ServiceError> {
        if history.search.asked.contains(party) {
            return Ok(FoldedPast { history, world });
        }
        let mut search = history.search;
        search.asked.extend(world.model.customer(party).unwrap_or_default().iter().cloned());
        self.fold_past(search, clocks).await
    }

    /// Has a search begin with what a reference names, and with the one customer that it means now, which is nearly always the one
    /// that it meant. Gives the party where it names one, itself or by its id.
    async fn begin_search(
        &self,
        search: &mut SubjectSearch,
        reference: &CustomerReference,
    ) -> Result<Option<Subject>, ServiceError> {
        let (party, present) = match reference {
            CustomerReference::Id(id) => {
                let rows = self.customers().customer_by_id(*id).await?;
                (Some(party_of_id(rows.as_ref(), *id)?), rows)
            }
            CustomerReference::Identifier(key) => {
                search.ask_value(key);
                let heads = self.customers().holding(key).await?.parties;
                // Of many that share a value no more is wanted than who they were.
                let [head] = heads.as_slice() else {
                    search.beside.extend(heads.iter().filter_map(|head| head.parse().ok()));
                    return Ok(None);
                };
                (None, self.customers().customer(head).await?)
            }
            CustomerReference::Subject(party) if party.kind() == SubjectKind::Party => {
                (Some(party.clone()), self.customers().customer(party.as_str()).await?)
            }
            CustomerReference::Subject(document) => {
                search.documents.insert(document.clone());
                (None, None)
            }
        };
        search.asked.extend(party.clone());
        if let Some(rows) = present {
            self.add_present(search, &rows).await?;
        }
        Ok(party)
    }

    /// Has a search begin with a customer of now.
    async fn add_present(&self, search: &mut SubjectSearch, rows: &CustomerRows) -> Result<(), ServiceError> {
        let members: Vec<String> = rows.parties.keys().cloned().collect();
        for (member, state) in members.iter().zip(self.store.subjects(&members).await?) {
            if let Ok(member) = member.parse::<Subject>() {
                search.add_present(&member, asserted_identifiers(&member, state.as_ref()).into_keys());
            }
        }
        let documents: i64 = rows.bundles.values().map(Bundle::document_count).sum();
        check_bound(usize::try_from(documents).unwrap_or(0), MOST_SUBJECTS, "documents")?;
        let documents = self.all_documents(rows).await?;
        search.documents.extend(documents.iter().filter_map(|key| key.parse().ok()));
        Ok(())
    }

    /// Who was not heard of yet at the clocks has no view there: says who it is now, and since when.
    async fn check_known(
        &self,
        FoldedPast { history, world }: &FoldedPast,
        party: &Subject,
        reference: &CustomerReference,
    ) -> Result<(), ServiceError> {
        if world.is_customer_heard_of(party) {
            return Ok(());
        }
        let Some(rows) = self.customers().customer(party.as_str()).await? else {
            return Err(ServiceError::not_found(format!("nothing is known of {reference}")));
        };
        let now = self.name(&rows);
        let called = if now.name.is_empty() { "no name known" } else { &now.name };
        let least = |of: &BTreeMap<Subject, Micros>| {
            let all = rows.parties.keys().filter_map(|party| of.get(party.as_str()).copied());
            all.min().map_or_else(|| "a time that is not known".to_owned(), format_micros)
        };
        Err(ServiceError::not_found(format!(
            "{reference} was not there yet at these clocks: today it is {} ({called}), of which the first event happened at {}, and the \
             first was taken in at {}; ask for a later time, or without a clock",
            now.id,
            least(&history.search.first_happened),
            least(&history.search.first_seen)
        )))
    }

    /// Finds all whom the search touches, and folds what counts of them.
    async fn fold_past(&self, mut search: SubjectSearch, clocks: &ReadClocks) -> Result<FoldedPast, ServiceError> {
        let followed = self.store.followed().await?;
        let heads = self.log.heads(EVENTS_TOPIC).await?;
        let positions = followed.positions;
        search.earliest = self.first_recorded(positions.len()).await?;
        let candidates = self.search_candidates(&mut search, &positions).await?;
        let copies = candidates.take_events(&search.subjects());
        let caught_up = heads == positions && !followed.waiting;
        let history = PastHistory { copies, search, positions, caught_up };
        let world = history.world_at(clocks, &self.rules)?;
        Ok(FoldedPast { history, world })
    }

    /// When the hub took in its first record; none where there is none. Doors stamp beside each other, so it is among the first few.
    async fn first_recorded(&self, partitions: usize) -> Result<Option<Micros>, ServiceError> {
        if let Some(first) = self.first_recorded.get() {
            return Ok(Some(*first));
        }
        let mut first: Option<Micros> = None;
        for partition in (0u32..).take(partitions) {
            let records = self.log.read(EVENTS_TOPIC, partition, 0, FIRST_RECORDS).await?;
            first = first.into_iter().chain(records.iter().map(|stored| stored.record.time)).min();
        }
        Ok(first.map(|first| *self.first_recorded.get_or_init(|| first)))
    }
}

impl PastHistory {
    /// Whether the world at any earlier moment of knowledge can be folded from it: of values that linked nobody by the last one, not
    /// all who asserted them were followed, and they may have linked before.
    pub(super) fn is_whole_before(&self) -> bool {
        self.search.hubs().is_empty()
    }

    /// The world at these clocks.
    pub(super) fn world_at(&self, clocks: &ReadClocks, rules: &IdentityRules) -> Result<PastWorld, ServiceError> {
        let Self { copies, search, positions, caught_up } = self;
        if let (Some(earliest), Some(known_at)) =
            (search.earliest, clocks.known_at.into_iter().chain(clocks.identity_at).min())
            && known_at < earliest
        {
            return Err(ServiceError::invalid(format!(
                "the hub knew nothing at {}: it took in its first event at {}; ask for a later time",
                format_micros(known_at),
                format_micros(earliest)
            )));
        }
        let identity = {
            let counts = |at: Micros| clocks.identity_at.is_none_or(|until| at <= until);
            let events: Vec<LoggedEvent> =
                copies.iter().filter(|copy| counts(copy.fact.recorded_at)).map(EventCopy::logged).collect();
            let first_seen = search.first_seen.iter().filter(|(_, at)| counts(**at));
            let first_seen = first_seen.map(|(party, at)| (party.clone(), *at)).collect();
            IdentityModel::of(&events, first_seen, search.hubs(), rules)
        };
        let (mut facts, mut heard_of) = (BTreeMap::<Subject, Vec<FactState>>::new(), BTreeSet::new());
        let mut events: Vec<LoggedEvent> = Vec::new();
        for copy in copies_at(copies, clocks) {
            parties_named(&copy.event, &mut |party, _| heard_of.extend([party.clone()]));
            events.push(copy.logged());
            facts.entry(copy.event.header.subject.clone()).or_default().push(copy.fact.clone());
        }
        facts.values_mut().for_each(|facts| FactState::sort_facts(facts));
        let model = HubModel::with_identity(&events, identity, rules.clone());
        Ok(PastWorld { model, facts, clocks: clocks.answered(positions.clone(), *caught_up), heard_of })
    }
}

/// The party whose id this is, among the customer that answers to it: any id ever issued is some party's.
fn party_of_id(rows: Option<&CustomerRows>, id: Uuid) -> Result<Subject, ServiceError> {
    let parties = rows.into_iter().flat_map(|rows| rows.parties.keys());
    let party = { parties }.find(|party| party_id(party) == id).and_then(|party| party.parse().ok());
    party.ok_or_else(|| ServiceError::not_found(format!("nothing is known of {id}")))
}

impl EventCopy {
    fn logged(&self) -> LoggedEvent {
        LoggedEvent { event: self.event.clone(), digest: self.fact.digest, recorded_at: self.fact.recorded_at }
    }
}

/// The copies that count for facts (rule G1). Which of contradicting copies stands is judged by what was known, whatever they say of
/// when it was. A correction speaks of its subject's own time (rule G2): it counts as soon as anything about that counts.
fn copies_at<'a>(copies: &'a [EventCopy], clocks: &ReadClocks) -> Vec<&'a EventCopy> {
    let is_known = |copy: &&EventCopy| clocks.known_at.is_none_or(|at| copy.fact.recorded_at <= at);
    let copies: Vec<&EventCopy> = copies.iter().filter(is_known).collect();
    let Some(as_of) = clocks.as_of else { return copies };
    let mut stands: BTreeMap<[u8; 16], (Micros, [u8; 16])> = BTreeMap::new();
    let mut begins: BTreeMap<Subject, Micros> = BTreeMap::new();
    for copy in &copies {
        let order = (copy.fact.recorded_at, copy.fact.digest);
        let first = stands.entry(copy.fact.id).or_insert(order);
        *first = order.min(*first);
        if !is_correction(&copy.event) {
            let begin = begins.entry(copy.event.header.subject.clone()).or_insert(copy.fact.occurred_at);
            *begin = copy.fact.occurred_at.min(*begin);
        }
    }
    let counts = |copy: &EventCopy| {
        let begin = begins.get(&copy.event.header.subject).filter(|_| is_correction(&copy.event));
        copy.fact.occurred_at <= as_of || begin.is_some_and(|begin| *begin <= as_of)
    };
    let is_first = |copy: &EventCopy| stands.get(&copy.fact.id) == Some(&(copy.fact.recorded_at, copy.fact.digest));
    let standing: BTreeSet<[u8; 16]> =
        copies.iter().filter(|copy| is_first(copy) && counts(copy)).map(|copy| copy.fact.id).collect();
    copies.into_iter().filter(|copy| standing.contains(&copy.fact.id) && counts(copy)).collect()
}

fn is_correction(event: &DecodedEvent) -> bool {
    catalogue().get(event.body.name()).is_ok_and(|ty| ty.correction)
}
