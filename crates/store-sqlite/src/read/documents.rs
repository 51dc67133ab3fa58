//! Documents by time, a page at a time.

use std::cmp::Ordering;

use onefold_store::{DocumentPlace as At, DocumentRow, ListingOrder};
use rusqlite::{Connection, Result};

use crate::db::corrupt;
use crate::keys::{find, text};
use crate::owned::{self, Few};
use crate::seal::{Place, opened};

/// The first documents of owners after a place: each owner's are read from its own place in the index, no more than a page,
/// and merged.
pub(crate) fn page(
    c: &Connection,
    owners: &[String],
    listing: ListingOrder,
    after: Option<&At>,
    limit: usize,
) -> Result<Vec<DocumentRow>> {
    // The index has their times in order; only those of one time are sorted by key, as they are read.
    let (sql, least) = match listing {
        ListingOrder::OldestFirst => (
            "SELECT d.at, s.key, d.subject, d.item FROM owned d LEFT JOIN subject s ON s.num = d.subject
             WHERE d.owner = ?1 AND d.list = 0 AND d.at >= ?2 AND (d.at > ?2 OR s.key > ?3) ORDER BY d.at, s.key LIMIT ?4",
            i64::MIN,
        ),
        ListingOrder::NewestFirst => (
            "SELECT d.at, s.key, d.subject, d.item FROM owned d LEFT JOIN subject s ON s.num = d.subject
             WHERE d.owner = ?1 AND d.list = 0 AND d.at <= ?2 AND (d.at < ?2 OR s.key < ?3) ORDER BY d.at DESC, s.key DESC LIMIT ?4",
            i64::MAX,
        ),
    };
    // All of them, one that stands at no time too: that is damage, not the end of the list.
    let whole;
    let sql = match after {
        Some(_) => sql,
        None => {
            let order = if listing == ListingOrder::OldestFirst { "d.at, s.key" } else { "d.at DESC, s.key DESC" };
            whole = format!(
                "SELECT d.at, s.key, d.subject, d.item FROM owned d LEFT JOIN subject s ON s.num = d.subject
                 WHERE d.owner = ?1 AND d.list = 0 ORDER BY {order} LIMIT ?4"
            );
            &whole
        }
    };
    let (at, key) = after.map_or((least, ""), |after| (after.at, after.subject.as_str()));
    let mut get = c.prepare_cached(sql)?;
    let mut found = Vec::new();
    for owner in owners {
        let Some(num) = find(c, owner)? else { continue };
        if let Some(few) = owned::few(c, num)? {
            let places = of_few(c, owner, &few, listing, after, limit)?;
            found.extend(places.into_iter().map(|place| DocumentRow { place, owner: owner.clone() }));
            continue;
        }
        let mut read: Vec<(i64, i64)> = Vec::new();
        let mut rows = get.query((num, at, key, limit.cast_signed()))?;
        while let Some(row) = rows.next()? {
            let (at, document) = (row.get(0)?, row.get(2)?);
            opened(Place::Document(num, at, document), row.get_ref(3)?.as_blob_or_null()?.unwrap_or_default())?;
            let subject = row.get::<_, Option<String>>(1)?.ok_or_else(|| nowhere(owner))?;
            read.push((at, document));
            found.push(DocumentRow { place: At { at, subject }, owner: owner.clone() });
        }
        // Those of one time come by key, not by number.
        let (first, last) = (read.iter().min().copied(), read.iter().max().copied());
        let start = (at, i64::MIN);
        owned::check_around(c, num, 0, first.unwrap_or(start), last.unwrap_or(start))?;
    }
    match listing {
        ListingOrder::OldestFirst => found.sort_unstable(),
        ListingOrder::NewestFirst => found.sort_unstable_by(|a, b| b.cmp(a)),
    }
    found.truncate(limit);
    Ok(found)
}

/// The same of an owner that has a few, and all that happened when the last of them did.
fn of_few(
    c: &Connection,
    owner: &str,
    few: &Few,
    listing: ListingOrder,
    after: Option<&At>,
    limit: usize,
) -> Result<Vec<At>> {
    let mut documents: Vec<_> = few.documents().collect();
    if listing == ListingOrder::NewestFirst {
        documents.reverse();
    }
    let wanted = match listing {
        ListingOrder::OldestFirst => Ordering::Greater,
        ListingOrder::NewestFirst => Ordering::Less,
    };
    let mut places: Vec<At> = Vec::new();
    for (at, number) in documents {
        if places.len() >= limit && places.last().is_some_and(|last| last.at != at) {
            break;
        }
        // Only of those that may follow is the key read.
        if after.is_some_and(|after| at.cmp(&after.at) == wanted.reverse()) {
            continue;
        }
        let Some(subject) = text(c, number)? else { return Err(nowhere(owner)) };
        let place = At { at, subject };
        if after.is_none_or(|after| place.cmp(after) == wanted) {
            places.push(place);
        }
    }
    Ok(places)
}

fn nowhere(owner: &str) -> rusqlite::Error {
    corrupt(owner, "a document that stands under it has no row")
}
