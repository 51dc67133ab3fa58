//! A hub in memory: it does with the pure functions what the stages do with the store, afresh each time it is asked.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::{
    Body, DecodedEvent, EmptyKeyRing, Event, EventId, IdParts, Kind, Micros, Subject, Target, parse_time, party_id,
};
use onefold_identity::{
    Atom, Decision, Held, IdentifierKey, Intermediary, Owner, PartyFacts, Rules, Whose, cluster, whose,
};
use onefold_view::{
    Bundle, Contribution, FactRef, Fragment, Given, Inbound, Keys, OpenItem, Purse, Step, Surroundings, View, assemble,
    contribute, day_number, find_keys, parties_named, reply,
};

/// What was said, in the order of saying.
#[derive(Default, Clone)]
pub(crate) struct Hub {
    said: Vec<(Event, Micros)>,
}

/// What the hub makes of it.
pub(crate) struct Folded {
    pub(crate) fragments: BTreeMap<Subject, Fragment>,
    pub(crate) inbound: BTreeMap<Subject, BTreeMap<String, Inbound>>,
    pub(crate) keys: BTreeMap<Subject, Keys>,
    pub(crate) contributions: BTreeMap<Subject, BTreeMap<String, Contribution>>,
    pub(crate) bundles: BTreeMap<String, Bundle>,
    pub(crate) customers: Vec<Vec<Subject>>,
    pub(crate) hubs: BTreeSet<IdentifierKey>,
    holders: BTreeMap<IdentifierKey, BTreeSet<Subject>>,
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
        let (id, fact): (EventId, EventId) = (id.id(), id.fact());
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
        self.fold_with(&Rules::default())
    }

    pub(crate) fn fold_with(&self, rules: &Rules) -> Folded {
        let mut all = Folded {
            fragments: self.fragments(),
            inbound: BTreeMap::new(),
            keys: BTreeMap::new(),
            contributions: BTreeMap::new(),
            bundles: BTreeMap::new(),
            customers: Vec::new(),
            hubs: BTreeSet::new(),
            holders: BTreeMap::new(),
        };
        all.tell();
        all.own();
        all.contribute();
        all.cluster(rules);
        all
    }

    fn fragments(&self) -> BTreeMap<Subject, Fragment> {
        let said: Vec<(DecodedEvent, Micros)> = self.said.iter().map(|(event, at)| (decoded(event), *at)).collect();
        let mut facts: BTreeMap<(&Subject, EventId), Vec<&(DecodedEvent, Micros)>> = BTreeMap::new();
        for said in &said {
            facts.entry((&said.0.header.subject, said.0.header.fact)).or_default().push(said);
        }
        let mut standing: BTreeMap<&Subject, Vec<FactRef>> = BTreeMap::new();
        let mut superseded = Vec::new();
        for ((about, _), mut revisions) in facts {
            revisions.sort_by(|(a, ra), (b, rb)| {
                (&a.header.revision_order, ra, a.header.id).cmp(&(&b.header.revision_order, rb, b.header.id))
            });
            let (event, recorded_at) = revisions.pop().unwrap();
            standing.entry(about).or_default().push(FactRef { event, recorded_at: *recorded_at });
            superseded.extend(revisions);
        }
        let mut fragments: BTreeMap<Subject, Fragment> = BTreeMap::new();
        for (about, mut facts) in standing {
            facts.sort_by_key(|f| (f.event.header.occurred_at, f.recorded_at, f.event.header.id));
            fragments.insert(about.clone(), Fragment::fold(about, &facts));
        }
        for (event, _) in superseded {
            fragments.entry(event.header.subject.clone()).or_default().assert_superseded(event);
        }
        for (event, _) in &said {
            parties_named(event, &mut |party, guest| {
                if let Some(guest) = guest {
                    fragments.entry(party.clone()).or_insert_with(|| Fragment::fold(party, &[])).greet(guest);
                }
            });
        }
        fragments
    }
}

impl Folded {
    fn tell(&mut self) {
        for (from, fragment) in &self.fragments {
            for (to, words) in fragment.outbound() {
                self.inbound.entry(to).or_default().insert(from.to_string(), words);
            }
        }
        let placeholder = Fragment::default();
        for step in Step::ALL {
            let heard = self.inbound.clone();
            for (from, heard) in &heard {
                let fragment = self.fragments.get(from).unwrap_or(&placeholder);
                for (to, words) in reply(step, from, fragment, heard) {
                    let to = self.inbound.entry(to).or_default();
                    to.entry(from.to_string()).or_default().merge_with(words);
                }
            }
        }
    }

    fn own(&mut self) {
        let none = BTreeMap::new();
        let mut documents: Vec<Subject> = self.fragments.keys().chain(self.inbound.keys()).cloned().collect();
        documents.sort_by_key(|s| (s.kind().rank(), s.clone()));
        documents.dedup();
        for document in documents.into_iter().filter(|s| s.kind().is_document()) {
            let around = Surroundings {
                inbound: self.inbound.get(&document).unwrap_or(&none),
                intermediary: &|party| self.fragments.get(party).map_or(Intermediary::None, Fragment::intermediary),
                keys_of: &|parent| self.keys.get(parent).cloned(),
            };
            if let Some(keys) = find_keys(&document, self.fragments.get(&document), around) {
                self.keys.insert(document, keys);
            }
        }
    }

    fn contribute(&mut self) {
        let none = BTreeMap::new();
        let subjects: BTreeSet<Subject> = self.fragments.keys().chain(self.keys.keys()).cloned().collect();
        for about in subjects {
            let fragment = self.fragments.get(&about).cloned().unwrap_or_default();
            let keys = self.keys.get(&about).cloned().unwrap_or_default();
            let of = contribute(&about, &fragment, self.inbound.get(&about).unwrap_or(&none), &keys);
            for (owner, contribution) in &of {
                self.bundles.entry(owner.clone()).or_default().add(contribution);
            }
            self.contributions.insert(about, of);
        }
    }

    fn cluster(&mut self, rules: &Rules) {
        let mut parties: BTreeMap<Subject, PartyFacts> = BTreeMap::new();
        let mut ever: BTreeMap<IdentifierKey, u64> = BTreeMap::new();
        for (about, fragment) in self.fragments.iter().filter(|(s, _)| s.kind() == Kind::Party) {
            parties.insert(about.clone(), fragment.party_facts(about));
            for (key, stands) in fragment.asserted(about) {
                *ever.entry(key.clone()).or_default() += 1;
                if stands {
                    self.holders.entry(key).or_default().insert(about.clone());
                }
            }
        }
        let references = self.fragments.values().flat_map(Fragment::parties);
        for (_, named) in references.filter(|(role, _)| role.target() == Target::Owner) {
            parties.entry(named.clone()).or_insert_with(|| PartyFacts::new(named));
        }
        self.hubs = ever.into_iter().filter(|(key, n)| rules.is_hub(key.kind(), *n)).map(|(key, _)| key).collect();
        let decisions: Vec<Decision> = self.fragments.iter().filter_map(|(about, f)| f.decision(about)).collect();
        self.customers = cluster(&parties, &decisions, &self.hubs, rules).sets;
    }

    pub(crate) fn customer(&self, party: &str) -> &[Subject] {
        self.customers.iter().find(|set| set.contains(&subject(party))).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn are_one(&self, a: &str, b: &str) -> bool {
        self.customer(a).contains(&subject(b))
    }

    /// Whose an owner key is, by the places of the customers.
    pub(crate) fn whose(&self, key: &str) -> Whose<usize> {
        let place = |party: &Subject| self.customers.iter().position(|set| set.contains(party));
        let owner = Owner::parse(key).unwrap_or_else(|| panic!("{key} is not an owner key"));
        whose(&owner, &|atom: &Atom| match atom {
            Atom::Party(party) => place(party).map_or(Held::Nobody, Held::Customer),
            Atom::Identifier(key) if self.hubs.contains(key) => Held::Hub,
            Atom::Identifier(key) => {
                let holders = self.holders.get(key).into_iter().flatten();
                let places: BTreeSet<usize> = holders.filter_map(place).collect();
                match (places.first(), places.len()) {
                    (Some(one), 1) => Held::Customer(*one),
                    (None, _) => Held::Nobody,
                    _ => Held::Several,
                }
            }
            Atom::First(_) | Atom::Until(_) => panic!("{atom} is made of others"),
        })
    }

    pub(crate) fn view(&self, party: &str) -> View {
        self.view_at(party, None)
    }

    pub(crate) fn view_at(&self, party: &str, today: Option<&str>) -> View {
        let parties = self.customer(party);
        let bundles = self.bundles_of(party);
        let owners: BTreeSet<&str> = bundles.keys().map(String::as_str).collect();
        let items: Vec<OpenItem> =
            self.open_items().into_iter().filter(|i| owners.contains(i.owner.as_str())).collect();
        assemble(&Given {
            id: &parties.first().map(|p| party_id(p.as_str()).to_string()).unwrap_or_default(),
            parties,
            bundles: &bundles,
            hubs: &self.hubs,
            decisions: &[],
            rules: &Rules::default(),
            open_items: &items,
            today: today.map(|day| day_number(day).unwrap()),
            tallies: None,
        })
    }

    /// Bundles of the owner keys that are the customer's.
    pub(crate) fn bundles_of(&self, party: &str) -> BTreeMap<String, Bundle> {
        let place = self.customers.iter().position(|set| set.contains(&subject(party)));
        let own =
            self.bundles.iter().filter(|(key, _)| place.is_some_and(|at| self.whose(key).customers.contains(&at)));
        own.map(|(key, bundle)| (key.clone(), bundle.clone())).collect()
    }

    /// What a bundle alone shows, as JSON.
    pub(crate) fn shown(&self, key: &str, bundle: &Bundle, today: &str) -> String {
        let view = assemble(&Given {
            id: "",
            parties: &[],
            bundles: &BTreeMap::from([(key.to_owned(), bundle.clone())]),
            hubs: &self.hubs,
            decisions: &[],
            rules: &Rules::default(),
            open_items: &self.open_items().into_iter().filter(|item| item.owner == key).collect::<Vec<_>>(),
            today: day_number(today),
            tallies: None,
        });
        serde_json::to_string(&view).unwrap_or_else(|e| panic!("{e}"))
    }

    pub(crate) fn open_items(&self) -> Vec<OpenItem> {
        let all = self.contributions.values().flat_map(BTreeMap::values);
        all.flat_map(Contribution::open_items).collect()
    }

    /// Money and documents that no customer holds.
    pub(crate) fn unattributed(&self) -> (Purse, i64) {
        let mut sum = (Purse::default(), 0);
        for bundle in self.bundles.iter().filter(|(key, _)| !self.whose(key).whole).map(|(_, b)| b) {
            sum.0.add(&bundle.money());
            sum.1 += bundle.documents();
        }
        sum
    }

    /// Money and documents of everybody and nobody.
    pub(crate) fn total(&self) -> (Purse, i64) {
        let mut sum = (Purse::default(), 0);
        for bundle in self.bundles.values() {
            sum.0.add(&bundle.money());
            sum.1 += bundle.documents();
        }
        sum
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
