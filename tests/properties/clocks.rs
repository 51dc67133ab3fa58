//! A read in the past answers as a hub does that was fed no more than the events which count at its clocks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use onefold_event::{EmptyKeyRing, Event, Micros, Subject, catalogue};
use onefold_identity::{IdentifierKey, normalise_identifier};
use onefold_model::{HubModel, LoggedEvent};
use onefold_service::{
    ClockSpan, ClockTexts, CustomerReference, Document, ErrorCode, ListingOrder, MOST, MovedClock, ReadClocks, Service,
    Shown, ValueChange,
};
use onefold_testkit::{Shape, TestHub, hub_key};
use onefold_view::parties_named;
use proptest::prelude::*;

use crate::order::{company, people, runtime, shape};

/// When the first event of a history was recorded, and when it happened at the earliest, but for amendments.
const RECORDED: Micros = 1_750_000_000_000_000;
const HAPPENED: Micros = 1_700_000_000_000_000;
/// Later than all of it.
const NOW: Micros = 1_900_000_000_000_000;

/// Where the three clocks stand: seconds of business time, and so many events known; none: now.
#[derive(Debug, Clone, Copy)]
struct Clocks {
    as_of: Option<i64>,
    known_at: Option<i64>,
    identity_at: Option<i64>,
}

impl Clocks {
    fn as_of(self) -> Option<Micros> {
        self.as_of.map(|seconds| HAPPENED + seconds * 1_000_000)
    }

    fn read(self) -> ReadClocks {
        let text = |at: Option<Micros>| at.map(onefold_event::format_micros);
        let recorded = |at: Option<i64>| text(at.map(|n| RECORDED + n));
        let (as_of, known_at, identity_at) = (text(self.as_of()), recorded(self.known_at), recorded(self.identity_at));
        let texts =
            ClockTexts { as_of: as_of.as_deref(), known_at: known_at.as_deref(), identity_at: identity_at.as_deref() };
        ReadClocks::read(texts, jiff::tz::TimeZone::UTC, NOW).expect("clocks")
    }
}

fn clocks() -> impl Strategy<Value = Clocks> {
    let known = || prop::option::weighted(0.7, 0..60i64);
    let together = (known(), prop::option::of(-1..20i64)).prop_map(|(at, as_of)| (as_of, at, at));
    let apart = (prop::option::of(-1..20i64), known(), known());
    prop_oneof![1 => together, 1 => apart].prop_map(|(as_of, known_at, identity_at)| Clocks {
        as_of,
        known_at,
        identity_at,
    })
}

fn service(hub: &TestHub) -> Service {
    Service::new(Arc::clone(&hub.log), Arc::clone(&hub.store), None, hub.rules(), Arc::new(EmptyKeyRing))
}

async fn hub_of(events: &[(Event, Micros)], shape: Shape) -> TestHub {
    let mut hub = TestHub::on(&crate::engine(), shape).await;
    hub.append_at(events).await;
    hub.settle().await;
    hub
}

fn known_by(events: &[(Event, Micros)], at: Option<i64>) -> Vec<(Event, Micros)> {
    events.iter().filter(|(_, time)| at.is_none_or(|n| *time <= RECORDED + n)).cloned().collect()
}

/// Those that happened by a time, a correction when its subject did; of copies that contradict each other the first decides.
fn happened_by(events: Vec<(Event, Micros)>, as_of: Option<Micros>) -> Vec<(Event, Micros)> {
    let Some(as_of) = as_of else { return events };
    let is_change = |event: &Event| !event.ty().correction;
    let subject_began = |subject: &Subject| {
        let of_it = events.iter().filter(|(event, _)| is_change(event) && event.header.subject == *subject);
        of_it.map(|(event, _)| event.header.occurred_at).min()
    };
    let counts = |event: &Event| {
        let began = if is_change(event) { None } else { subject_began(&event.header.subject) };
        event.header.occurred_at <= as_of || began.is_some_and(|began| began <= as_of)
    };
    let key = hub_key();
    let first_stands = |event: &Event| {
        let copies = events.iter().filter(|(other, _)| other.header.id == event.header.id);
        let first = copies.min_by_key(|(other, time)| (*time, key.digest_event(other)));
        first.is_some_and(|(first, _)| counts(first))
    };
    events.iter().filter(|(event, _)| counts(event) && first_stands(event)).cloned().collect()
}

fn logged(events: &[(Event, Micros)]) -> Vec<LoggedEvent> {
    let one = |(event, time): &(Event, Micros)| LoggedEvent::new(event.clone(), *time, &hub_key(), &EmptyKeyRing);
    events.iter().map(one).collect::<Result<_, _>>().expect("events in clear")
}

/// Compares every customer that there was, asked for by a party and by the id that it bore.
async fn each_customer_is_as_it_was(events: &[(Event, Micros)], clocks: Clocks, shape: Shape) {
    let hub = hub_of(events, shape).await;
    let (service, asked) = (service(&hub), clocks.read());
    let facts = happened_by(known_by(events, clocks.known_at), clocks.as_of());
    let known = known_by(events, clocks.identity_at);
    let identity = HubModel::of(&logged(&known), hub.rules()).identity().clone();
    let facts = logged(&facts);
    let expected = HubModel::with_identity(&facts, identity, hub.rules());
    let mut heard_of: BTreeSet<Subject> = BTreeSet::new();
    for fact in &facts {
        parties_named(&fact.event, &mut |party, _| heard_of.extend([party.clone()]));
    }
    let nothing_known = {
        let first = events.iter().map(|(_, time)| *time).min().expect("a history");
        let until = clocks.known_at.into_iter().chain(clocks.identity_at).min();
        until.is_some_and(|n| RECORDED + n < first)
    };
    for parties in expected.customers() {
        let party = parties.first().expect("a party");
        let shown = service.past_show(&CustomerReference::Subject(party.clone()), &asked, Some(20_500)).await;
        if nothing_known {
            assert_eq!(shown.map_err(|error| error.code), Err(ErrorCode::Invalid), "{party}");
            continue;
        }
        if !parties.iter().any(|party| heard_of.contains(party)) {
            assert_eq!(shown.map_err(|error| error.code), Err(ErrorCode::NotFound), "{party}");
            continue;
        }
        let shown = shown.unwrap_or_else(|error| panic!("{party}: {error}"));
        let view = expected.view(party, Some(20_500)).expect("a customer");
        let Shown::Customer(shown) = shown.answer else { panic!("{party} is shown as a document") };
        let json = |view| serde_json::to_value(view).expect("a view");
        assert_eq!(json(&*shown), json(&view), "{party}");
        let id = expected.id_of(party).expect("an id");
        let by_id = service.past_show(&CustomerReference::Id(id), &asked, Some(20_500)).await.expect("an id");
        let Shown::Customer(by_id) = by_id.answer else { panic!("{id} is shown as a document") };
        assert_eq!(json(&*by_id), json(&view), "{id}");
    }
    if nothing_known {
        return;
    }
    for key in values_of(&logged(events)) {
        let holders = expected.identity().holders(&key).filter(|party| heard_of.contains(*party));
        let ids: BTreeSet<_> = holders.filter_map(|party| expected.id_of(party)).collect();
        let shown = service.past_show(&CustomerReference::Identifier(key.clone()), &asked, Some(20_500)).await;
        let code = match ids.len() {
            0 => ErrorCode::NotFound,
            1 => {
                let Shown::Customer(shown) = shown.unwrap_or_else(|error| panic!("{key}: {error}")).answer else {
                    panic!("{key} is shown as a document")
                };
                let party = shown.parties.first().expect("a party").parse().expect("a party");
                assert_eq!(ids.first(), expected.id_of(&party).as_ref(), "{key}");
                let view = expected.view(&party, Some(20_500)).expect("a customer");
                assert_eq!(serde_json::to_value(&*shown).ok(), serde_json::to_value(&view).ok(), "{key}");
                continue;
            }
            _ => ErrorCode::Ambiguous,
        };
        assert_eq!(shown.map_err(|error| error.code), Err(code), "{key}");
    }
}

/// Every valid identifier that events carry.
fn values_of(events: &[LoggedEvent]) -> BTreeSet<IdentifierKey> {
    let all = events.iter().flat_map(|logged| logged.event.body.identifiers());
    all.filter_map(|found| normalise_identifier(&found.kind, &found.text, &found.issuer).ok()).collect()
}

/// All documents of a customer at clocks, three to a page.
async fn pages(service: &Service, of: &CustomerReference, clocks: &ReadClocks) -> Vec<Document> {
    let (mut items, mut cursor) = (Vec::new(), None);
    loop {
        let page = service
            .past_documents(of, clocks, ListingOrder::NewestFirst, (cursor.as_deref(), 3), |_| true)
            .await
            .expect("documents")
            .answer;
        assert!(page.items.len() == 3 || page.next.is_none(), "a page that another follows is full");
        items.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return items;
        }
    }
}

/// What the three lists of a customer hold, and whose its documents are.
type Lists = BTreeMap<String, (Vec<String>, usize, i64)>;

/// Compares a hub's reads at clocks with the reads now of one that was fed what counts.
async fn lists_are_as_they_were(events: &[(Event, Micros)], known: i64, shape: Shape) {
    let (hub, before) = (hub_of(events, shape).await, hub_of(&known_by(events, Some(known)), shape).await);
    let clocks = Clocks { as_of: None, known_at: Some(known), identity_at: Some(known) }.read();
    let (now, then) = (service(&hub), service(&before));
    let (mut found, mut expected): (Lists, Lists) = Default::default();
    for (id, view) in before.shown().await {
        let reference: CustomerReference = id.parse().expect("an id");
        let shown = now.past_show(&reference, &clocks, None).await.expect("a customer of then").answer;
        let view: serde_json::Value = serde_json::from_slice(&view).expect("a view");
        assert_eq!(serde_json::to_value(&shown).expect("a view"), view, "{id}");
        let items = pages(&now, &reference, &clocks).await;
        let places = now.past_events(&reference, &clocks).await.expect("events").answer;
        let status = now.past_status(&reference, &clocks).await.expect("a status").answer;
        let rows = |items: Vec<_>| items.iter().map(|item| format!("{item:?}")).collect::<Vec<_>>();
        found.insert(id.clone(), (rows(items), places.len(), status.documents));
        let page = then.documents(Some(&reference), ListingOrder::NewestFirst, None, MOST).await.expect("documents");
        let places = then.events(&reference).await.expect("events");
        let party = view["parties"][0].as_str().expect("a party");
        let documents = before.customer(party).await.bundles.values().map(onefold_view::Bundle::document_count).sum();
        expected.insert(id, (rows(page.items), places.len(), documents));
    }
    assert_eq!(found, expected);
    let documents =
        before.customers().unattributed_documents(ListingOrder::OldestFirst, None, 1_000).await.expect("documents");
    let of_customers = expected.keys().map(|id| id.parse().expect("an id"));
    let mut places: BTreeSet<String> = documents.into_iter().map(|row| row.place.subject).collect();
    for reference in of_customers.collect::<Vec<CustomerReference>>() {
        let page = then.documents(Some(&reference), ListingOrder::OldestFirst, None, MOST).await.expect("documents");
        places.extend(page.items.into_iter().map(|item| item.subject));
    }
    for subject in places {
        let reference: CustomerReference = subject.parse().expect("a document");
        let (was, is) = (then.show(&reference, None).await, now.past_show(&reference, &clocks, None).await);
        // Where its events stand in the log is each hub's own.
        let inside = |shown: Shown| match shown {
            Shown::Document(of) => (of.whose, of.why, of.open, of.content, of.events.len()),
            Shown::Customer(_) => panic!("{subject} is shown as a customer"),
        };
        let is = is.map(|is| inside(is.answer)).map_err(|e| e.code);
        assert_eq!(is, was.map(inside).map_err(|e| e.code), "{subject}");
    }
}

/// Compares what is told of the way from one moment to another with what is read at both.
async fn differences_are_those_of_two_reads(events: &[(Event, Micros)], moments: (i64, i64), shape: Shape) {
    let hub = hub_of(events, shape).await;
    let service = service(&hub);
    let (from, to) = (moments.0.min(moments.1), moments.0.max(moments.1));
    for clock in [MovedClock::AsOf, MovedClock::KnownAt] {
        let at = |n: i64| match clock {
            // Some days apart, so that what days alone change is met too.
            MovedClock::AsOf => {
                let seconds = if n < 20 { n } else { n * 86_400 };
                Clocks { as_of: Some(seconds), known_at: None, identity_at: None }.read()
            }
            MovedClock::KnownAt => Clocks { as_of: None, known_at: Some(n), identity_at: Some(n) }.read(),
        };
        let (from, to) = (at(from), at(to));
        let span = ClockSpan::new(clock, Some(from.clone()), to.clone()).expect("moments in their order");
        for (id, view) in hub.shown().await {
            let view: serde_json::Value = serde_json::from_slice(&view).expect("a view");
            let party = view["parties"][0].as_str().and_then(|party| party.parse().ok()).expect("a party");
            let reference = CustomerReference::Subject(party);
            let day = (clock == MovedClock::KnownAt).then_some(NOW / 86_400_000_000);
            let read = async |clocks: &ReadClocks| {
                let shown = service.past_show(&reference, clocks, day).await.map_err(|error| error.code);
                shown.map(|past| serde_json::to_value(past.answer).expect("a view"))
            };
            let (before, after) = (read(&from).await, read(&to).await);
            let told = service.difference(&reference, &span).await.map_err(|error| error.code);
            let (Ok(before), Ok(after)) = (
                before.map(Some).or_else(|code| if code == ErrorCode::NotFound { Ok(None) } else { Err(code) }),
                &after,
            ) else {
                let code = told.expect_err("one of the moments cannot be read");
                assert!([ErrorCode::Invalid, ErrorCode::NotFound].contains(&code), "{id}: {code:?}");
                continue;
            };
            let told = told.unwrap_or_else(|code| panic!("{id}: {code:?}"));
            assert_eq!(told.changes, ValueChange::between(before.as_ref(), Some(after)), "{id} by {clock:?}");
            let on_the_way: BTreeSet<&str> =
                told.steps.iter().flat_map(|step| &step.changes).map(|change| change.path.as_str()).collect();
            for change in &told.changes {
                let within = |path: &&str| change.path.starts_with(*path) || path.starts_with(change.path.as_str());
                assert!(on_the_way.iter().any(within), "{id} by {clock:?}: no step changes {}", change.path);
            }
        }
    }
}

/// Histories that are tried: ONEFOLD_HISTORIES, or a few.
fn histories() -> u32 {
    std::env::var("ONEFOLD_HISTORIES").ok().and_then(|n| n.parse().ok()).unwrap_or(40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: histories(), max_shrink_iters: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_read_equals_a_hub_that_was_fed_only_what_counts_at_its_clocks(
        events in company(),
        order in prop::collection::vec(any::<u32>(), 60),
        late in prop::collection::vec((any::<prop::sample::Index>(), 0..60i64), 0..6),
        clocks in clocks(),
        shape in shape(),
    ) {
        let mut all: Vec<(u32, (Event, Micros))> = order.into_iter().cycle().zip(events.iter().cloned()).collect();
        all.sort_by_key(|(key, _)| *key);
        let mut all: Vec<(Event, Micros)> = all.into_iter().map(|(_, event)| event).collect();
        for (which, at) in late {
            // A copy that the hub took in at another time.
            all.push((all[which.index(all.len())].0.clone(), RECORDED + at));
        }
        runtime().block_on(each_customer_is_as_it_was(&all, clocks, shape));
    }

    #[test]
    fn who_was_one_customer_is_found_at_any_time(events in people(), clocks in clocks(), shape in shape()) {
        runtime().block_on(each_customer_is_as_it_was(&events, clocks, shape));
    }

    #[test]
    fn a_difference_is_that_of_two_reads_and_its_steps_lead_from_one_to_the_other(
        events in company(), moments in (0..60i64, 0..60i64), shape in shape(),
    ) {
        runtime().block_on(differences_are_those_of_two_reads(&events, moments, shape));
    }

    #[test]
    fn lists_and_documents_of_then_are_those_of_a_hub_of_then(events in company(), known in 0..60i64, shape in shape()) {
        runtime().block_on(lists_are_as_they_were(&events, known, shape));
    }
}

#[test]
fn four_types_are_corrections() {
    let corrections: Vec<&str> = catalogue().types().filter(|ty| ty.correction).map(|ty| ty.name).collect();
    assert_eq!(
        corrections,
        [
            "decision.document_reassigned.v1",
            "decision.identifier_withdrawn.v1",
            "fact.withdrawn.v1",
            "party.corrected.v1"
        ]
    );
}
