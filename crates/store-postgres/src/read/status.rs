//! Counts and sums over everything, kept as they change; and the owner keys whose owners may change without them.

use onefold_store::{DocumentTotals, OwnerPage, StoreCounts, StoreError};
use sqlx::{PgConnection, Row};

use crate::error::{corrupt, engine};
use crate::keys::Long;
use crate::sums::{self, bytes};

/// Where owner keys stand that are no parties: what comes before those, and what comes after them.
const BESIDE_PARTIES: [(&str, &str); 2] = [("", "party:"), ("party;", "\u{10FFFF}")];

pub(crate) async fn counts(c: &mut PgConnection, full_from: u64) -> Result<StoreCounts, StoreError> {
    let (positions, sums) = sums::all(c).await?;
    let full_from = i64::try_from(full_from).unwrap_or(i64::MAX);
    let counts = sqlx::query_as(include_str!("../sql/counts.sql")).bind(full_from);
    let (waiting, members, clusters, full): (i64, i64, i64, i64) = counts.fetch_one(&mut *c).await.map_err(engine)?;
    let mut digest = sums.bundles;
    digest.merge(&sums.clusters);
    Ok(StoreCounts {
        positions,
        subjects: sums.subjects.cast_unsigned(),
        parties: sums.parties.cast_unsigned(),
        customers: (sums.parties - members + clusters).cast_unsigned(),
        full_customers: full.cast_unsigned(),
        conflicts: sums.conflicts.cast_unsigned(),
        waiting: waiting.cast_unsigned(),
        totals: sums.totals,
        digest,
        ids_digest: sums.ids,
    })
}

/// The next owner keys that are no party's own, from after a key as it stands in its row.
pub(crate) async fn owner_page(
    c: &mut PgConnection,
    from: Option<&str>,
    limit: usize,
) -> Result<OwnerPage, StoreError> {
    let mut page = OwnerPage::default();
    let mut last = from.unwrap_or_default().to_owned();
    for (begins, below) in BESIDE_PARTIES {
        if last.as_str() >= below {
            continue;
        }
        let after = if last.as_str() < begins { begins } else { &last };
        let left = i64::try_from(limit - page.owners.len()).unwrap_or(i64::MAX);
        let rows = sqlx::query(include_str!("../sql/owner_page.sql")).bind(after).bind(below).bind(left);
        for row in &rows.fetch_all(&mut *c).await.map_err(engine)? {
            let key: String = row.try_get("key").map_err(engine)?;
            let totals = DocumentTotals::of(bytes(row, "bundle")?).map_err(|e| corrupt(&key, e))?;
            last.clone_from(&key);
            page.owners.push((key, totals));
        }
        if page.owners.len() == limit {
            page.next = Some(last);
            break;
        }
    }
    let long = Long::of(c, page.owners.iter().map(|(key, _)| key.as_str())).await?;
    page.owners.iter_mut().for_each(|(key, _)| *key = long.text(key).to_owned());
    Ok(page)
}
