//! What nobody holds, and the sums over everything.

use onefold_identity::IdentityRules;
use onefold_store::{DocumentTotals, ReadTx, StoreError};

use crate::StatusRows;
use crate::attribution::ownerships;

/// Owner keys looked at together.
const CHUNK: usize = 2000;

/// Hands over each owner key under which something stands and of which no customer holds all, or a part, with what stands there: a
/// chunk of them is in memory at a time.
pub(crate) async fn each_unattributed(
    tx: &mut dyn ReadTx,
    rules: &IdentityRules,
    mut each: impl FnMut(String, DocumentTotals) + Send,
) -> Result<(), StoreError> {
    let mut from = None;
    loop {
        let page = tx.owner_page(from.as_deref(), CHUNK).await?;
        let ownerships = ownerships(tx, page.owners.iter().map(|(key, _)| key), rules).await?;
        for (key, totals) in page.owners {
            if !ownerships.get(&key).is_some_and(|ownership| ownership.whole) {
                each(key, totals);
            }
        }
        from = page.next;
        if from.is_none() {
            return Ok(());
        }
    }
}

/// Counts and sums over everything.
pub(crate) async fn status(tx: &mut dyn ReadTx, rules: &IdentityRules) -> Result<StatusRows, StoreError> {
    let mut rows = StatusRows { counts: tx.counts(rules.full_from).await?, ..StatusRows::default() };
    each_unattributed(tx, rules, |_, totals| rows.unattributed.add(&totals)).await?;
    Ok(rows)
}
