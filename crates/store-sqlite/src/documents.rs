//! Documents by time, a page at a time.

use std::cmp::Ordering;

use onefold_store::{DocumentRow, Listing, Place};
use rusqlite::{Connection, Result};

use crate::keys::{find, text};
use crate::owned::{self, Few};

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
        if let Some(few) = owned::few(c, num)? {
            let places = of_few(c, &few, listing, after, limit)?;
            found.extend(places.into_iter().map(|place| DocumentRow { place, owner: owner.clone() }));
            continue;
        }
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

/// The same of an owner that has a few, and all that happened when the last of them did.
fn of_few(c: &Connection, few: &Few, listing: Listing, after: Option<&Place>, limit: usize) -> Result<Vec<Place>> {
    let mut documents: Vec<_> = few.documents().collect();
    if listing == Listing::NewestFirst {
        documents.reverse();
    }
    let wanted = match listing {
        Listing::OldestFirst => Ordering::Greater,
        Listing::NewestFirst => Ordering::Less,
    };
    let mut places: Vec<Place> = Vec::new();
    for (at, number) in documents {
        if places.len() >= limit && places.last().is_some_and(|last| last.at != at) {
            break;
        }
        // Only of those that may follow is the key read.
        if after.is_some_and(|after| at.cmp(&after.at) == wanted.reverse()) {
            continue;
        }
        let Some(subject) = text(c, number)? else { continue };
        let place = Place { at, subject };
        if after.is_none_or(|after| place.cmp(after) == wanted) {
            places.push(place);
        }
    }
    Ok(places)
}
