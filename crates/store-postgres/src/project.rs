//! The projector's transaction: positions moved, rows locked and read.

use std::collections::HashMap;

use async_trait::async_trait;
use onefold_fold::{FactState, SubjectState};
use onefold_store::{DocumentTotals, FactsOf, OwnerRow, ProjectStore, ProjectTx, RowChanges, StoreError};
use onefold_view::{Bundle, Digest};
use prost::Message;
use sqlx::{Postgres, Row, Transaction};

use crate::error::{corrupt, engine};
use crate::keys::{short, shorts};
use crate::sums::{Sums, bytes};
use crate::{PostgresStore, history};

/// Stands for all projectors of this read model, whatever schema of the database it is in.
const PROJECTORS: i32 = 0x0F01D;

#[async_trait]
impl ProjectStore for PostgresStore {
    async fn positions(&self) -> Result<Vec<u64>, StoreError> {
        let all = sqlx::query_scalar::<_, i64>("SELECT next FROM position ORDER BY partition");
        let all = all.fetch_all(self.reader()).await.map_err(engine)?;
        Ok(all.into_iter().map(i64::cast_unsigned).collect())
    }

    async fn begin(&self, moves: &[(u32, u64, u64)]) -> Result<Box<dyn ProjectTx>, StoreError> {
        fail::fail_point!("project.before_begin");
        let mut tx = self.stage().await?;
        let begun = async {
            let alone = self.enter(&mut tx).await?;
            let (sums, publishes) = fence(&mut tx, moves).await?;
            Ok((alone, sums, publishes))
        };
        match begun.await {
            Ok((alone, sums, publishes)) => Ok(Box::new(PostgresProjectTx {
                store: self.clone(),
                tx,
                alone,
                publishes,
                moves: moves.to_vec(),
                sums,
                subjects: HashMap::new(),
                owners: HashMap::new(),
            })),
            Err(error) => {
                tx.rollback().await.map_err(engine)?;
                Err(self.noted(error))
            }
        }
    }
}

impl PostgresStore {
    /// Takes part beside other projectors or, where there are none or it must be so, alone: true.
    async fn enter(&self, tx: &mut Transaction<'static, Postgres>) -> Result<bool, StoreError> {
        if self.0.contention.take_turn() {
            wait_alone(tx).await?;
            return Ok(true);
        }
        let first = "SELECT pg_try_advisory_xact_lock($1, hashtext(current_schema()))";
        let alone: bool = sqlx::query_scalar(first).bind(PROJECTORS).fetch_one(&mut **tx).await.map_err(engine)?;
        if !alone {
            let beside = "SELECT pg_advisory_xact_lock_shared($1, hashtext(current_schema()))";
            sqlx::query(beside).bind(PROJECTORS).execute(&mut **tx).await.map_err(engine)?;
        }
        Ok(alone)
    }

    /// Remembers a conflict: the next batch takes its turn alone.
    pub(crate) fn noted(&self, error: StoreError) -> StoreError {
        if error == StoreError::Conflict {
            self.0.contention.conflict();
        }
        error
    }
}

/// Waits until no projector is in a transaction, and lets none begin one before this ends.
pub(crate) async fn wait_alone(tx: &mut Transaction<'static, Postgres>) -> Result<(), StoreError> {
    let wait = "SELECT pg_advisory_xact_lock($1, hashtext(current_schema()))";
    sqlx::query(wait).bind(PROJECTORS).execute(&mut **tx).await.map_err(engine)?;
    Ok(())
}

/// Locks the positions and compares them with what they are moved from; answers the sums kept with the first, and whether
/// publishing is switched on.
async fn fence(tx: &mut Transaction<'static, Postgres>, moves: &[(u32, u64, u64)]) -> Result<(Sums, bool), StoreError> {
    let partitions: Vec<i32> = moves.iter().map(|(partition, ..)| partition.cast_signed()).collect();
    let lock = include_str!("sql/positions_lock.sql");
    let rows = sqlx::query(lock).bind(partitions).fetch_all(&mut **tx).await.map_err(engine)?;
    let (mut sums, mut publishes) = (None, false);
    let mut at: HashMap<i32, i64> = HashMap::new();
    for row in &rows {
        let partition = row.try_get("partition").map_err(engine)?;
        at.insert(partition, row.try_get("next").map_err(engine)?);
        if moves.first().is_some_and(|(first, ..)| first.cast_signed() == partition) {
            sums = Some(Sums::read(row)?);
            publishes = row.try_get("publishes").map_err(engine)?;
        }
    }
    for (partition, from, _) in moves {
        if at.get(&partition.cast_signed()) != Some(&from.cast_signed()) {
            return Err(StoreError::Fenced { partition: *partition, expected: *from });
        }
    }
    let sums = sums.ok_or_else(|| StoreError::Engine("a transaction of the projector must move a position".to_owned()));
    Ok((sums?, publishes))
}

/// What is remembered of a subject's row that was loaded.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SubjectSeen {
    pub(crate) exists: bool,
    pub(crate) known: bool,
    pub(crate) conflicts: u64,
}

/// What is remembered of an owner's row that was loaded.
#[derive(Debug, Clone, Default)]
pub(crate) struct OwnerSeen {
    pub(crate) exists: bool,
    /// It has a bundle.
    pub(crate) filled: bool,
    pub(crate) named: bool,
    pub(crate) totals: DocumentTotals,
}

pub(crate) struct PostgresProjectTx {
    pub(crate) store: PostgresStore,
    pub(crate) tx: Transaction<'static, Postgres>,
    /// No other projector is in a transaction: rows need no locks.
    pub(crate) alone: bool,
    /// Publishing is switched on.
    publishes: bool,
    moves: Vec<(u32, u64, u64)>,
    /// Of the first partition that moves.
    pub(crate) sums: Sums,
    pub(crate) subjects: HashMap<String, SubjectSeen>,
    pub(crate) owners: HashMap<String, OwnerSeen>,
}

#[async_trait]
impl ProjectTx for PostgresProjectTx {
    async fn subjects(&mut self, keys: &[String]) -> Result<Vec<Option<SubjectState>>, StoreError> {
        let done = self.subjects_of(keys).await;
        done.map_err(|error| self.store.noted(error))
    }

    async fn facts(&mut self, asked: &[FactsOf]) -> Result<Vec<Vec<FactState>>, StoreError> {
        // They are locked with their subject's row.
        history::further(&mut self.tx, asked).await
    }

    async fn owners(&mut self, keys: &[String]) -> Result<Vec<Option<OwnerRow>>, StoreError> {
        let done = self.owners_of(keys).await;
        done.map_err(|error| self.store.noted(error))
    }

    async fn documents(&mut self, owner: &str) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT subject FROM document WHERE owner = $1";
        sqlx::query_scalar(sql).bind(short(owner)).fetch_all(&mut *self.tx).await.map_err(engine)
    }

    fn publishes(&self) -> bool {
        self.publishes
    }

    async fn save(&mut self, changes: RowChanges) -> Result<(), StoreError> {
        let done = self.write(changes).await;
        done.map_err(|error| self.store.noted(error))
    }

    async fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        fail::fail_point!("project.before_commit");
        let alone = self.alone;
        let store = self.store.clone();
        self.move_positions().await.map_err(|error| store.noted(error))?;
        self.tx.commit().await.map_err(|error| store.noted(engine(error)))?;
        if !alone {
            store.0.contention.side_by_side();
        }
        fail::fail_point!("project.after_commit");
        Ok(())
    }
}

impl PostgresProjectTx {
    async fn subjects_of(&mut self, keys: &[String]) -> Result<Vec<Option<SubjectState>>, StoreError> {
        let sql = if self.alone {
            "SELECT key, state FROM subject WHERE key = ANY($1)"
        } else {
            "SELECT key, state FROM subject WHERE key = ANY($1) ORDER BY key FOR UPDATE NOWAIT"
        };
        let rows = sqlx::query(sql).bind(keys).fetch_all(&mut *self.tx).await.map_err(engine)?;
        let mut found: HashMap<&str, &[u8]> = HashMap::with_capacity(rows.len());
        for row in &rows {
            found.insert(row.try_get("key").map_err(engine)?, bytes(row, "state")?);
        }
        let mut states = Vec::with_capacity(keys.len());
        for key in keys {
            let state = found.get(key.as_str()).map(|state| SubjectState::decode(*state));
            let state = state.transpose().map_err(|e| corrupt(key, e))?;
            let seen = state.as_ref().map_or_else(SubjectSeen::default, |state| SubjectSeen {
                exists: true,
                known: state.is_known(),
                conflicts: state.conflict_count(),
            });
            self.subjects.insert(key.clone(), seen);
            states.push(state);
        }
        Ok(states)
    }

    async fn owners_of(&mut self, keys: &[String]) -> Result<Vec<Option<OwnerRow>>, StoreError> {
        let sql = if self.alone {
            "SELECT key, first_seen, digest, bundle FROM owner WHERE key = ANY($1)"
        } else {
            "SELECT key, first_seen, digest, bundle FROM owner WHERE key = ANY($1) ORDER BY key FOR UPDATE NOWAIT"
        };
        let stored = shorts(keys);
        let rows = sqlx::query(sql).bind(&stored).fetch_all(&mut *self.tx).await.map_err(engine)?;
        let mut found = HashMap::with_capacity(rows.len());
        for row in &rows {
            found.insert(row.try_get::<&str, _>("key").map_err(engine)?, row);
        }
        let mut owners = Vec::with_capacity(keys.len());
        for (key, stored) in keys.iter().zip(&stored) {
            let Some(row) = found.get(&**stored) else {
                self.owners.insert(key.clone(), OwnerSeen::default());
                owners.push(None);
                continue;
            };
            let bundle = Bundle::decode(bytes(row, "bundle")?).map_err(|e| corrupt(key, e))?;
            let digest = bytes(row, "digest")?.try_into().ok().map(Digest);
            let first_seen: Option<i64> = row.try_get("first_seen").map_err(engine)?;
            let totals = DocumentTotals { documents: bundle.document_count(), money: bundle.money_totals() };
            let (filled, named) = (!bytes(row, "bundle")?.is_empty(), first_seen.is_some());
            self.owners.insert(key.clone(), OwnerSeen { exists: true, filled, named, totals });
            owners.push(Some(OwnerRow { bundle, first_seen, digest, ..OwnerRow::default() }));
        }
        Ok(owners)
    }

    /// Moves the positions that were locked, and writes the sums with the first of them.
    async fn move_positions(&mut self) -> Result<(), StoreError> {
        let next: Vec<(u32, u64)> = self.moves.iter().map(|(partition, _, to)| (*partition, *to)).collect();
        self.sums.keep(&mut self.tx, &next).await
    }
}
