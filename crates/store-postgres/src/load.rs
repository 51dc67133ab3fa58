//! A read model loaded at once, in a schema of its own that then takes the place of the live one.
//!
//! Rows with a text go to the server as they come; what only links two of them waits until all texts are known. Indexes are
//! made over what was loaded, those of one table beside those of another.

use onefold_event::party_id;
use onefold_fold::SubjectState;
use onefold_store::{LoadRow, LoadStore, Loaded, StoreError, set_members};
use onefold_view::{Bundle, Digest};
use prost::Message;
use sqlx::PgPool;
use tokio::runtime::Handle;

use crate::assemble::words;
use crate::copy::Copy;
use crate::error::{corrupt, engine};
use crate::keys::short;
use crate::links::{CopiedLinks, Keys};
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
    links: CopiedLinks,
    sums: Sums,
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
            links: CopiedLinks::default(),
            sums: Sums::default(),
            words: Vec::new(),
        })
    }

    async fn take(&mut self, row: LoadRow) -> Result<(), StoreError> {
        match row {
            LoadRow::Subject { key, state } => {
                let decoded = SubjectState::decode(&*state).map_err(|e| corrupt(&key, e))?;
                self.sums.subjects += i64::from(decoded.is_known());
                self.sums.conflicts += decoded.conflict_count().cast_signed();
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
            LoadRow::Document { owner, at, subject } => self.links.documents.push((owner.0, at, subject.0)),
            LoadRow::OpenItem { owner, invoice, due, item } => self.links.items.push((owner.0, invoice.0, due, item)),
            LoadRow::Holder { party, identifier, present } => self.links.holders.push((identifier.0, party.0, present)),
            LoadRow::Decision { party, decision } => self.links.decisions.push((party.0, decision.0)),
            LoadRow::Member { party, head } => self.links.members.push((party.0, head.0)),
            LoadRow::Decided { subject } => self.links.decided.push(subject.0),
            LoadRow::Former { key, subject } => self.links.former.push((key.0, subject.0)),
            LoadRow::Number { place, prefix, subject } => self.links.written.push((place, subject.0, prefix)),
            LoadRow::Search { party, text } if self.keys.has(party.0) => {
                found_by(&mut self.search, &self.keys, party.0, &text).await?;
            }
            // Its party's row comes later.
            LoadRow::Search { party, text } => self.words.push((party.0, text)),
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
        self.sums.totals.documents += decoded.document_count();
        self.sums.totals.money.add(&decoded.money_totals());
        self.sums.parties += i64::from(first_seen.is_some());
        self.named(key);
        if !bundle.is_empty() && !set_members(key).is_empty() {
            self.links.sets.push(key.to_owned());
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
            self.links.long.push(key.to_owned());
        }
    }

    /// Sums stand with the first partition.
    async fn positions(&mut self, loaded: &Loaded) -> Result<(), StoreError> {
        self.sums.bundles = loaded.bundles;
        self.sums.clusters = loaded.clusters;
        self.sums.ids = loaded.ids;
        let next: Vec<(u32, u64)> = (0..).zip(loaded.positions.iter().copied()).collect();
        self.sums.keep(&mut *self.pool.acquire().await.map_err(engine)?, &next).await
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
            for (party, text) in std::mem::take(&mut self.words) {
                found_by(&mut self.search, &self.keys, party, &text).await?;
            }
            self.positions(loaded).await?;
            let Self { subjects, facts, owners, search, keys, links, pool, beside, .. } = *self;
            let whole = |copy: Copy, indexes: &'static str| {
                let pool = pool.clone();
                async move {
                    copy.finish().await?;
                    index(&pool, indexes).await
                }
            };
            tokio::try_join!(
                whole(subjects, include_str!("sql/load_end_subject.sql")),
                whole(facts, include_str!("sql/load_end_fact.sql")),
                whole(owners, include_str!("sql/load_end_owner.sql")),
                whole(search, include_str!("sql/load_end_search.sql")),
                async {
                    links.copy(&pool, &keys).await?;
                    index(&pool, include_str!("sql/load_end_links.sql")).await
                }
            )?;
            pool.close().await;
            fail::fail_point!("rebuild.loaded");
            beside.loaded().await
        })
    }
}

async fn index(pool: &PgPool, orders: &'static str) -> Result<(), StoreError> {
    sqlx::raw_sql(orders).execute(pool).await.map(drop).map_err(engine)
}

async fn found_by(search: &mut Copy, keys: &Keys, party: u64, text: &str) -> Result<(), StoreError> {
    let words = words(text).into_iter().collect::<Vec<_>>().join(" ");
    search.row(3).text(keys.text(party)?).bytes(text.as_bytes()).text(&words);
    search.flow().await
}
