//! Counts and sums over everything, by one pass over the owners.

use onefold_fold::SubjectState;
use onefold_store::{DocumentTotals, OwnerPage, StoreCounts};
use rusqlite::{Connection, Result};

use crate::db::corrupt;
use crate::project::digest;
use crate::seal::{self, Place, opened};

pub(crate) fn counts(c: &Connection, full_from: u64) -> Result<StoreCounts> {
    let one = |sql: &str| c.prepare_cached(sql)?.query_row([], |r| r.get::<_, i64>(0).map(i64::cast_unsigned));
    let mut rows = StoreCounts {
        positions: c
            .prepare_cached("SELECT next FROM position ORDER BY partition")?
            .query_map([], |r| r.get::<_, i64>(0).map(i64::cast_unsigned))?
            .collect::<Result<_>>()?,
        waiting: one("SELECT (SELECT count(*) FROM inbox) + (SELECT count(*) FROM mark)")?,
        digest: digest(c, "bundles")?,
        ids_digest: digest(c, "ids")?,
        ..StoreCounts::default()
    };
    rows.digest.merge(&digest(c, "clusters")?);
    let mut owners = c.prepare_cached("SELECT key, first_seen, bundle, digest FROM owner")?;
    let mut all = owners.query([])?;
    while let Some(row) = all.next()? {
        let (key, first_seen) = (row.get_ref(0)?.as_str()?, row.get(1)?);
        let (bytes, _) = seal::bundle(key, first_seen, row.get_ref(2)?.as_blob()?, row.get_ref(3)?.as_blob()?)?;
        rows.parties += u64::from(first_seen.is_some());
        if bytes.is_empty() {
            continue;
        }
        let totals = DocumentTotals::of(bytes).map_err(|e| corrupt(key, e))?;
        rows.totals.add(&totals);
    }
    let (members, clusters) = (one("SELECT count(*) FROM member")?, one("SELECT count(DISTINCT cluster) FROM member")?);
    rows.customers = rows.parties - members + clusters;
    let full = "SELECT count(*) FROM (SELECT 1 FROM member GROUP BY cluster HAVING count(*) >= ?1)";
    let from = i64::try_from(full_from).unwrap_or(i64::MAX);
    rows.full_customers = c.prepare_cached(full)?.query_row([from], |r| r.get::<_, i64>(0))?.cast_unsigned();
    let mut subjects = c.prepare_cached("SELECT key, state FROM subject")?;
    let mut all = subjects.query([])?;
    while let Some(row) = all.next()? {
        let key = row.get_ref(0)?.as_str()?;
        let state = opened(Place::Subject(key), row.get_ref(1)?.as_blob()?)?;
        let (copies, conflicts) = SubjectState::decode_counts(state).map_err(|e| corrupt(key, e))?;
        rows.subjects += u64::from(copies > 0);
        rows.conflicts += conflicts;
    }
    Ok(rows)
}

/// Owner keys that are no party's own and under which something stands, from after a number.
pub(crate) fn owner_page(c: &Connection, after: i64, limit: usize) -> Result<OwnerPage> {
    let mut get = c.prepare_cached(
        "SELECT num, key, bundle, digest FROM owner WHERE num > ?1 AND first_seen IS NULL AND length(bundle) > 0
         ORDER BY num LIMIT ?2",
    )?;
    let mut rows = get.query((after, limit.cast_signed()))?;
    let (mut owners, mut last) = (Vec::new(), after);
    while let Some(row) = rows.next()? {
        let key: String = row.get(1)?;
        let (bytes, _) = seal::bundle(&key, None, row.get_ref(2)?.as_blob()?, row.get_ref(3)?.as_blob()?)?;
        let totals = DocumentTotals::of(bytes).map_err(|e| corrupt(&key, e))?;
        last = row.get(0)?;
        owners.push((key, totals));
    }
    let next = (owners.len() == limit).then(|| last.to_string());
    Ok(OwnerPage { owners, next })
}
