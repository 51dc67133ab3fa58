//! Owner keys as they stand in rows. A set of many members is longer than an index can hold: its digest stands for it, and
//! its text once in a table of its own.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use onefold_store::{KeyPrint, StoreError};
use onefold_view::Digest;
use sqlx::PgConnection;

use crate::error::engine;

/// Longest key that stands as it is; an index row holds 2,700 bytes, a subject of 512 among them.
const LONGEST: usize = 1500;

/// No key of the port begins like this.
const DIGESTED: &str = "set#";

/// What stands in rows for a key.
pub(crate) fn short(key: &str) -> Cow<'_, str> {
    if key.len() <= LONGEST {
        return Cow::Borrowed(key);
    }
    Cow::Owned(format!("{DIGESTED}{}", hex::encode(Digest::of_cluster([key]).0)))
}

/// The same for many.
pub(crate) fn shorts<K: AsRef<str>>(keys: &[K]) -> Vec<Cow<'_, str>> {
    keys.iter().map(|key| short(key.as_ref())).collect()
}

/// Writes down the texts of keys that are digested.
pub(crate) async fn keep<'a>(c: &mut PgConnection, keys: impl Iterator<Item = &'a str>) -> Result<(), StoreError> {
    let long: BTreeMap<Cow<'_, str>, &str> =
        keys.filter(|key| key.len() > LONGEST).map(|key| (short(key), key)).collect();
    if long.is_empty() {
        return Ok(());
    }
    let (shorts, texts): (Vec<Cow<'_, str>>, Vec<&str>) = long.into_iter().unzip();
    let put = sqlx::query(include_str!("sql/long_keys_add.sql")).bind(shorts).bind(texts);
    put.execute(c).await.map_err(engine)?;
    Ok(())
}

/// Texts of the keys that are digested.
pub(crate) struct Long(HashMap<String, String>);

impl Long {
    /// Of those among these.
    pub(crate) async fn of<'a>(c: &mut PgConnection, keys: impl Iterator<Item = &'a str>) -> Result<Self, StoreError> {
        let long: Vec<&str> = keys.filter(|key| key.starts_with(DIGESTED)).collect();
        if long.is_empty() {
            return Ok(Self(HashMap::new()));
        }
        let sql = "SELECT short, key FROM long_key WHERE short = ANY($1)";
        let rows = sqlx::query_as::<_, (String, String)>(sql).bind(long).fetch_all(c).await.map_err(engine)?;
        Ok(Self(rows.into_iter().collect()))
    }

    /// Of all.
    pub(crate) async fn all(c: &mut PgConnection) -> Result<Self, StoreError> {
        let rows = sqlx::query_as::<_, (String, String)>("SELECT short, key FROM long_key");
        Ok(Self(rows.fetch_all(c).await.map_err(engine)?.into_iter().collect()))
    }

    /// Prints of the keys, by how they stand there.
    pub(crate) fn prints(&self) -> HashMap<String, KeyPrint> {
        self.0.iter().map(|(short, key)| (short.clone(), KeyPrint::of(key))).collect()
    }

    /// The key that stands there as this.
    pub(crate) fn text<'a>(&'a self, stored: &'a str) -> &'a str {
        self.0.get(stored).map_or(stored, String::as_str)
    }
}
