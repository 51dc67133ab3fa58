//! What may be asked of a model.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::{Micros, Subject, party_id};
use onefold_fold::SubjectState;
use onefold_identity::{
    AtomHolder, IdentifierKey, OwnerAtom, OwnerKey, Ownership, PartyDecision, find_head, find_ownership,
};
use onefold_view::{Bundle, Contribution, CustomerView, MoneyTotals, OpenItem, ViewInput, assemble};

use crate::HubModel;

impl HubModel {
    /// What is kept of a subject; none where no event is about it or names it.
    pub fn state(&self, subject: &Subject) -> Option<&SubjectState> {
        self.states.get(subject)
    }

    /// What is kept of every subject.
    pub fn states(&self) -> impl Iterator<Item = (&Subject, &SubjectState)> {
        self.states.iter()
    }

    /// What a subject adds to owner keys.
    pub fn contributions(&self, subject: &Subject) -> Option<&BTreeMap<String, Contribution>> {
        self.contributions.get(subject)
    }

    /// All contributions to each owner key, added up.
    pub fn bundles(&self) -> &BTreeMap<String, Bundle> {
        &self.bundles
    }

    /// The parties of every customer.
    pub fn customers(&self) -> &[Vec<Subject>] {
        &self.customers
    }

    /// The parties of the customer that holds a party; none where no event names it.
    pub fn customer(&self, party: &Subject) -> Option<&[Subject]> {
        self.place(party).and_then(|place| self.customers.get(place)).map(Vec::as_slice)
    }

    /// Identifiers that link nobody, since too many parties asserted them.
    pub fn hubs(&self) -> &BTreeSet<IdentifierKey> {
        &self.hubs
    }

    /// Whose an owner key is (rule C1), by the places of customers in [`Self::customers`]; none where it is no owner key.
    pub fn whose(&self, key: &str) -> Option<Ownership<usize>> {
        let owner = OwnerKey::parse(key)?;
        Some(find_ownership(&owner, &|atom: &OwnerAtom| match atom {
            OwnerAtom::Party(party) => self.place(party).map_or(AtomHolder::Nobody, AtomHolder::Customer),
            OwnerAtom::Identifier(key) if self.hubs.contains(key) => AtomHolder::Hub,
            OwnerAtom::Identifier(key) => {
                let holders = self.holders.get(key).into_iter().flatten();
                AtomHolder::from_customers(holders.filter_map(|party| self.place(party)))
            }
            // `whose` asks for what these are made of.
            OwnerAtom::First(_) | OwnerAtom::Until(_) => AtomHolder::Nobody,
        }))
    }

    /// Bundles of the owner keys of which the customer that holds a party owns all, or a part where parts are counted.
    pub fn bundles_of(&self, party: &Subject) -> BTreeMap<String, Bundle> {
        let Some(place) = self.place(party) else { return BTreeMap::new() };
        let is_own = |key: &str| self.whose(key).is_some_and(|whose| whose.customers.contains(&place));
        let own = self.bundles.iter().filter(|(key, _)| is_own(key));
        own.map(|(key, bundle)| (key.clone(), bundle.clone())).collect()
    }

    /// Every invoice that is open, by due day.
    pub fn open_items(&self) -> Vec<OpenItem> {
        let all = self.contributions.values().flat_map(BTreeMap::values);
        let mut items: Vec<OpenItem> = all.flat_map(Contribution::open_items).collect();
        items.sort_by(|a, b| (a.due, &a.invoice).cmp(&(b.due, &b.invoice)));
        items
    }

    /// The view of the customer that holds a party; from a day (days since 1970-01-01), without which what depends on it is left
    /// out.
    pub fn view(&self, party: &Subject, today: Option<i64>) -> Option<CustomerView> {
        let parties = self.customer(party)?;
        let bundles = self.bundles_of(party);
        let items: Vec<OpenItem> =
            self.open_items().into_iter().filter(|item| bundles.contains_key(&item.owner)).collect();
        let seen = |party: &Subject| self.first_seen.get(party).copied().unwrap_or(Micros::MAX);
        let head = find_head(parties.iter().map(|party| (party, seen(party))));
        Some(assemble(&ViewInput {
            id: &head.map(|head| party_id(head.as_str()).to_string()).unwrap_or_default(),
            parties,
            bundles: &bundles,
            hubs: &self.hubs,
            decisions: &self.decisions_on(parties),
            rules: &self.rules,
            open_items: &items,
            today,
            tallies: None,
        }))
    }

    /// Money and documents of everybody and nobody.
    pub fn total(&self) -> (MoneyTotals, i64) {
        sum_of(self.bundles.values())
    }

    /// Money and documents that no customer holds all of.
    pub fn unattributed(&self) -> (MoneyTotals, i64) {
        let is_nobodys = |key: &str| !self.whose(key).is_some_and(|whose| whose.whole);
        sum_of(self.bundles.iter().filter(|(key, _)| is_nobodys(key)).map(|(_, bundle)| bundle))
    }

    fn place(&self, party: &Subject) -> Option<usize> {
        self.customers.iter().position(|parties| parties.contains(party))
    }

    /// Decisions that name these parties, and those that supersede them.
    fn decisions_on(&self, parties: &[Subject]) -> Vec<PartyDecision> {
        let names = |state: &SubjectState| {
            let fragment = state.fragment.as_ref();
            fragment.is_some_and(|fragment| fragment.decided_parties().iter().any(|party| parties.contains(party)))
        };
        let named = self.states.iter().filter(|(_, state)| names(state));
        let mut rows: BTreeMap<String, SubjectState> =
            named.map(|(subject, state)| (subject.to_string(), state.clone())).collect();
        for key in SubjectState::superseding_decisions(&rows) {
            let above = key.parse().ok().and_then(|subject: Subject| self.states.get(&subject).cloned());
            rows.extend(above.map(|state| (key, state)));
        }
        SubjectState::party_decisions(&rows)
    }
}

fn sum_of<'a>(bundles: impl Iterator<Item = &'a Bundle>) -> (MoneyTotals, i64) {
    let mut sum = (MoneyTotals::default(), 0);
    for bundle in bundles {
        sum.0.add(&bundle.money_totals());
        sum.1 += bundle.document_count();
    }
    sum
}
