//! What the publisher stands on. One process writes, so the turn is always its own.

use async_trait::async_trait;
use onefold_event::Micros;
use onefold_store::{Note, PartyPage, PublishStore, Published, PublisherLease, StoreError, Unpublished};
use rusqlite::{Connection, Result};

use crate::SqliteStore;
use crate::db::{Tx, corrupt, engine};

/// One process has the file.
const EPOCH: u64 = 1;

#[async_trait]
impl PublishStore for SqliteStore {
    async fn publish(&self, on: bool) -> Result<(), StoreError> {
        let mut tx = Tx::begin(self.writer().await?)?;
        if tx.writer.publishes == on {
            return Ok(());
        }
        switch(&tx.writer.connection, on).map_err(engine)?;
        // Nobody else has the writer meanwhile.
        tx.writer.publishes = on;
        tx.commit()
    }

    async fn turn(&self, now: Micros) -> Result<Option<PublisherLease>, StoreError> {
        let tx = Tx::begin(self.writer().await?)?;
        if !tx.writer.publishes {
            return Ok(None);
        }
        let turn = take(&tx.writer.connection, now).map_err(engine)?;
        tx.commit()?;
        Ok(Some(turn))
    }

    async fn notes(&self, max: usize) -> Result<Vec<(u64, Note)>, StoreError> {
        let read = move |c: &Connection| {
            let mut get = c.prepare_cached("SELECT number, note FROM outbox ORDER BY number LIMIT ?1")?;
            let rows = get.query_map([max.cast_signed()], |r| Ok((r.get::<_, i64>(0)?, r.get::<_, String>(1)?)))?;
            let note = |(number, note): (i64, String)| {
                let note = serde_json::from_str(&note).map_err(|e| corrupt("a note", e))?;
                Ok((number.cast_unsigned(), note))
            };
            rows.map(|row| row.and_then(note)).collect()
        };
        self.read(read).await
    }

    async fn party_page(&self, from: &str, max: usize) -> Result<PartyPage, StoreError> {
        let from: i64 = from.parse().unwrap_or(0);
        let read = move |c: &Connection| {
            let sql = "SELECT num, key FROM owner WHERE num > ?1 AND first_seen IS NOT NULL ORDER BY num LIMIT ?2";
            let mut get = c.prepare_cached(sql)?;
            let rows = get.query_map((from, max.cast_signed()), |r| Ok((r.get::<_, i64>(0)?, r.get(1)?)))?;
            let (numbers, parties): (Vec<i64>, Vec<String>) = rows.collect::<Result<Vec<_>>>()?.into_iter().unzip();
            let next = numbers.last().filter(|_| numbers.len() == max).map(i64::to_string);
            Ok(PartyPage { parties, next })
        };
        self.read(read).await
    }

    async fn published(&self, turn: &PublisherLease, done: &Published) -> Result<(), StoreError> {
        let tx = Tx::begin(self.writer().await?)?;
        let finished = finish(&tx.writer.connection, turn, done).map_err(engine)?;
        if !finished {
            return Err(StoreError::Superseded);
        }
        tx.commit()
    }

    async fn unpublished(&self) -> Result<Unpublished, StoreError> {
        self.read(|c| {
            // Read beside a process that has not made the tables yet.
            let made = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'publishing')";
            if !c.prepare_cached(made)?.query_row([], |r| r.get::<_, bool>(0))? {
                return Ok(Unpublished::default());
            }
            let state = "SELECT enabled, sweep IS NOT NULL FROM publishing";
            let (enabled, sweeping): (bool, bool) =
                c.prepare_cached(state)?.query_row([], |r| Ok((r.get(0)?, r.get(1)?)))?;
            if !enabled {
                return Ok(Unpublished::default());
            }
            let notes = c.prepare_cached("SELECT count(*) FROM outbox")?.query_row([], |r| r.get::<_, i64>(0))?;
            let sql =
                "SELECT max(p.next - coalesce(f.next, 0), 0) FROM position p LEFT JOIN followed f USING (partition)
                       ORDER BY partition";
            let behind =
                c.prepare_cached(sql)?.query_map([], |r| r.get(0).map(i64::cast_unsigned))?.collect::<Result<_>>();
            Ok(Unpublished { enabled, behind: behind?, notes: notes.cast_unsigned(), sweeping })
        })
        .await
    }
}

fn switch(c: &Connection, on: bool) -> Result<()> {
    c.execute("DELETE FROM outbox", [])?;
    c.execute("DELETE FROM followed", [])?;
    c.execute("INSERT INTO followed SELECT partition, next FROM position", [])?;
    let set = "UPDATE publishing SET enabled = ?1, sweep = '', run = lower(hex(randomblob(16)))";
    c.execute(set, [on]).map(drop)
}

fn take(c: &Connection, now: Micros) -> Result<PublisherLease> {
    let sql = "UPDATE publishing SET version = max(version + 1, ?1) RETURNING version, run, sweep";
    let (version, run, sweep) = c.prepare_cached(sql)?.query_row([now], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?;
    let positions = |sql: &str| -> Result<Vec<u64>> {
        c.prepare_cached(sql)?.query_map([], |r| r.get(0).map(i64::cast_unsigned))?.collect()
    };
    Ok(PublisherLease {
        epoch: EPOCH,
        version,
        run,
        positions: positions("SELECT next FROM followed ORDER BY partition")?,
        projected: positions("SELECT next FROM position ORDER BY partition")?,
        sweep,
    })
}

/// Whether the turn was the last that was taken since publishing was switched on.
fn finish(c: &Connection, turn: &PublisherLease, done: &Published) -> Result<bool> {
    let set = "UPDATE publishing SET sweep = ?1 WHERE enabled AND run = ?2";
    if c.prepare_cached(set)?.execute((&done.sweep, &turn.run))? == 0 {
        return Ok(false);
    }
    let mut put = c.prepare_cached("INSERT OR REPLACE INTO followed VALUES (?1, ?2)")?;
    for (partition, next) in (0i64..).zip(&done.positions) {
        put.execute((partition, next.cast_signed()))?;
    }
    let mut gone = c.prepare_cached("DELETE FROM outbox WHERE number = ?1")?;
    done.notes.iter().try_for_each(|number| gone.execute([number.cast_signed()]).map(drop))?;
    Ok(true)
}

/// Whether a note of a party waits.
pub(crate) fn waits(c: &Connection, party: &str) -> Result<bool> {
    let note = text(&Note::Owner(party.to_owned()))?;
    c.prepare_cached("SELECT EXISTS (SELECT 1 FROM outbox WHERE note = ?1)")?.query_row([note], |r| r.get(0))
}

/// Keeps notes, where publishing is switched on.
pub(crate) fn keep(tx: &Tx, notes: &[Note]) -> Result<()> {
    if !tx.writer.publishes {
        return Ok(());
    }
    let mut put = tx.writer.connection.prepare_cached("INSERT INTO outbox (note) VALUES (?1)")?;
    notes.iter().try_for_each(|note| put.execute([text(note)?]).map(drop))
}

fn text(note: &Note) -> Result<String> {
    serde_json::to_string(note).map_err(|e| corrupt("a note", e))
}
