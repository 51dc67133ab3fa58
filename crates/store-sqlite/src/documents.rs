//! Documents by time, a page at a time.

use onefold_store::{DocumentRow, Listing, Place};
use rusqlite::{Connection, Result};

use crate::keys::find;

/// The first documents of owners after a place: each owner's are read from its own place in the index, no more than a page,
/// and merged.
pub(crate) fn page(
    c: &Connection,
    owners: &[String],
    listing: Listing,
    after: Option<&Place>,
    limit: usize,
) -> Result<Vec<DocumentRow>> {
    // The index has their times in order; only those of one time are sorted by key, as they are read.
    let (sql, least) = match listing {
        Listing::OldestFirst => (
            "SELECT d.at, s.key FROM owned d JOIN subject s ON s.num = d.subject
             WHERE d.owner = ?1 AND d.list = 0 AND d.at >= ?2 AND (d.at > ?2 OR s.key > ?3) ORDER BY d.at, s.key LIMIT ?4",
            i64::MIN,
        ),
        Listing::NewestFirst => (
            "SELECT d.at, s.key FROM owned d JOIN subject s ON s.num = d.subject
             WHERE d.owner = ?1 AND d.list = 0 AND d.at <= ?2 AND (d.at < ?2 OR s.key < ?3) ORDER BY d.at DESC, s.key DESC LIMIT ?4",
            i64::MAX,
        ),
    };
    let (at, key) = after.map_or((least, ""), |after| (after.at, after.subject.as_str()));
    let mut get = c.prepare_cached(sql)?;
    let mut found = Vec::new();
    for owner in owners {
        let Some(num) = find(c, owner)? else { continue };
        let place = |row: &rusqlite::Row<'_>| Ok(Place { at: row.get(0)?, subject: row.get(1)? });
        for place in get.query_map((num, at, key, limit.cast_signed()), place)? {
            found.push(DocumentRow { place: place?, owner: owner.clone() });
        }
    }
    match listing {
        Listing::OldestFirst => found.sort_unstable(),
        Listing::NewestFirst => found.sort_unstable_by(|a, b| b.cmp(a)),
    }
    found.truncate(limit);
    Ok(found)
}
