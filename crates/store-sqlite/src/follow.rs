//! How far the read model is.

use async_trait::async_trait;
use onefold_log::Fingerprint;
use onefold_store::{Backlog, FollowStore, Followed, Queue, StoreError};

use crate::SqliteStore;
use crate::db::{Tx, corrupt, engine};

#[async_trait]
impl FollowStore for SqliteStore {
    async fn followed(&self) -> Result<Followed, StoreError> {
        self.read_here(|c| {
            let positions = c
                .prepare_cached("SELECT next FROM position ORDER BY partition")?
                .query_map([], |r| r.get::<_, i64>(0).map(i64::cast_unsigned))?
                .collect::<rusqlite::Result<_>>()?;
            let waits = "SELECT EXISTS (SELECT 1 FROM inbox) OR EXISTS (SELECT 1 FROM mark)";
            let waiting = c.prepare_cached(waits)?.query_row([], |r| r.get(0))?;
            Ok(Followed { positions, waiting })
        })
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.read(|c| {
            let count = |sql| c.prepare_cached(sql)?.query_row([], |r| r.get::<_, i64>(0).map(i64::cast_unsigned));
            Ok(Backlog { inbox: count("SELECT count(*) FROM inbox")?, marks: count("SELECT count(*) FROM mark")? })
        })
        .await
    }

    async fn fingerprints(&self) -> Result<Vec<Fingerprint>, StoreError> {
        self.read(|c| {
            // Views of an older fold are not brought to the present format, and an older one has none.
            let kept = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'fingerprint')";
            if !c.prepare_cached(kept)?.query_row([], |r| r.get(0))? {
                return Ok(Vec::new());
            }
            let mut all = c.prepare_cached("SELECT partition, at, digest FROM fingerprint ORDER BY partition")?;
            let one = |row: &rusqlite::Row<'_>| {
                let digest = row.get_ref(2)?.as_blob()?.try_into().map_err(|e| corrupt("a fingerprint", e))?;
                Ok(Fingerprint { partition: row.get(0)?, offset: row.get::<_, i64>(1)?.cast_unsigned(), digest })
            };
            all.query_map([], one)?.collect()
        })
        .await
    }

    async fn keep_fingerprints(&self, fingerprints: &[Fingerprint]) -> Result<(), StoreError> {
        let tx = Tx::begin(self.writer().await?)?;
        for Fingerprint { partition, offset, digest } in fingerprints {
            let put = "INSERT INTO fingerprint VALUES (?1, ?2, ?3)
                ON CONFLICT DO UPDATE SET at = ?2, digest = ?3 WHERE at < ?2";
            let kept = tx.writer.connection.prepare_cached(put).map_err(engine)?;
            { kept }.execute((partition, offset.cast_signed(), digest.as_slice())).map_err(engine)?;
        }
        tx.commit()
    }

    async fn hear(&self, _put: &(dyn Fn(Queue) + Send + Sync)) -> Result<(), StoreError> {
        std::future::pending().await
    }
}
