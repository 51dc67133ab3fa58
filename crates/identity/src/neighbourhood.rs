//! As much of all parties as is needed to cluster some of them.

use std::collections::{BTreeMap, BTreeSet};

use onefold_event::Subject;

use crate::decision::standing;
use crate::link::{Index, groups};
use crate::{Clusters, Decision, IdentifierKey, PartyFacts, Rules, Strength, cluster};

/// Who holds a value at present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holders {
    /// A hub value: nobody needs to know.
    Hub,
    /// All of them.
    Parties(BTreeSet<Subject>),
}

/// Where parties are looked up, in batches.
pub trait Surroundings {
    /// What can fail.
    type Error;

    /// The facts of these parties. One that is left out is taken to be [`PartyFacts::new`].
    ///
    /// # Errors
    /// The store's own.
    fn facts(&mut self, parties: &BTreeSet<Subject>) -> Result<Vec<PartyFacts>, Self::Error>;

    /// The present holders of these values. One that is left out has none.
    ///
    /// # Errors
    /// The store's own.
    fn holders(&mut self, values: &BTreeSet<IdentifierKey>) -> Result<BTreeMap<IdentifierKey, Holders>, Self::Error>;

    /// The decisions, not undone, that name any of these parties, and all that supersede one of those.
    ///
    /// # Errors
    /// The store's own.
    fn decisions(&mut self, parties: &BTreeSet<Subject>) -> Result<Vec<Decision>, Self::Error>;
}

/// The candidate components of some parties, with all on whom their links depend.
#[derive(Debug, Clone, Default)]
pub struct Neighbourhood {
    /// The parties of these candidate components.
    pub region: BTreeSet<Subject>,
    /// Their facts, and of all others who hold a value with one of them.
    pub parties: BTreeMap<Subject, PartyFacts>,
    /// The decisions that name them.
    pub decisions: Vec<Decision>,
    /// The hub values that they hold.
    pub hubs: BTreeSet<IdentifierKey>,
}

impl Neighbourhood {
    /// Looks around from some parties until nobody new is linked.
    ///
    /// # Errors
    /// Those of the surroundings.
    pub fn around<S: Surroundings>(
        seeds: &BTreeSet<Subject>,
        rules: &Rules,
        surroundings: &mut S,
    ) -> Result<Self, S::Error> {
        let mut found = Self { region: seeds.clone(), ..Self::default() };
        let mut expanded = BTreeSet::new();
        let mut asked = BTreeSet::new();
        loop {
            let frontier: BTreeSet<Subject> = found.region.difference(&expanded).cloned().collect();
            if frontier.is_empty() {
                return Ok(found);
            }
            found.load(&frontier, surroundings)?;
            for decision in surroundings.decisions(&frontier)? {
                if !found.decisions.contains(&decision) {
                    found.decisions.push(decision);
                }
            }
            let held =
                frontier.iter().filter_map(|party| found.parties.get(party)).flat_map(|facts| &facts.identifiers);
            let linking = held.filter(|key| rules.strength(key.kind()) != Strength::Neither && !asked.contains(*key));
            let values: BTreeSet<IdentifierKey> = linking.cloned().collect();
            let mut around: BTreeSet<Subject> = found.decisions.iter().flat_map(Decision::parties).cloned().collect();
            for (value, holders) in surroundings.holders(&values)? {
                match holders {
                    Holders::Hub => drop(found.hubs.insert(value)),
                    Holders::Parties(parties) => around.extend(parties),
                }
            }
            asked.extend(values);
            found.load(&around, surroundings)?;
            expanded.extend(frontier);
            found.grow(rules);
        }
    }

    /// The customers of the region; those around it are not wholly known, and left out.
    pub fn clusters(&self, rules: &Rules) -> Clusters {
        let mut clusters = cluster(&self.parties, &self.decisions, &self.hubs, rules);
        clusters.sets.retain(|set| set.first().is_some_and(|party| self.region.contains(party)));
        clusters.unhonoured.retain(|same| self.region.contains(&same.left));
        clusters
    }

    fn load<S: Surroundings>(&mut self, parties: &BTreeSet<Subject>, surroundings: &mut S) -> Result<(), S::Error> {
        let missing: BTreeSet<Subject> =
            parties.iter().filter(|party| !self.parties.contains_key(party)).cloned().collect();
        if missing.is_empty() {
            return Ok(());
        }
        self.parties.extend(surroundings.facts(&missing)?.into_iter().map(|facts| (facts.key.clone(), facts)));
        for party in missing {
            self.parties.entry(party.clone()).or_insert_with(|| PartyFacts::new(party));
        }
        Ok(())
    }

    /// Takes in whoever a link connects with the region; of the values there all holders are known by now.
    fn grow(&mut self, rules: &Rules) {
        let index = Index::new(&self.parties);
        let groups = groups(&index, &standing(&self.decisions), &self.hubs, rules);
        let holders = groups.iter().map(|group| index.of(&group.holders));
        let linked: Vec<_> =
            holders.filter(|holders| holders.iter().any(|party| self.region.contains(party))).collect();
        self.region.extend(linked.into_iter().flatten());
    }
}
