//! What is said to a hub, and what the hub in memory makes of it.

use std::collections::BTreeMap;

use onefold_event::{Body, DecodedEvent, EmptyKeyRing, Event, EventId, HubKey, IdParts, Micros, Subject, parse_time};
use onefold_identity::{IdentityRules, Ownership};
use onefold_model::{HubModel, LoggedEvent};
use onefold_view::{
    Bundle, Contribution, CustomerView, Fragment, MoneyTotals, OpenItem, OwnerKeys, ViewInput, assemble, day_number,
};

/// What was said, in the order of saying.
#[derive(Default, Clone)]
pub(crate) struct Hub {
    said: Vec<(Event, Micros)>,
}

/// What the hub makes of it.
pub(crate) struct Folded {
    model: HubModel,
    pub(crate) fragments: BTreeMap<Subject, Fragment>,
    pub(crate) keys: BTreeMap<Subject, OwnerKeys>,
    pub(crate) contributions: BTreeMap<Subject, BTreeMap<String, Contribution>>,
    pub(crate) bundles: BTreeMap<String, Bundle>,
    pub(crate) customers: Vec<Vec<Subject>>,
}

pub(crate) fn subject(text: &str) -> Subject {
    text.parse().unwrap_or_else(|e| panic!("{e}"))
}

impl Hub {
    /// A fact of its own.
    pub(crate) fn say(&mut self, about: &str, at: &str, body: impl Into<Body>) -> &mut Event {
        let fact = format!("{}", self.said.len());
        self.revise(&fact, 0, about, at, body)
    }

    /// A revision of a fact.
    pub(crate) fn revise(
        &mut self,
        fact: &str,
        order: i64,
        about: &str,
        at: &str,
        body: impl Into<Body>,
    ) -> &mut Event {
        let subject = subject(about);
        let (source, parts, revision) =
            (subject.source().to_owned(), [about.to_owned(), fact.to_owned()], order.to_string());
        let id = IdParts { source: &source, part: "", parts: &parts, revision: &revision };
        let (id, fact): (EventId, EventId) = (id.event_id(), id.fact_id());
        let day = !at.contains('T');
        let at = if day { format!("{at}T00:00:00+00:00") } else { at.to_owned() };
        let (at, offset) = parse_time(&at).unwrap_or_else(|| panic!("{at} is not a time"));
        let mut event = Event::new(id, fact, &source, subject, at, body.into()).unwrap_or_else(|e| panic!("{e}"));
        (event.header.day, event.header.offset) = (day, offset);
        event.header.revision_order = vec![order];
        let recorded_at = i64::try_from(self.said.len()).unwrap();
        self.said.push((event, recorded_at));
        self.said.last_mut().map(|(event, _)| event).unwrap()
    }

    /// An event as it is.
    pub(crate) fn take(&mut self, event: Event) {
        let recorded_at = i64::try_from(self.said.len()).unwrap();
        self.said.push((event, recorded_at));
    }

    /// The same events in another order of reading.
    pub(crate) fn shuffled(&self, by: impl Fn(usize) -> u64) -> Self {
        let mut said: Vec<(u64, (Event, Micros))> =
            self.said.iter().cloned().enumerate().map(|(n, s)| (by(n), s)).collect();
        said.sort_by_key(|(key, _)| *key);
        Self { said: said.into_iter().map(|(_, s)| s).collect() }
    }

    pub(crate) fn fold(&self) -> Folded {
        self.fold_with(&IdentityRules::default())
    }

    pub(crate) fn fold_with(&self, rules: &IdentityRules) -> Folded {
        let key = HubKey::new(&[7; 32]);
        let logged = |(event, at): &(Event, Micros)| {
            LoggedEvent::new(event.clone(), *at, &key, &EmptyKeyRing).expect("an event in clear")
        };
        let model = HubModel::of(&self.said.iter().map(logged).collect::<Vec<_>>(), rules.clone());
        let states = || model.states().map(|(subject, state)| (subject.clone(), state));
        let contributions = |subject: &Subject| {
            Some((subject.clone(), model.contributions(subject).cloned()?)).filter(|(_, of)| !of.is_empty())
        };
        Folded {
            fragments: states().filter_map(|(subject, state)| Some((subject, state.fragment.clone()?))).collect(),
            keys: states().filter_map(|(subject, state)| Some((subject, state.keys.clone()?))).collect(),
            contributions: states().filter_map(|(subject, _)| contributions(&subject)).collect(),
            bundles: model.bundles().clone(),
            customers: model.customers().to_vec(),
            model,
        }
    }
}

impl Folded {
    pub(crate) fn customer(&self, party: &str) -> &[Subject] {
        self.model.customer(&subject(party)).unwrap_or_default()
    }

    pub(crate) fn are_one(&self, a: &str, b: &str) -> bool {
        self.customer(a).contains(&subject(b))
    }

    /// Whose an owner key is, by the places of the customers.
    pub(crate) fn whose(&self, key: &str) -> Ownership<usize> {
        self.model.whose(key).unwrap_or_else(|| panic!("{key} is not an owner key"))
    }

    pub(crate) fn view(&self, party: &str) -> CustomerView {
        self.view_at(party, None)
    }

    pub(crate) fn view_at(&self, party: &str, today: Option<&str>) -> CustomerView {
        let today = today.map(|day| day_number(day).unwrap());
        self.model.view(&subject(party), today).unwrap_or_else(|| panic!("no event names {party}"))
    }

    /// Bundles of the owner keys that are the customer's.
    pub(crate) fn bundles_of(&self, party: &str) -> BTreeMap<String, Bundle> {
        self.model.bundles_of(&subject(party))
    }

    /// What a bundle alone shows, as JSON.
    pub(crate) fn shown(&self, key: &str, bundle: &Bundle, today: &str) -> String {
        let view = assemble(&ViewInput {
            id: "",
            parties: &[],
            bundles: &BTreeMap::from([(key.to_owned(), bundle.clone())]),
            hubs: self.model.hubs(),
            decisions: &[],
            rules: &IdentityRules::default(),
            open_items: &self.model.open_items().into_iter().filter(|item| item.owner == key).collect::<Vec<_>>(),
            today: day_number(today),
            tallies: None,
        });
        serde_json::to_string(&view).unwrap_or_else(|e| panic!("{e}"))
    }

    pub(crate) fn open_items(&self) -> Vec<OpenItem> {
        self.model.open_items()
    }

    /// Money and documents that no customer holds.
    pub(crate) fn unattributed(&self) -> (MoneyTotals, i64) {
        self.model.unattributed()
    }

    /// Money and documents of everybody and nobody.
    pub(crate) fn total(&self) -> (MoneyTotals, i64) {
        self.model.total()
    }
}

impl Hub {
    /// Each subject's events in fold order.
    pub(crate) fn by_subject(&self) -> BTreeMap<Subject, Vec<(DecodedEvent, Micros)>> {
        let mut all: BTreeMap<Subject, Vec<(DecodedEvent, Micros)>> = BTreeMap::new();
        for said in &self.said {
            all.entry(said.0.header.subject.clone()).or_default().push((decoded(&said.0), said.1));
        }
        all.values_mut().for_each(|events| events.sort_by_key(|(e, at)| (e.header.occurred_at, *at, e.header.id)));
        all
    }
}

/// An event in clear, read.
pub(crate) fn decoded(event: &Event) -> DecodedEvent {
    event.clone().into_decoded(&EmptyKeyRing).expect("an event in clear")
}
