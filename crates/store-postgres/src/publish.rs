//! What the publisher stands on: a lease, and notes.

use async_trait::async_trait;
use onefold_event::Micros;
use onefold_store::{Note, PartyPage, PublishStore, Published, PublisherLease, StoreError, Unpublished};
use sqlx::{PgConnection, Row};

use crate::error::{corrupt, engine};
use crate::{PostgresStore, project};

#[async_trait]
impl PublishStore for PostgresStore {
    /// While nobody projects or resolves: what either writes is written by one that knows.
    async fn publish(&self, on: bool) -> Result<(), StoreError> {
        let is = sqlx::query_scalar::<_, bool>("SELECT enabled FROM publishing");
        if is.fetch_one(self.reader()).await.map_err(engine)? == on {
            return Ok(());
        }
        let mut tx = self.stage().await?;
        project::wait_alone(&mut tx).await?;
        // A resolver whose state is from before finds its lease changed, and begins anew.
        let resolver = "UPDATE lease SET epoch = epoch WHERE name = 'resolver'";
        sqlx::query(resolver).execute(&mut *tx).await.map_err(engine)?;
        let is = sqlx::query_scalar::<_, bool>("SELECT enabled FROM publishing FOR UPDATE");
        if is.fetch_one(&mut *tx).await.map_err(engine)? != on {
            sqlx::query("DELETE FROM outbox").execute(&mut *tx).await.map_err(engine)?;
            let switch = sqlx::query(include_str!("sql/publishing_switch.sql")).bind(on);
            switch.execute(&mut *tx).await.map_err(engine)?;
        }
        tx.commit().await.map_err(engine)
    }

    async fn turn(&self, now: Micros) -> Result<Option<PublisherLease>, StoreError> {
        let mut tx = self.stage().await?;
        // A version that a crash of the server took back would be given twice.
        sqlx::query("SET LOCAL synchronous_commit = on").execute(&mut *tx).await.map_err(engine)?;
        let lasts = i64::try_from(self.0.options.lease.as_millis()).unwrap_or(i64::MAX);
        let epoch = sqlx::query_scalar::<_, i64>(include_str!("sql/publisher_turn.sql"));
        let epoch = epoch.bind(self.0.holder).bind(lasts).fetch_optional(&mut *tx).await.map_err(engine)?;
        let Some(epoch) = epoch else {
            tx.rollback().await.map_err(engine)?;
            return Ok(None);
        };
        let row = sqlx::query(include_str!("sql/publishing_turn.sql")).bind(now).fetch_one(&mut *tx);
        let row = row.await.map_err(engine)?;
        let positions = |name: &str| -> Result<Vec<u64>, StoreError> {
            let all: Vec<i64> = row.try_get(name).map_err(engine)?;
            Ok(all.into_iter().map(i64::cast_unsigned).collect())
        };
        let turn = PublisherLease {
            epoch: epoch.cast_unsigned(),
            version: row.try_get("version").map_err(engine)?,
            run: row.try_get("run").map_err(engine)?,
            positions: positions("positions")?,
            projected: positions("projected")?,
            sweep: row.try_get("sweep").map_err(engine)?,
        };
        tx.commit().await.map_err(engine)?;
        Ok(Some(turn))
    }

    async fn notes(&self, max: usize) -> Result<Vec<(u64, Note)>, StoreError> {
        let sql = "SELECT number, note FROM outbox ORDER BY number LIMIT $1";
        let rows = sqlx::query_as::<_, (i64, String)>(sql).bind(i64::try_from(max).unwrap_or(i64::MAX));
        let rows = rows.fetch_all(self.reader()).await.map_err(engine)?;
        let note = |(number, note): (i64, String)| {
            let note = serde_json::from_str(&note).map_err(|e| corrupt("a note", e))?;
            Ok((number.cast_unsigned(), note))
        };
        rows.into_iter().map(note).collect()
    }

    async fn party_page(&self, from: &str, max: usize) -> Result<PartyPage, StoreError> {
        let sql = "SELECT key FROM owner WHERE key > $1 AND first_seen IS NOT NULL ORDER BY key LIMIT $2";
        let parties = sqlx::query_scalar::<_, String>(sql).bind(from).bind(i64::try_from(max).unwrap_or(i64::MAX));
        let parties = parties.fetch_all(self.reader()).await.map_err(engine)?;
        let next = parties.last().filter(|_| parties.len() == max).cloned();
        Ok(PartyPage { parties, next })
    }

    async fn published(&self, turn: &PublisherLease, done: &Published) -> Result<(), StoreError> {
        let mut tx = self.stage().await?;
        let mine = "SELECT true FROM lease WHERE name = 'publisher' AND holder = $1 AND epoch = $2 FOR UPDATE";
        let mine = sqlx::query_scalar::<_, bool>(mine).bind(self.0.holder).bind(turn.epoch.cast_signed());
        let mine = mine.fetch_optional(&mut *tx).await.map_err(engine)?;
        let positions: Vec<i64> = done.positions.iter().map(|at| at.cast_signed()).collect();
        let set = "UPDATE publishing SET positions = $1, sweep = $2 WHERE enabled AND run = $3";
        let set = sqlx::query(set).bind(positions).bind(&done.sweep).bind(&turn.run);
        let set = set.execute(&mut *tx).await.map_err(engine)?;
        if mine.is_none() || set.rows_affected() == 0 {
            tx.rollback().await.map_err(engine)?;
            return Err(StoreError::Superseded);
        }
        let notes: Vec<i64> = done.notes.iter().map(|number| number.cast_signed()).collect();
        let gone = sqlx::query("DELETE FROM outbox WHERE number = ANY($1)").bind(notes);
        gone.execute(&mut *tx).await.map_err(engine)?;
        tx.commit().await.map_err(engine)
    }

    async fn unpublished(&self) -> Result<Unpublished, StoreError> {
        let row = sqlx::query_as::<_, (bool, bool, i64, Vec<i64>)>(include_str!("sql/unpublished.sql"));
        let (enabled, sweeping, notes, behind) = row.fetch_one(self.reader()).await.map_err(engine)?;
        if !enabled {
            return Ok(Unpublished::default());
        }
        let behind = behind.into_iter().map(i64::cast_unsigned).collect();
        Ok(Unpublished { enabled, behind, notes: notes.cast_unsigned(), sweeping })
    }
}

/// Keeps notes, where publishing is switched on.
pub(crate) async fn keep(c: &mut PgConnection, notes: &[Note]) -> Result<(), StoreError> {
    if notes.is_empty() {
        return Ok(());
    }
    let (mut owners, mut texts) = (Vec::with_capacity(notes.len()), Vec::with_capacity(notes.len()));
    for note in notes {
        owners.push(if let Note::Owner(key) = note { Some(key) } else { None });
        texts.push(serde_json::to_string(note).map_err(|e| StoreError::Engine(e.to_string()))?);
    }
    let put = sqlx::query(include_str!("sql/outbox_add.sql")).bind(owners).bind(texts);
    put.execute(c).await.map_err(engine)?;
    Ok(())
}
