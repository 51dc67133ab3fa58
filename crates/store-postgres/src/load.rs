//! A read model loaded at once, in a schema of its own that then takes the place of the live one.
//!
//! Rows with a text go to the server as they come; what only links two of them waits as pairs of prints until all texts are
//! known: the texts themselves and 16 to 30 bytes a link are in memory until then. Indexes are made over what was loaded.

use std::collections::HashMap;

use onefold_event::party_id;
use onefold_identity::Owner;
use onefold_store::{KeyPrint, LoadRow, LoadStore, Loaded, StoreError, SubjectState};
use onefold_view::{Bundle, Digest};
use prost::Message;
use sqlx::PgPool;
use tokio::runtime::Handle;

use crate::assemble::words;
use crate::copy::Copy;
use crate::error::{corrupt, engine};
use crate::keys::{keep, short};
use crate::quarantine;
use crate::sums::Sums;
use crate::swap::Beside;

/// Loads a fresh schema.
pub struct PostgresLoad {
    runtime: Handle,
    beside: Beside,
    pool: PgPool,
    subjects: Copy,
    facts: Copy,
    owners: Copy,
    search: Copy,
    keys: Keys,
    sums: Sums,
    long: Vec<String>,
    sets: Vec<String>,
    documents: Vec<(u64, u64)>,
    decisions: Vec<(u64, u64)>,
    members: Vec<(u64, u64)>,
    decided: Vec<u64>,
    holders: Vec<(u64, u64, bool)>,
    items: Vec<(u64, u64, i64, Vec<u8>)>,
    words: Vec<(u64, String)>,
}

impl PostgresLoad {
    pub(crate) async fn begin(beside: Beside, pool: PgPool) -> Result<Self, StoreError> {
        Ok(Self {
            runtime: Handle::current(),
            subjects: Copy::begin(&pool, "subject (key, state)").await?,
            facts: Copy::begin(&pool, "fact (subject, id, state)").await?,
            owners: Copy::begin(&pool, "owner (key, first_seen, id, digest, bundle)").await?,
            search: Copy::begin(&pool, "search_load (party, text, words)").await?,
            beside,
            pool,
            keys: Keys::default(),
            sums: Sums::default(),
            long: Vec::new(),
            sets: Vec::new(),
            documents: Vec::new(),
            decisions: Vec::new(),
            members: Vec::new(),
            decided: Vec::new(),
            holders: Vec::new(),
            items: Vec::new(),
            words: Vec::new(),
        })
    }

    async fn take(&mut self, row: LoadRow) -> Result<(), StoreError> {
        match row {
            LoadRow::Subject { key, state } => {
                let decoded = SubjectState::decode(&*state).map_err(|e| corrupt(&key, e))?;
                self.sums.subjects += i64::from(decoded.is_known());
                self.sums.conflicts += decoded.conflicts().cast_signed();
                self.keys.add(&key, &key);
                self.subjects.row(2).text(&key).bytes(&state);
                self.subjects.flow().await?;
            }
            LoadRow::Fact { subject, id, state } => {
                self.facts.row(3).text(&subject).bytes(&id).bytes(&state);
                self.facts.flow().await?;
            }
            LoadRow::Owner { key, bundle, digest, first_seen } => self.owner(&key, &bundle, digest, first_seen).await?,
            LoadRow::Named { key } => self.named(&key),
            LoadRow::Document { owner, subject } => self.documents.push((owner.0, subject.0)),
            LoadRow::OpenItem { owner, invoice, due, item } => self.items.push((owner.0, invoice.0, due, item)),
            LoadRow::Holder { party, identifier, present } => self.holders.push((identifier.0, party.0, present)),
            LoadRow::Decision { party, decision } => self.decisions.push((party.0, decision.0)),
            LoadRow::Member { party, head } => self.members.push((party.0, head.0)),
            LoadRow::Decided { subject } => self.decided.push(subject.0),
            LoadRow::Search { party, text } => match self.keys.places.get(&party.0) {
                Some(_) => found_by(&mut self.search, &self.keys, party.0, &text).await?,
                // Its party's row comes later.
                None => self.words.push((party.0, text)),
            },
            // Known from the set's own key.
            LoadRow::SetMember { .. } => {}
            LoadRow::Refused(entry) => {
                let mut tx = self.pool.begin().await.map_err(engine)?;
                quarantine::meet(&mut tx, vec![*entry]).await?;
                tx.commit().await.map_err(engine)?;
            }
        }
        Ok(())
    }

    async fn owner(
        &mut self,
        key: &str,
        bundle: &[u8],
        digest: Option<Digest>,
        first_seen: Option<i64>,
    ) -> Result<(), StoreError> {
        let decoded = Bundle::decode(bundle).map_err(|e| corrupt(key, e))?;
        self.sums.totals.documents += decoded.documents();
        self.sums.totals.money.add(&decoded.money());
        self.sums.parties += i64::from(first_seen.is_some());
        self.named(key);
        if key.starts_with("set:") {
            self.sets.push(key.to_owned());
        }
        let row = self.owners.row(5).text(&short(key));
        match first_seen {
            Some(at) => row.number(at).bytes(party_id(key).as_bytes()),
            None => row.null().null(),
        };
        row.bytes(digest.as_ref().map_or(&[][..], |Digest(digest)| digest)).bytes(bundle);
        self.owners.flow().await
    }

    /// Whoever links to it is given what stands for it in rows.
    fn named(&mut self, key: &str) {
        let stored = short(key);
        if self.keys.add(key, &stored) && stored != key {
            self.long.push(key.to_owned());
        }
    }

    async fn link(&mut self) -> Result<(), StoreError> {
        for (party, text) in std::mem::take(&mut self.words) {
            found_by(&mut self.search, &self.keys, party, &text).await?;
        }
        let (pool, keys) = (self.pool.clone(), &self.keys);
        pairs(&pool, keys, "document (owner, subject)", std::mem::take(&mut self.documents)).await?;
        pairs(&pool, keys, "decision (party, decision)", std::mem::take(&mut self.decisions)).await?;
        pairs(&pool, keys, "member (party, cluster)", std::mem::take(&mut self.members)).await?;
        let mut copy = Copy::begin(&pool, "holder (identifier, party, present)").await?;
        let mut holders = std::mem::take(&mut self.holders);
        holders.sort_unstable();
        for (identifier, party, present) in holders {
            // The value itself stands in the row, not the owner key that it makes.
            let value = keys.text(identifier)?;
            let value = value.strip_prefix("identifier:").unwrap_or(value);
            copy.row(3).text(value).text(keys.text(party)?).flag(present);
            copy.flow().await?;
        }
        copy.finish().await?;
        let mut copy = Copy::begin(&pool, "open_item (owner, due, subject, item)").await?;
        let mut items = std::mem::take(&mut self.items);
        items.sort_unstable();
        for (owner, invoice, due, item) in items {
            copy.row(4).text(keys.text(owner)?).number(due).text(keys.text(invoice)?).bytes(&item);
            copy.flow().await?;
        }
        copy.finish().await?;
        let mut copy = Copy::begin(&pool, "decided (subject)").await?;
        for subject in std::mem::take(&mut self.decided) {
            copy.row(1).text(keys.text(subject)?);
            copy.flow().await?;
        }
        copy.finish().await?;
        let mut copy = Copy::begin(&pool, "set_member (atom, owner)").await?;
        for set in &self.sets {
            for atom in Owner::parse(set).iter().flat_map(Owner::atoms) {
                copy.row(2).text(&atom.to_string()).text(&short(set));
            }
            copy.flow().await?;
        }
        copy.finish().await?;
        keep(&mut *pool.acquire().await.map_err(engine)?, self.long.iter().map(String::as_str)).await
    }

    /// Sums stand with the first partition.
    async fn positions(&mut self, loaded: &Loaded) -> Result<(), StoreError> {
        let next: Vec<i64> = loaded.positions.iter().map(|next| next.cast_signed()).collect();
        let partitions: Vec<i32> = (0..).take(next.len()).collect();
        self.sums.bundles = loaded.bundles;
        self.sums.clusters = loaded.clusters;
        self.sums.ids = loaded.ids;
        let sums = &self.sums;
        sqlx::query(include_str!("sql/positions_move.sql"))
            .bind(partitions)
            .bind(next)
            .bind(Some(0))
            .bind(sums.bundles.to_bytes())
            .bind(sums.clusters.to_bytes())
            .bind(sums.ids.to_bytes())
            .bind(sums.subjects)
            .bind(sums.parties)
            .bind(sums.conflicts)
            .bind(sums.totals.documents)
            .bind(sums.totals.money.encode_to_vec())
            .execute(&self.pool)
            .await
            .map_err(engine)?;
        Ok(())
    }
}

impl LoadStore for PostgresLoad {
    fn load(&mut self, rows: Vec<LoadRow>) -> Result<(), StoreError> {
        self.runtime.clone().block_on(async {
            for row in rows {
                self.take(row).await?;
            }
            Ok(())
        })
    }

    fn finish(mut self: Box<Self>, loaded: &Loaded) -> Result<(), StoreError> {
        self.runtime.clone().block_on(async {
            self.link().await?;
            self.positions(loaded).await?;
            let Self { subjects, facts, owners, search, pool, beside, .. } = *self;
            tokio::try_join!(subjects.finish(), facts.finish(), owners.finish(), search.finish())?;
            sqlx::raw_sql(include_str!("sql/load_end.sql")).execute(&pool).await.map_err(engine)?;
            pool.close().await;
            fail::fail_point!("rebuild.loaded");
            beside.loaded().await
        })
    }
}

async fn pairs(pool: &PgPool, keys: &Keys, what: &str, mut all: Vec<(u64, u64)>) -> Result<(), StoreError> {
    // Rows of one owner stand together, whatever the order of owners.
    all.sort_unstable();
    let mut copy = Copy::begin(pool, what).await?;
    for (left, right) in all {
        copy.row(2).text(keys.text(left)?).text(keys.text(right)?);
        copy.flow().await?;
    }
    copy.finish().await.map(drop)
}

async fn found_by(search: &mut Copy, keys: &Keys, party: u64, text: &str) -> Result<(), StoreError> {
    let words = words(text).into_iter().collect::<Vec<_>>().join(" ");
    search.row(3).text(keys.text(party)?).bytes(text.as_bytes()).text(&words);
    search.flow().await
}

/// What stands in rows for each key, by the key's print.
#[derive(Default)]
struct Keys {
    texts: String,
    /// Where it begins, and its length in the last 16 bits.
    places: HashMap<u64, u64>,
}

impl Keys {
    /// Whether it is new.
    fn add(&mut self, key: &str, stored: &str) -> bool {
        let place = (self.texts.len() as u64) << 16 | stored.len() as u64;
        match self.places.entry(KeyPrint::of(key).0) {
            std::collections::hash_map::Entry::Occupied(_) => false,
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(place);
                self.texts.push_str(stored);
                true
            }
        }
    }

    fn text(&self, print: u64) -> Result<&str, StoreError> {
        let place = self.places.get(&print).copied();
        let text = place.and_then(|place| {
            let begins = usize::try_from(place >> 16).ok()?;
            self.texts.get(begins..begins + (place & 0xFFFF) as usize)
        });
        text.ok_or_else(|| corrupt("a row that is loaded", "it names a key that has no row"))
    }
}
