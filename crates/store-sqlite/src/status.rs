//! Counts and sums over everything, by one pass over the owners.

use onefold_fold::SubjectState;
use onefold_identity::{IdentityRules, OwnerAtom};
use onefold_store::{DocumentTotals, StatusRows};
use rusqlite::{Connection, Result};

use crate::customer::whose;
use crate::db::corrupt;
use crate::project::digest;
use crate::seal::{self, Place, opened};

pub(crate) fn rows(c: &Connection, rules: &IdentityRules) -> Result<StatusRows> {
    let one = |sql: &str| c.prepare_cached(sql)?.query_row([], |r| r.get::<_, i64>(0).map(i64::cast_unsigned));
    let mut rows = StatusRows {
        positions: c
            .prepare_cached("SELECT next FROM position ORDER BY partition")?
            .query_map([], |r| r.get::<_, i64>(0).map(i64::cast_unsigned))?
            .collect::<Result<_>>()?,
        waiting: one("SELECT (SELECT count(*) FROM inbox) + (SELECT count(*) FROM mark)")?,
        digest: digest(c, "bundles")?,
        ids_digest: digest(c, "ids")?,
        ..StatusRows::default()
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
        let owned = OwnerAtom::is_party(key) || whose(c, key, rules)?.whole;
        if owned { &mut rows.owned } else { &mut rows.unattributed }.add(&totals);
    }
    let (members, clusters) = (one("SELECT count(*) FROM member")?, one("SELECT count(DISTINCT cluster) FROM member")?);
    rows.customers = rows.parties - members + clusters;
    let full = "SELECT count(*) FROM (SELECT 1 FROM member GROUP BY cluster HAVING count(*) >= ?1)";
    let from = i64::try_from(rules.full_from).unwrap_or(i64::MAX);
    rows.full_customers = c.prepare_cached(full)?.query_row([from], |r| r.get::<_, i64>(0))?.cast_unsigned();
    let mut subjects = c.prepare_cached("SELECT key, state FROM subject")?;
    let mut all = subjects.query([])?;
    while let Some(row) = all.next()? {
        let key = row.get_ref(0)?.as_str()?;
        let state = opened(Place::Subject(key), row.get_ref(1)?.as_blob()?)?;
        let (copies, conflicts) = SubjectState::counts(state).map_err(|e| corrupt(key, e))?;
        rows.subjects += u64::from(copies > 0);
        rows.conflicts += conflicts;
    }
    Ok(rows)
}

/// Owner keys with documents that no customer holds.
pub(crate) fn unattributed_owners(c: &Connection, rules: &IdentityRules) -> Result<Vec<String>> {
    let mut owners = c.prepare_cached("SELECT key FROM owner WHERE first_seen IS NULL AND length(bundle) > 0")?;
    let mut found = Vec::new();
    for key in owners.query_map([], |r| r.get::<_, String>(0))? {
        let key = key?;
        if !whose(c, &key, rules)?.whole {
            found.push(key);
        }
    }
    Ok(found)
}
