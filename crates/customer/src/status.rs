//! What nobody holds, and the sums over everything.

use onefold_identity::IdentityRules;
use onefold_store::{DocumentTotals, ReadTx, StoreError};

use crate::StatusRows;
use crate::attribution::ownerships;

/// Owner keys looked at together.
const CHUNK: usize = 2000;

/// Owner keys under which something stands and of which no customer holds all, or a part, with what stands there.
pub(crate) async fn unattributed(
    tx: &mut dyn ReadTx,
    rules: &IdentityRules,
) -> Result<Vec<(String, DocumentTotals)>, StoreError> {
    let (mut found, mut from) = (Vec::new(), None);
    loop {
        let page = tx.owner_page(from.as_deref(), CHUNK).await?;
        let ownerships = ownerships(tx, page.owners.iter().map(|(key, _)| key), rules).await?;
        let owned = |key: &String| ownerships.get(key).is_some_and(|ownership| ownership.whole);
        found.extend(page.owners.into_iter().filter(|(key, _)| !owned(key)));
        from = page.next;
        if from.is_none() {
            return Ok(found);
        }
    }
}

/// Counts and sums over everything.
pub(crate) async fn status(tx: &mut dyn ReadTx, rules: &IdentityRules) -> Result<StatusRows, StoreError> {
    let counts = tx.counts(rules.full_from).await?;
    let mut nobodys = DocumentTotals::default();
    unattributed(tx, rules).await?.iter().for_each(|(_, totals)| nobodys.add(totals));
    let mut owned = counts.totals;
    owned.subtract(&nobodys);
    Ok(StatusRows {
        positions: counts.positions,
        subjects: counts.subjects,
        parties: counts.parties,
        customers: counts.customers,
        full_customers: counts.full_customers,
        conflicts: counts.conflicts,
        waiting: counts.waiting,
        owned,
        unattributed: nobodys,
        digest: counts.digest,
        ids_digest: counts.ids_digest,
    })
}
