//! Rows that only link others, loaded when the texts of all keys are known.
//!
//! Until then the texts themselves and 16 to 30 bytes a link are in memory: links name keys by their prints.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use onefold_identity::OwnerAtom;
use onefold_store::{KeyPrint, StoreError, set_members};
use sqlx::PgPool;

use crate::copy::Copy;
use crate::error::{corrupt, engine};
use crate::keys::{keep, short};

#[derive(Default)]
pub(crate) struct CopiedLinks {
    pub(crate) long: Vec<String>,
    pub(crate) sets: Vec<String>,
    pub(crate) documents: Vec<(u64, i64, u64)>,
    pub(crate) decisions: Vec<(u64, u64)>,
    pub(crate) members: Vec<(u64, u64)>,
    pub(crate) decided: Vec<u64>,
    pub(crate) former: Vec<(u64, u64)>,
    /// Place, subject, what stands before the last digits.
    pub(crate) written: Vec<(i64, u64, String)>,
    pub(crate) holders: Vec<(u64, u64, bool)>,
    pub(crate) items: Vec<(u64, u64, i64, Vec<u8>)>,
}

impl CopiedLinks {
    /// Sends them to their tables, rows of one owner together, whatever the order of owners.
    pub(crate) async fn copy(self, pool: &PgPool, keys: &Keys) -> Result<(), StoreError> {
        documents(pool, keys, self.documents).await?;
        pairs(pool, keys, "decision (party, decision)", self.decisions).await?;
        pairs(pool, keys, "member (party, cluster)", self.members).await?;
        pairs(pool, keys, "former (key, subject)", self.former).await?;
        written(pool, keys, self.written).await?;
        holders(pool, keys, self.holders).await?;
        items(pool, keys, self.items).await?;
        let mut copy = Copy::begin(pool, "decided (subject)").await?;
        for subject in self.decided {
            copy.row(1).text(keys.text(subject)?);
            copy.flow().await?;
        }
        copy.finish().await?;
        let mut copy = Copy::begin(pool, "set_member (atom, owner)").await?;
        for set in &self.sets {
            for atom in set_members(set) {
                copy.row(2).text(&atom).text(&short(set));
            }
            copy.flow().await?;
        }
        copy.finish().await?;
        keep(&mut *pool.acquire().await.map_err(engine)?, self.long.iter().map(String::as_str)).await
    }
}

async fn pairs(pool: &PgPool, keys: &Keys, what: &str, mut all: Vec<(u64, u64)>) -> Result<(), StoreError> {
    all.sort_unstable();
    let mut copy = Copy::begin(pool, what).await?;
    for (left, right) in all {
        copy.row(2).text(keys.text(left)?).text(keys.text(right)?);
        copy.flow().await?;
    }
    copy.finish().await.map(drop)
}

async fn documents(pool: &PgPool, keys: &Keys, mut all: Vec<(u64, i64, u64)>) -> Result<(), StoreError> {
    all.sort_unstable();
    let mut copy = Copy::begin(pool, "document (owner, at, subject)").await?;
    for (owner, at, subject) in all {
        copy.row(3).text(keys.text(owner)?).number(at).text(keys.text(subject)?);
        copy.flow().await?;
    }
    copy.finish().await.map(drop)
}

async fn written(pool: &PgPool, keys: &Keys, mut all: Vec<(i64, u64, String)>) -> Result<(), StoreError> {
    all.sort_unstable();
    let mut copy = Copy::begin(pool, "written (place, subject, prefix)").await?;
    for (place, subject, prefix) in all {
        copy.row(3).number(place).text(keys.text(subject)?).text(&prefix);
        copy.flow().await?;
    }
    copy.finish().await.map(drop)
}

async fn holders(pool: &PgPool, keys: &Keys, mut all: Vec<(u64, u64, bool)>) -> Result<(), StoreError> {
    all.sort_unstable();
    let mut copy = Copy::begin(pool, "holder (identifier, party, present)").await?;
    for (identifier, party, present) in all {
        // The value itself stands in the row, not the owner key that it makes.
        let value = keys.text(identifier)?;
        let value = OwnerAtom::identifier_of(value).unwrap_or(value);
        copy.row(3).text(value).text(keys.text(party)?).flag(present);
        copy.flow().await?;
    }
    copy.finish().await.map(drop)
}

async fn items(pool: &PgPool, keys: &Keys, mut all: Vec<(u64, u64, i64, Vec<u8>)>) -> Result<(), StoreError> {
    all.sort_unstable();
    let mut copy = Copy::begin(pool, "open_item (owner, due, subject, item)").await?;
    for (owner, invoice, due, item) in all {
        copy.row(4).text(keys.text(owner)?).number(due).text(keys.text(invoice)?).bytes(&item);
        copy.flow().await?;
    }
    copy.finish().await.map(drop)
}

/// What stands in rows for each key, by the key's print.
#[derive(Default)]
pub(crate) struct Keys {
    texts: String,
    /// Where it begins, and its length in the last 16 bits.
    places: HashMap<u64, u64>,
}

impl Keys {
    /// Whether it has been named.
    pub(crate) fn has(&self, print: u64) -> bool {
        self.places.contains_key(&print)
    }

    /// Whether it is new.
    pub(crate) fn add(&mut self, key: &str, stored: &str) -> bool {
        let place = (self.texts.len() as u64) << 16 | stored.len() as u64;
        match self.places.entry(KeyPrint::of(key).0) {
            Entry::Occupied(_) => false,
            Entry::Vacant(free) => {
                free.insert(place);
                self.texts.push_str(stored);
                true
            }
        }
    }

    pub(crate) fn text(&self, print: u64) -> Result<&str, StoreError> {
        let place = self.places.get(&print).copied();
        let text = place.and_then(|place| {
            let begins = usize::try_from(place >> 16).ok()?;
            self.texts.get(begins..begins + (place & 0xFFFF) as usize)
        });
        text.ok_or_else(|| corrupt("a row that is loaded", "it names a key that has no row"))
    }
}
