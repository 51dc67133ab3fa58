//! Sums over everything, kept in parts: each partition's and the resolver's.

use onefold_store::{DocumentTotals, StoreError};
use onefold_view::{DigestSum, MoneyTotals};
use prost::Message;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use crate::error::{corrupt, engine};

/// What one partition's projection has added up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sums {
    pub(crate) bundles: DigestSum,
    pub(crate) clusters: DigestSum,
    pub(crate) ids: DigestSum,
    pub(crate) subjects: i64,
    pub(crate) parties: i64,
    pub(crate) conflicts: i64,
    pub(crate) totals: DocumentTotals,
}

impl Sums {
    /// Of a row of `position`.
    pub(crate) fn read(row: &PgRow) -> Result<Self, StoreError> {
        let money = MoneyTotals::decode(bytes(row, "money")?).map_err(|e| corrupt("a sum of money", e))?;
        Ok(Self {
            bundles: digest(bytes(row, "bundles")?)?,
            clusters: digest(bytes(row, "clusters")?)?,
            ids: digest(bytes(row, "ids")?)?,
            subjects: row.try_get("subjects").map_err(engine)?,
            parties: row.try_get("parties").map_err(engine)?,
            conflicts: row.try_get("conflicts").map_err(engine)?,
            totals: DocumentTotals { documents: row.try_get("documents").map_err(engine)?, money },
        })
    }

    /// Moves positions, and keeps these sums with the first of their partitions.
    pub(crate) async fn keep(&self, c: &mut PgConnection, next: &[(u32, u64)]) -> Result<(), StoreError> {
        let (partitions, next): (Vec<i32>, Vec<i64>) =
            next.iter().map(|(partition, next)| (partition.cast_signed(), next.cast_signed())).unzip();
        let first = partitions.first().copied();
        sqlx::query(include_str!("sql/positions_move.sql"))
            .bind(partitions)
            .bind(next)
            .bind(first)
            .bind(self.bundles.to_bytes())
            .bind(self.clusters.to_bytes())
            .bind(self.ids.to_bytes())
            .bind(self.subjects)
            .bind(self.parties)
            .bind(self.conflicts)
            .bind(self.totals.documents)
            .bind(self.totals.money.encode_to_vec())
            .execute(c)
            .await
            .map(drop)
            .map_err(engine)
    }

    /// Adds another part.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.bundles.merge(&other.bundles);
        self.clusters.merge(&other.clusters);
        self.ids.merge(&other.ids);
        self.subjects += other.subjects;
        self.parties += other.parties;
        self.conflicts += other.conflicts;
        self.totals.add(&other.totals);
    }
}

/// Positions in the order of their partitions, and all parts added up, the resolver's among them.
pub(crate) async fn all(connection: &mut PgConnection) -> Result<(Vec<u64>, Sums), StoreError> {
    let rows = sqlx::query("SELECT * FROM position ORDER BY partition").fetch_all(&mut *connection);
    let (mut positions, mut sums) = (Vec::new(), Sums::default());
    for row in rows.await.map_err(engine)? {
        positions.push(row.try_get::<i64, _>("next").map_err(engine)?.cast_unsigned());
        sums.merge(&Sums::read(&row)?);
    }
    for row in sqlx::query("SELECT clusters, ids FROM lease").fetch_all(connection).await.map_err(engine)? {
        sums.clusters.merge(&digest(bytes(&row, "clusters")?)?);
        sums.ids.merge(&digest(bytes(&row, "ids")?)?);
    }
    Ok((positions, sums))
}

pub(crate) fn digest(bytes: &[u8]) -> Result<DigestSum, StoreError> {
    bytes.try_into().map(DigestSum::from_bytes).map_err(|e| corrupt("a digest", e))
}

/// Bytes of a column, where they stand.
pub(crate) fn bytes<'a>(row: &'a PgRow, column: &str) -> Result<&'a [u8], StoreError> {
    row.try_get(column).map_err(engine)
}
