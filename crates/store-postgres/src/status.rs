//! Counts and sums over everything: kept as they change, but for what nobody owns, which a merge elsewhere may change.

use onefold_identity::IdentityRules;
use onefold_store::{DocumentTotals, StatusRows, StoreError};
use sqlx::{PgConnection, Row};

use crate::attribute::whose;
use crate::error::{corrupt, engine};
use crate::keys::Long;
use crate::sums::{self, bytes};

/// Owner keys looked at together.
const CHUNK: i64 = 2000;

/// Where owner keys stand that are no parties: what comes before those, and what comes after them.
const BESIDE_PARTIES: [(&str, &str); 2] = [("", "party:"), ("party;", "\u{10FFFF}")];

pub(crate) async fn rows(c: &mut PgConnection, rules: &IdentityRules) -> Result<StatusRows, StoreError> {
    let (positions, sums) = sums::all(c).await?;
    let full_from = i64::try_from(rules.full_from).unwrap_or(i64::MAX);
    let counts = sqlx::query_as(include_str!("sql/counts.sql")).bind(full_from);
    let (waiting, members, clusters, full): (i64, i64, i64, i64) = counts.fetch_one(&mut *c).await.map_err(engine)?;
    let mut unattributed = DocumentTotals::default();
    for (mut after, below) in BESIDE_PARTIES.map(|(after, below)| (after.to_owned(), below)) {
        while let Some(chunk) = nobodys(c, rules, &after, below).await? {
            chunk.nobodys.iter().for_each(|(_, totals)| unattributed.add(totals));
            after = chunk.last;
        }
    }
    let mut owned = sums.totals;
    owned.documents -= unattributed.documents;
    owned.money.subtract(&unattributed.money);
    let mut digest = sums.bundles;
    digest.merge(&sums.clusters);
    Ok(StatusRows {
        positions,
        subjects: sums.subjects.cast_unsigned(),
        parties: sums.parties.cast_unsigned(),
        customers: (sums.parties - members + clusters).cast_unsigned(),
        full_customers: full.cast_unsigned(),
        conflicts: sums.conflicts.cast_unsigned(),
        waiting: waiting.cast_unsigned(),
        owned,
        unattributed,
        digest,
        ids_digest: sums.ids,
    })
}

/// Owner keys with documents that no customer holds.
pub(crate) async fn unattributed(c: &mut PgConnection, rules: &IdentityRules) -> Result<Vec<String>, StoreError> {
    let mut found = Vec::new();
    for (mut after, below) in BESIDE_PARTIES.map(|(after, below)| (after.to_owned(), below)) {
        while let Some(chunk) = nobodys(c, rules, &after, below).await? {
            found.extend(chunk.nobodys.into_iter().map(|(key, _)| key));
            after = chunk.last;
        }
    }
    Ok(found)
}

struct Chunk {
    nobodys: Vec<(String, DocumentTotals)>,
    last: String,
}

/// What nobody holds among the next owner keys that are no parties; none at the end.
async fn nobodys(
    c: &mut PgConnection,
    rules: &IdentityRules,
    after: &str,
    below: &str,
) -> Result<Option<Chunk>, StoreError> {
    let rows = sqlx::query(include_str!("sql/owners_beside_parties.sql")).bind(after).bind(below).bind(CHUNK);
    let rows = rows.fetch_all(&mut *c).await.map_err(engine)?;
    let (mut keys, mut totals) = (Vec::new(), Vec::new());
    for row in &rows {
        let key: String = row.try_get("key").map_err(engine)?;
        totals.push(DocumentTotals::of(bytes(row, "bundle")?).map_err(|e| corrupt(&key, e))?);
        keys.push(key);
    }
    let Some(last) = keys.last().cloned() else { return Ok(None) };
    let long = Long::of(c, keys.iter().map(String::as_str)).await?;
    let keys: Vec<String> = keys.iter().map(|key| long.text(key).to_owned()).collect();
    let whose = whose(c, &keys, rules).await?;
    let owned = |key: &String| whose.get(key).is_some_and(|whose| whose.whole);
    let nobodys = keys.into_iter().zip(totals).filter(|(key, _)| !owned(key)).collect();
    Ok(Some(Chunk { nobodys, last }))
}
