//! Rows of parties and of what they own, by number.

use std::collections::BTreeSet;

use onefold_fold::SubjectState;
use onefold_store::PartyBundles;
use onefold_view::{Bundle, OpenItem};
use prost::Message;
use rusqlite::{Connection, OptionalExtension, Result};

use crate::db::corrupt;
use crate::owned::{self, Item};
use crate::seal::{self, Place, opened};

/// Parties of the customer that holds this one, by number.
pub(crate) fn members(c: &Connection, party: i64) -> Result<BTreeSet<i64>> {
    members_and_head(c, party).map(|(members, _)| members)
}

/// The same, with the one whose id the customer bears.
pub(crate) fn members_and_head(c: &Connection, party: i64) -> Result<(BTreeSet<i64>, i64)> {
    let sql = "SELECT m.party, n.cluster FROM member n JOIN member m ON m.cluster = n.cluster WHERE n.party = ?1";
    let mut get = c.prepare_cached(sql)?;
    let mut rows = get.query([party])?;
    let (mut all, mut head) = (BTreeSet::new(), party);
    while let Some(row) = rows.next()? {
        all.insert(row.get(0)?);
        head = row.get(1)?;
    }
    // A customer bears the number of one of its parties, and the index leads to whom it was asked for.
    if all.is_empty() {
        check_alone(c, party)?;
        all.insert(party);
    } else if !all.contains(&party) || !all.contains(&head) {
        return Err(corrupt("members", format_args!("party number {party} is of a customer that does not hold it")));
    }
    Ok((all, head))
}

/// Looks at the rows beside the place of a party that has none: one whose party was damaged stands there, and the index does not
/// lead to it.
fn check_alone(c: &Connection, party: i64) -> Result<()> {
    for sql in [
        "SELECT party, cluster FROM member WHERE party < ?1 ORDER BY party DESC LIMIT 1",
        "SELECT party, cluster FROM member WHERE party > ?1 ORDER BY party LIMIT 1",
    ] {
        let beside = c.prepare_cached(sql)?.query_row([party], |r| Ok((r.get(0)?, r.get(1)?))).optional()?;
        let Some((beside, cluster)): Option<(i64, i64)> = beside else { continue };
        let indexed = "SELECT 1 FROM member INDEXED BY member_by_cluster WHERE cluster = ?1 AND party = ?2";
        if c.prepare_cached(indexed)?.query_row([cluster, beside], |_| Ok(())).optional()?.is_none() {
            return Err(corrupt("members", format_args!("party number {beside} is not in its index")));
        }
    }
    Ok(())
}

/// Parties that ever asserted an identifier, counted up to so many, and so many of those who hold it now.
pub(crate) fn holders(c: &Connection, identifier: i64, ever: u64, present: u64) -> Result<(u64, Vec<i64>)> {
    // SQLite takes a negative limit for none.
    let limit = |most: u64| i64::try_from(most).unwrap_or(-1);
    let counted = "SELECT count(*) FROM (SELECT 1 FROM holder WHERE identifier = ?1 LIMIT ?2)";
    let ever = c.prepare_cached(counted)?.query_row((identifier, limit(ever)), |r| r.get::<_, i64>(0))?;
    let mut now = c.prepare_cached("SELECT party FROM holder WHERE identifier = ?1 AND present LIMIT ?2")?;
    let present = now.query_map((identifier, limit(present)), |r| r.get(0))?.collect::<Result<_>>()?;
    Ok((ever.cast_unsigned(), present))
}

/// All parties that ever asserted an identifier.
pub(crate) fn ever_holders(c: &Connection, identifier: i64) -> Result<Vec<i64>> {
    let mut all = c.prepare_cached("SELECT party FROM holder WHERE identifier = ?1")?;
    all.query_map([identifier], |r| r.get(0))?.collect()
}

/// The row of a subject by number.
pub(crate) fn state(c: &Connection, num: i64) -> Result<Option<SubjectState>> {
    let mut get = c.prepare_cached("SELECT key, state FROM subject WHERE num = ?1")?;
    let mut rows = get.query([num])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let (key, state) = (row.get_ref(0)?.as_str()?, row.get_ref(1)?.as_blob()?);
    let state = opened(Place::Subject(key), state)?;
    SubjectState::decode(state).map(Some).map_err(|e| corrupt(key, e))
}

/// A party's key, when it was first seen, and its own bundle.
pub(crate) fn owner(c: &Connection, num: i64) -> Result<Option<(String, Option<i64>, Bundle)>> {
    let mut get = c.prepare_cached("SELECT key, first_seen, bundle, digest FROM owner WHERE num = ?1")?;
    let mut rows = get.query([num])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let key: String = row.get(0)?;
    let first_seen = row.get(1)?;
    let (bundle, _) = seal::bundle(&key, first_seen, row.get_ref(2)?.as_blob()?, row.get_ref(3)?.as_blob()?)?;
    let bundle = Bundle::decode(bundle).map_err(|e| corrupt(&key, e))?;
    Ok(Some((key, first_seen, bundle)))
}

/// When a party was first seen.
pub(crate) fn first_seen(c: &Connection, num: i64) -> Result<Option<i64>> {
    Ok(owner(c, num)?.and_then(|(_, first_seen, _)| first_seen))
}

/// The parties of a customer, each with its own bundle.
pub(crate) fn parties(c: &Connection, members: &BTreeSet<i64>) -> Result<PartyBundles> {
    let owners = members.iter().filter_map(|num| owner(c, *num).transpose());
    owners.map(|owner| owner.map(|(key, _, bundle)| (key, bundle))).collect()
}

/// The number of the party whose id the customer of a party bears.
pub(crate) fn head(c: &Connection, party: i64) -> Result<i64> {
    let mut get = c.prepare_cached("SELECT cluster FROM member WHERE party = ?1")?;
    let Some(head) = get.query_row([party], |r| r.get::<_, i64>(0)).optional()? else {
        check_alone(c, party)?;
        return Ok(party);
    };
    // The index has the cluster a second time: a row whose cluster was damaged is not led to by it.
    let indexed = "SELECT 1 FROM member INDEXED BY member_by_cluster WHERE cluster = ?1 AND party = ?2";
    match c.prepare_cached(indexed)?.query_row([head, party], |_| Ok(())).optional()? {
        Some(()) => Ok(head),
        None => Err(corrupt("members", format_args!("party number {party} is not in its index"))),
    }
}

/// What stands under an owner key; empty where nothing does.
pub(crate) fn bundle(c: &Connection, num: i64, key: &str) -> Result<Bundle> {
    let mut get = c.prepare_cached("SELECT bundle, digest, first_seen FROM owner WHERE num = ?1")?;
    let mut rows = get.query([num])?;
    let Some(row) = rows.next()? else { return Ok(Bundle::default()) };
    let (bundle, _) = seal::bundle(key, row.get(2)?, row.get_ref(0)?.as_blob()?, row.get_ref(1)?.as_blob()?)?;
    Bundle::decode(bundle).map_err(|e| corrupt(key, e))
}

/// The first open items of an owner, by due day.
pub(crate) fn open_items(c: &Connection, num: i64, limit: usize) -> Result<Vec<OpenItem>> {
    let decoded = |item: &[u8]| OpenItem::decode(item).map_err(|e| corrupt("an open item", e));
    if let Some(few) = owned::few(c, num)? {
        return few.items.iter().take(limit).map(|Item { item, .. }| decoded(item)).collect();
    }
    let mut get = c.prepare_cached(
        "SELECT at, subject, item FROM owned WHERE owner = ?1 AND list = 1 ORDER BY at, subject LIMIT ?2",
    )?;
    let mut rows = get.query((num, limit.cast_signed()))?;
    let (mut open, mut around) = (Vec::new(), [(i64::MIN, i64::MIN); 2]);
    while let Some(row) = rows.next()? {
        let (at, invoice) = (row.get(0)?, row.get(1)?);
        around = [if around[0].0 == i64::MIN { (at, invoice) } else { around[0] }, (at, invoice)];
        open.push(decoded(opened(Place::Item(num, at, invoice), row.get_ref(2)?.as_blob()?)?)?);
    }
    owned::check_around(c, num, 1, around[0], around[1])?;
    Ok(open)
}
