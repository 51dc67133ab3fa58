//! What may be asked of a model.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::{Micros, Subject, party_id};
use onefold_fold::SubjectState;
use onefold_identity::{IdentifierKey, OwnerAtom, OwnerKey, Ownership, find_head, find_ownership};
use onefold_view::{Bundle, Contribution, CustomerView, MoneyTotals, OpenItem, PurchaseTallies, ViewInput, assemble};
use uuid::Uuid;

use crate::{HubModel, IdentityModel};

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

    /// Who is one customer.
    pub fn identity(&self) -> &IdentityModel {
        &self.identity
    }

    /// The parties of every customer.
    pub fn customers(&self) -> &[Vec<Subject>] {
        self.identity.customers()
    }

    /// The parties of the customer that holds a party; none where no event names it.
    pub fn customer(&self, party: &Subject) -> Option<&[Subject]> {
        self.identity.customer(party)
    }

    /// Identifiers that link nobody, since too many parties asserted them.
    pub fn hubs(&self) -> &BTreeSet<IdentifierKey> {
        self.identity.hubs()
    }

    /// Whose an owner key is (rule C1), by the places of customers in [`Self::customers`]; none where it is no owner key.
    pub fn whose(&self, key: &str) -> Option<Ownership<usize>> {
        Some(find_ownership(&OwnerKey::parse(key)?, &|atom: &OwnerAtom| self.identity.holder(atom)))
    }

    /// Bundles of the owner keys of which the customer that holds a party owns all, or a part where parts are counted.
    pub fn bundles_of(&self, party: &Subject) -> BTreeMap<String, Bundle> {
        let Some(place) = self.identity.place(party) else { return BTreeMap::new() };
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

    /// The id that the customer which holds a party bears.
    pub fn id_of(&self, party: &Subject) -> Option<Uuid> {
        let parties = self.customer(party)?;
        let seen = |party: &Subject| self.identity.first_seen(party).unwrap_or(Micros::MAX);
        find_head(parties.iter().map(|party| (party, seen(party)))).map(|head| party_id(head.as_str()))
    }

    /// The view of the customer that holds a party; from a day (days since 1970-01-01), without which what depends on it is left
    /// out.
    pub fn view(&self, party: &Subject, today: Option<i64>) -> Option<CustomerView> {
        self.tallied_view(party, today, None)
    }

    /// The same with tallies of all documents, where the bundles hold too few.
    pub fn tallied_view(
        &self,
        party: &Subject,
        today: Option<i64>,
        tallies: Option<&PurchaseTallies>,
    ) -> Option<CustomerView> {
        let parties = self.customer(party)?;
        let bundles = self.bundles_of(party);
        let items: Vec<OpenItem> =
            self.open_items().into_iter().filter(|item| bundles.contains_key(&item.owner)).collect();
        Some(assemble(&ViewInput {
            id: &self.id_of(party).map(|id| id.to_string()).unwrap_or_default(),
            parties,
            bundles: &bundles,
            hubs: self.hubs(),
            decisions: &self.identity.decisions_on(parties),
            rules: &self.rules,
            open_items: &items,
            today,
            tallies,
        }))
    }

    /// Money and documents of everybody and nobody.
    pub fn total(&self) -> (MoneyTotals, i64) {
        sum_of(self.bundles.values())
    }

    /// Money and documents of the customer that holds a party.
    pub fn total_of(&self, party: &Subject) -> (MoneyTotals, i64) {
        sum_of(self.bundles_of(party).values())
    }

    /// Money and documents that no customer holds all of.
    pub fn unattributed(&self) -> (MoneyTotals, i64) {
        let is_nobodys = |key: &str| !self.whose(key).is_some_and(|whose| whose.whole);
        sum_of(self.bundles.iter().filter(|(key, _)| is_nobodys(key)).map(|(_, bundle)| bundle))
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
