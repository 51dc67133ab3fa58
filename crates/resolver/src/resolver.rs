//! The stage: an inbox of parties that changed, the clusters of their components.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use onefold_identity::{IdentityRules, cluster_parties};
use onefold_stage::{Stage, StageError, StepProgress};
use onefold_store::{ClusterChange, ClusterRow, ResolveStore};
use onefold_view::Digest;
use serde::{Deserialize, Serialize};

use crate::component::{Component, gather};
use crate::feed::Moves;

/// Limits of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResolverOptions {
    /// Parties per batch at most.
    pub batch: usize,
}

impl Default for ResolverOptions {
    fn default() -> Self {
        Self { batch: 500 }
    }
}

/// Finds who is one customer.
pub struct Resolver {
    store: Arc<dyn ResolveStore>,
    rules: IdentityRules,
    options: ResolverOptions,
}

impl Resolver {
    /// A resolver over a store, under these rules.
    pub fn new(store: Arc<dyn ResolveStore>, rules: IdentityRules, options: ResolverOptions) -> Self {
        Self { store, rules, options }
    }
}

#[async_trait]
impl Stage for Resolver {
    fn name(&self) -> &str {
        "resolver"
    }

    async fn step(&mut self) -> Result<StepProgress, StageError> {
        let Some(mut tx) = self.store.begin(self.options.batch).await? else { return Ok(StepProgress::Idle) };
        let claimed = tx.claimed().to_vec();
        let component = gather(tx.as_mut(), &claimed, &self.rules).await?;
        let after = clusters(&component, &self.rules);
        tx.save(change(&component.before, &after, &component.changed)).await?;
        tx.commit().await?;
        Ok(StepProgress::Worked(component.changed.len() as u64))
    }
}

/// Customers of two or more parties in a component.
fn clusters(component: &Component, rules: &IdentityRules) -> BTreeSet<ClusterRow> {
    let found = cluster_parties(&component.parties, &component.standing(), &component.hubs, rules);
    for same in &found.unhonoured {
        let because = &same.because;
        tracing::warn!(link = %same.link, left = %same.left, right = %same.right, ?because, "parties that were said to be the same are kept apart");
    }
    let several = found.sets.iter().filter(|parties| parties.len() > 1);
    several
        .filter_map(|parties| {
            let head = component.head(parties)?.to_string();
            Some(ClusterRow { head, parties: parties.iter().map(ToString::to_string).collect() })
        })
        .collect()
}

fn change(before: &BTreeSet<ClusterRow>, after: &BTreeSet<ClusterRow>, changed: &BTreeSet<String>) -> ClusterChange {
    let mut change = ClusterChange::default();
    for gone in before.difference(after) {
        change.clusters_digest.subtract(&Digest::of_cluster(strs(gone)));
        change.ids_digest.subtract(&Digest::of_id(&gone.head, strs(gone)));
    }
    for new in after.difference(before) {
        change.clusters_digest.add(&Digest::of_cluster(strs(new)));
        change.ids_digest.add(&Digest::of_id(&new.head, strs(new)));
    }
    let moves = Moves::new(before, after);
    // A party that is alone is a cluster too.
    for party in moves.joined() {
        change.clusters_digest.subtract(&Digest::of_cluster([party]));
        change.ids_digest.subtract(&Digest::of_id(party, [party]));
    }
    for party in moves.alone() {
        change.clusters_digest.add(&Digest::of_cluster([party]));
        change.ids_digest.add(&Digest::of_id(party, [party]));
        change.dissolved.insert(party.to_owned());
    }
    change.formed = moves.formed();
    change.notes = moves.notes(changed);
    change.marks = moves.touched(changed).into_iter().map(str::to_owned).collect();
    change
}

fn strs(cluster: &ClusterRow) -> impl Iterator<Item = &str> {
    cluster.parties.iter().map(String::as_str)
}
