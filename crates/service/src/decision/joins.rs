//! What joins two parties, or keeps them apart; and who shares a value with a customer and is another one.

use std::collections::{BTreeMap, BTreeSet};

use onefold_customer::CustomerRows;
use onefold_event::Subject;
use onefold_identity::{IdentifierKey, LinkStrength, PartyFacts, PartyLink, explain, forbidden_pairs};
use onefold_store::HolderQuery;
use serde::Serialize;

use crate::{CustomerName, CustomerReference, Service, ServiceError};

/// Holders of one value, and customers that share any, that are told at most.
const MOST: usize = 50;

/// Whether two parties are one customer, and by what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JoinView {
    /// Whether they are.
    pub joined: bool,
    /// The shortest chain of links from the one to the other, stronger links first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<JoinStep>,
    /// What forbids it, where they are not.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub forbidden: String,
    /// Values that the two customers share though they are two, each with why it joins nobody here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shared: Vec<SharedValue>,
    /// The customers: one, or two.
    pub customers: Vec<CustomerName>,
}

/// One link of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JoinStep {
    /// The one party.
    pub from: String,
    /// The next.
    pub to: String,
    /// What links them: a value, a decision, a merge at their source.
    pub by: String,
}

/// A value of several customers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SharedValue {
    /// The value.
    pub value: String,
    /// Why it does not join them.
    pub but: String,
}

/// Another customer that shares values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JoinCandidate {
    /// Who that is.
    #[serde(flatten)]
    pub customer: CustomerName,
    /// What they share.
    pub shared: Vec<SharedValue>,
    /// What forbids that they are one; empty: nothing does.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub forbidden: String,
}

impl Service {
    /// Why two parties are one customer, or why not; a customer named by its id or an identifier stands for its earliest party.
    ///
    /// # Errors
    /// Nothing is known of one of them, or the read model cannot be read.
    pub async fn why_joined(
        &self,
        one: &CustomerReference,
        other: &CustomerReference,
    ) -> Result<JoinView, ServiceError> {
        let (from, to) = (self.head(one).await?, self.head(other).await?);
        let (ours, theirs) = (self.customer(one).await?, self.customer(other).await?);
        let facts = self.facts(&ours).await?;
        if ours.parties.contains_key(to.as_str()) {
            let steps = explain(&facts, &ours.decisions, &ours.hubs, &self.rules, &from, &to).unwrap_or_default();
            let path = steps.into_iter().map(|step| JoinStep {
                from: step.from.to_string(),
                to: step.to.to_string(),
                by: link_text(&step.link),
            });
            let customers = vec![self.name(&ours)];
            return Ok(JoinView {
                joined: true,
                path: path.collect(),
                forbidden: String::new(),
                shared: Vec::new(),
                customers,
            });
        }
        let (shared, forbidden) = self.between((&ours, &facts), &theirs).await?;
        let customers = vec![self.name(&ours), self.name(&theirs)];
        Ok(JoinView { joined: false, path: Vec::new(), forbidden, shared, customers })
    }

    /// Customers that share a value with one, and are others. What so many parties have that it joins nobody makes no candidates.
    ///
    /// # Errors
    /// Nothing is known of the reference, or the read model cannot be read.
    pub async fn join_candidates(&self, reference: &CustomerReference) -> Result<Vec<JoinCandidate>, ServiceError> {
        let ours = self.customer(reference).await?;
        let facts = self.facts(&ours).await?;
        let values = self.linking_values(&facts);
        let asked = values.difference(&ours.hubs).map(|identifier| HolderQuery {
            identifier: identifier.clone(),
            ever: 0,
            present: MOST as u64,
        });
        let asked: Vec<HolderQuery> = asked.collect();
        let mut tx = self.store.begin_read().await?;
        let holders: BTreeSet<String> = tx.holders(&asked).await?.into_iter().flat_map(|rows| rows.present).collect();
        let others: Vec<String> = holders.into_iter().filter(|party| !ours.parties.contains_key(party)).collect();
        let heads: BTreeSet<String> = tx.heads(&others).await?.into_iter().collect();
        drop(tx);
        let mut candidates = Vec::new();
        for head in heads.into_iter().take(MOST) {
            let Some(theirs) = self.customers().customer(&head).await? else { continue };
            let (shared, forbidden) = self.between((&ours, &facts), &theirs).await?;
            if !shared.is_empty() {
                candidates.push(JoinCandidate { customer: self.name(&theirs), shared, forbidden });
            }
        }
        Ok(candidates)
    }

    /// Values of kinds that link, of all parties.
    fn linking_values(&self, facts: &BTreeMap<Subject, PartyFacts>) -> BTreeSet<IdentifierKey> {
        let all = facts.values().flat_map(|facts| &facts.identifiers);
        all.filter(|value| self.rules.strength(value.kind()) != LinkStrength::Neither).cloned().collect()
    }

    /// What two customers share, and what forbids that they are one.
    async fn between(
        &self,
        (ours, facts): (&CustomerRows, &BTreeMap<Subject, PartyFacts>),
        theirs: &CustomerRows,
    ) -> Result<(Vec<SharedValue>, String), ServiceError> {
        let other_facts = self.facts(theirs).await?;
        let mut decisions = ours.decisions.clone();
        decisions.extend(theirs.decisions.iter().filter(|one| !ours.decisions.contains(one)).cloned());
        let forbidden = forbidden_pairs(facts, &other_facts, &decisions, &self.rules);
        let forbidden = forbidden.map(|pair| pair.to_string()).unwrap_or_default();
        let (ours, theirs, hubs) = (self.linking_values(facts), self.linking_values(&other_facts), &ours.hubs);
        let shared = ours.intersection(&theirs).map(|value| SharedValue {
            value: value.to_string(),
            but: match self.rules.strength(value.kind()) {
                _ if hubs.contains(value) => {
                    format!("more than {} parties have it: it joins nobody", self.rules.holder_limit(value.kind()))
                }
                _ if !forbidden.is_empty() => "they are kept apart".to_owned(),
                LinkStrength::Weak => "it joins parties of one name alone, and theirs differ".to_owned(),
                _ => "it joins nobody to a customer of so many parties".to_owned(),
            },
        });
        Ok((shared.collect(), forbidden))
    }
}

pub(crate) fn link_text(link: &PartyLink) -> String {
    match link {
        PartyLink::Decision(id) => format!("the decision {id}"),
        other => other.to_string(),
    }
}
