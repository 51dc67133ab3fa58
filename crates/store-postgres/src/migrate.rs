//! The tables of this program's format.

use std::cmp::Ordering;

use onefold_fold::FOLD_VERSION;
use onefold_identity::IdentityRules;
use onefold_store::StoreError;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection, SqlSafeStr};
use uuid::Uuid;

use crate::error::{corrupt, engine};
use crate::{PostgresOptions, tell};

/// Every step to the present format, in order; a step that was released never changes.
const STEPS: [(&str, &str); 12] = [
    ("read model", include_str!("../migrations/0001_read_model.sql")),
    ("intake", include_str!("../migrations/0002_intake.sql")),
    ("publishing", include_str!("../migrations/0003_publishing.sql")),
    ("members of bundles", include_str!("../migrations/0004_members_of_bundles.sql")),
    ("decided", include_str!("../migrations/0005_decided.sql")),
    ("further rows", include_str!("../migrations/0006_further_rows.sql")),
    ("unread references", include_str!("../migrations/0007_unread_references.sql")),
    ("timelines", include_str!("../migrations/0008_timelines.sql")),
    ("fold version", include_str!("../migrations/0009_fold_version.sql")),
    ("fingerprints", include_str!("../migrations/0010_fingerprints.sql")),
    ("numbers", include_str!("../migrations/0011_numbers.sql")),
    ("former owners", include_str!("../migrations/0012_former_owners.sql")),
];

/// What sources remember. It is no step of the format: programs that do not know it leave it alone, so that they work beside those
/// that do.
const SOURCES: &str = "CREATE TABLE IF NOT EXISTS source_item (source text COLLATE \"C\", item text COLLATE \"C\", state text NOT NULL, PRIMARY KEY (source, item))";

/// What views were made under, as it is kept beside them.
pub(crate) struct MadeUnder {
    pub(crate) rules: IdentityRules,
    pub(crate) fold_version: u32,
}

/// Takes the steps that are missing, one process at a time; answers what the views were made under.
pub(crate) async fn run(to: &PgConnectOptions, options: &PostgresOptions) -> Result<MadeUnder, StoreError> {
    let step = |(version, (name, sql)): (i64, (&'static str, &'static str))| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    let mut connection = to.connect().await.map_err(engine)?;
    let migrator = Migrator::with_migrations((1..).zip(STEPS).map(step).collect());
    // On a connection of its own, since one that is closed gives back the migrator's lock, whatever happened.
    let done = migrator.run_direct(None, &mut connection, false).await;
    let made_under = match done {
        Ok(()) => begin(&mut connection, options).await,
        Err(MigrateError::VersionMissing(found)) => {
            Err(StoreError::TooNew { found: number(found), known: STEPS.len() as u32 })
        }
        Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) => Err(engine(error)),
        Err(other) => Err(StoreError::Engine(other.to_string())),
    };
    // What was asked is answered already, however the connection ends.
    let _closed = connection.close().await;
    made_under
}

/// Looks whether there is a read model of a known format; answers what its views were made under.
pub(crate) async fn look(to: &PgConnectOptions) -> Result<MadeUnder, StoreError> {
    let mut connection = to.connect().await.map_err(engine)?;
    let exists = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";
    if !sqlx::query_scalar::<_, bool>(exists).fetch_one(&mut connection).await.map_err(engine)? {
        return Err(StoreError::Absent);
    }
    let format = "SELECT max(version) FROM _sqlx_migrations";
    let format: Option<i64> = sqlx::query_scalar(format).fetch_one(&mut connection).await.map_err(engine)?;
    let (found, known) = (number(format.unwrap_or(0)), STEPS.len() as u32);
    match found.cmp(&known) {
        Ordering::Greater => Err(StoreError::TooNew { found, known }),
        Ordering::Less => Err(StoreError::TooOld { found, known }),
        Ordering::Equal => made_under(&mut connection).await,
    }
}

fn number(format: i64) -> u32 {
    u32::try_from(format).unwrap_or(u32::MAX)
}

/// What is fixed once, by whoever is first: partitions and rules.
async fn begin(connection: &mut PgConnection, options: &PostgresOptions) -> Result<MadeUnder, StoreError> {
    let mut tx = connection.begin().await.map_err(engine)?;
    sqlx::query("LOCK TABLE position, meta IN EXCLUSIVE MODE").execute(&mut *tx).await.map_err(engine)?;
    sqlx::query(SOURCES).execute(&mut *tx).await.map_err(engine)?;
    let partitions = i32::try_from(options.partitions).unwrap_or(i32::MAX);
    let sql = include_str!("sql/positions_begin.sql");
    sqlx::query(sql).bind(partitions).execute(&mut *tx).await.map_err(engine)?;
    let put = "INSERT INTO meta (name, value) VALUES ('rules', $1) ON CONFLICT DO NOTHING";
    let given = serde_json::to_string(&options.rules).map_err(|e| StoreError::Engine(e.to_string()))?;
    sqlx::query(put).bind(given).execute(&mut *tx).await.map_err(engine)?;
    let put = "INSERT INTO meta (name, value) VALUES ('fold', $1) ON CONFLICT DO NOTHING";
    sqlx::query(put).bind(FOLD_VERSION.to_string()).execute(&mut *tx).await.map_err(engine)?;
    let key = "INSERT INTO meta (name, value) VALUES ('hub_key', $1) ON CONFLICT DO NOTHING";
    let random = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    sqlx::query(key).bind(random).execute(&mut *tx).await.map_err(engine)?;
    let made_under = made_under(&mut tx).await?;
    // Of another fold nothing is told: its states are not read any more.
    if made_under.fold_version == FOLD_VERSION {
        tell::decided(&mut tx).await?;
        tell::further_rows(&mut tx).await?;
        tell::unread(&mut tx).await?;
        tell::happened(&mut tx).await?;
    }
    tx.commit().await.map_err(engine)?;
    Ok(made_under)
}

async fn made_under(connection: &mut PgConnection) -> Result<MadeUnder, StoreError> {
    let rules = kept(connection, "rules").await?;
    let rules = serde_json::from_str(&rules).map_err(|e| corrupt("rules of identity", e))?;
    let fold = kept(connection, "fold").await?;
    let fold_version = fold.parse().map_err(|e| corrupt("version of the fold", e))?;
    Ok(MadeUnder { rules, fold_version })
}

async fn kept(connection: &mut PgConnection, name: &str) -> Result<String, StoreError> {
    let kept = sqlx::query_scalar::<_, String>("SELECT value FROM meta WHERE name = $1").bind(name);
    kept.fetch_optional(connection).await.map_err(engine)?.ok_or_else(|| corrupt(name, "missing"))
}
