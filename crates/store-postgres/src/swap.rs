//! Views in a schema beside the live ones: made, filled, and put in their place.

use std::time::{Duration, Instant};

use onefold_store::StoreError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection};

use crate::error::{corrupt, engine};
use crate::load::PostgresLoad;
use crate::url::connect_options;
use crate::{PostgresOptions, migrate};

/// All that can be computed from the log. Quarantine, how far intake was read, the hub's key and the rules are not among it.
const DERIVED: [&str; 19] = [
    "position",
    "fingerprint",
    "lease",
    "subject",
    "fact",
    "owner",
    "long_key",
    "document",
    "open_item",
    "holder",
    "set_member",
    "decision",
    "decided",
    "member",
    "inbox",
    "mark",
    "search",
    "former",
    "written",
];
/// Stands for all rebuilds of this read model, whatever schema of the database it is in.
const REBUILDS: i32 = 0x0F01F;
/// How long whoever was killed may keep that right: until the server has noticed that nobody speaks in the session any more.
const SESSION_ENDS: Duration = Duration::from_secs(5);
/// How often it is asked for meanwhile.
const ASK_AGAIN: Duration = Duration::from_millis(50);
/// Times that the swap is tried where others hold what it needs.
const TRIES: u32 = 10;

/// A schema for new views beside the live one. One process at a time has it.
pub struct Beside {
    options: PostgresOptions,
    to: PgConnectOptions,
    connection: PgConnection,
    live: String,
    new: String,
}

impl std::fmt::Debug for Beside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Beside").field("live", &self.live).field("new", &self.new).finish_non_exhaustive()
    }
}

impl Beside {
    /// Takes the right to make views again, beside whoever goes on with the live ones.
    ///
    /// # Errors
    /// The server does not answer, or another process makes them again just now.
    pub async fn open(url: &str, options: PostgresOptions) -> Result<Self, StoreError> {
        let to = connect_options(url)?;
        let mut connection = to.connect().await.map_err(engine)?;
        let alone = "SELECT pg_try_advisory_lock($1, hashtext(current_schema()))";
        let began = Instant::now();
        while !sqlx::query_scalar::<_, bool>(alone).bind(REBUILDS).fetch_one(&mut connection).await.map_err(engine)? {
            if began.elapsed() > SESSION_ENDS {
                return Err(StoreError::Locked);
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
        let live: Option<String> =
            sqlx::query_scalar("SELECT current_schema()::text").fetch_one(&mut connection).await.map_err(engine)?;
        let live =
            live.ok_or_else(|| StoreError::Engine("the search path names no schema that is there".to_owned()))?;
        let new = format!("{live}_rebuilt");
        Ok(Self { options, to, connection, live, new })
    }

    /// Begins to load new views, in the place of some that were never finished.
    ///
    /// # Errors
    /// The server does not answer or refuses.
    pub async fn load(mut self) -> Result<PostgresLoad, StoreError> {
        self.order(&format!("DROP SCHEMA IF EXISTS {new} CASCADE; CREATE SCHEMA {new}", new = quoted(&self.new)))
            .await?;
        let path = quoted(&self.new);
        let to = self.to.clone().application_name("onefold rebuild").options([
            ("search_path", path.as_str()),
            ("maintenance_work_mem", "256MB"),
            // The last statement waits until all is on disk.
            ("synchronous_commit", "off"),
        ]);
        migrate::run(&to, &self.options).await?;
        let pool = PgPoolOptions::new().max_connections(8).acquire_timeout(self.options.patience).connect_lazy_with(to);
        sqlx::raw_sql(include_str!("sql/load_begin.sql")).execute(&pool).await.map_err(engine)?;
        PostgresLoad::begin(self, pool).await
    }

    /// All is there, and on disk: it may take the place of the live views.
    pub(crate) async fn loaded(mut self) -> Result<(), StoreError> {
        self.order(&format!("INSERT INTO {}.meta (name, value) VALUES ('loaded', 'true')", quoted(&self.new))).await?;
        self.give_up().await;
        Ok(())
    }

    /// Puts loaded views in the place of the live ones, in one transaction. Stages that are at work find their positions
    /// moved back to where the new views stand, and go on from there; readers see the old views or the new ones.
    ///
    /// # Errors
    /// Nothing was loaded, the server does not answer, or somebody reads the old views without end.
    pub async fn swap(mut self) -> Result<(), StoreError> {
        let loaded = format!("SELECT value FROM {}.meta WHERE name = 'loaded'", quoted(&self.new));
        let loaded = sqlx::query_scalar::<_, String>(AssertSqlSafe(loaded)).fetch_optional(&mut self.connection).await;
        if loaded.map_err(engine)?.is_none() {
            return Err(corrupt("the new views", "they were never finished"));
        }
        let script = self.script();
        for tried in 1.. {
            match self.order(&script).await {
                Err(StoreError::Conflict) if tried < TRIES => {}
                done => {
                    done?;
                    break;
                }
            }
        }
        self.give_up().await;
        Ok(())
    }

    /// Leaves the live views, and removes what was loaded.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn discard(mut self) -> Result<(), StoreError> {
        self.order(&format!("DROP SCHEMA IF EXISTS {} CASCADE", quoted(&self.new))).await?;
        self.give_up().await;
        Ok(())
    }

    /// Gives the right up, for the server would notice the end of the session only later. What was to be done is done: where
    /// this fails, the session has ended, and the right with it.
    async fn give_up(mut self) {
        drop(self.order("SELECT pg_advisory_unlock_all()").await);
    }

    fn script(&self) -> String {
        let (live, new, old) = (quoted(&self.live), quoted(&self.new), quoted(&format!("{}_replaced", self.live)));
        let all: Vec<String> = DERIVED.iter().map(|table| format!("{live}.{table}")).collect();
        let mut script = vec![
            "BEGIN".to_owned(),
            // Who waits for a lock keeps others waiting behind it.
            "SET LOCAL lock_timeout = '3s'".to_owned(),
            format!("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", all.join(", ")),
            format!("CREATE SCHEMA {old}"),
        ];
        for table in DERIVED {
            script.push(format!("ALTER TABLE {live}.{table} SET SCHEMA {old}"));
            script.push(format!("ALTER TABLE {new}.{table} SET SCHEMA {live}"));
        }
        // Whoever held a lease of the old views finds a later epoch than its own.
        script.push(format!("UPDATE {live}.lease l SET epoch = o.epoch + 1 FROM {old}.lease o WHERE o.name = l.name"));
        script.push(format!(
            "UPDATE {live}.meta m SET value = n.value FROM {new}.meta n WHERE n.name = m.name AND m.name IN ('rules', 'fold')"
        ));
        // What was found in the log that is no event, and live does not know of.
        let join = include_str!("sql/quarantine_join.sql").trim_end();
        script.push(join.replace("{live}", &live).replace("{new}", &new));
        script.push(format!("SET LOCAL search_path = {live}"));
        script.push(include_str!("sql/publishing_again.sql").trim_end().to_owned());
        script.push(format!("DROP SCHEMA {old} CASCADE"));
        script.push(format!("DROP SCHEMA {new} CASCADE"));
        script.push("COMMIT".to_owned());
        script.join(";\n")
    }

    /// Several statements at once; what a failure leaves open is ended.
    async fn order(&mut self, orders: &str) -> Result<(), StoreError> {
        let done = sqlx::raw_sql(AssertSqlSafe(orders.to_owned())).execute(&mut self.connection).await.map_err(engine);
        if done.is_err() {
            sqlx::raw_sql("ROLLBACK").execute(&mut self.connection).await.map_err(engine)?;
        }
        done.map(drop)
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
