//! The database: reached, brought to this program's format, and shared by stages and readers.

use std::sync::Arc;
use std::time::Duration;

use onefold_identity::IdentityRules;
use onefold_store::StoreError;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{PgPool, Postgres, Transaction};
use uuid::Uuid;

use crate::contention::Contention;
use crate::error::engine;
use crate::migrate::{self, MadeUnder};
use crate::url::connect_options;

/// Limits of the read model.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// Rules of identity that the views are made under; kept with them, so that other ones are refused.
    pub rules: IdentityRules,
    /// Partitions of the log whose positions are kept, where the read model is made.
    pub partitions: u32,
    /// Connections for stages at most: one per transaction at a time.
    pub stage_connections: u32,
    /// Connections for readers at most.
    pub read_connections: u32,
    /// How long a caller waits for a connection.
    pub patience: Duration,
    /// After how long the server ends a stage's transaction that is idle, so that a frozen process frees its locks.
    pub idle_in_transaction: Duration,
    /// How long a resolver's lease lasts beyond its last transaction.
    pub lease: Duration,
    /// Whether a stage waits until its commit is on disk. The log is the truth: a commit lost in a crash of the server
    /// takes its position with it, and is done again. Quarantine always waits.
    pub durable_commits: bool,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            rules: IdentityRules::default(),
            partitions: 12,
            stage_connections: 8,
            read_connections: 8,
            patience: Duration::from_secs(5),
            idle_in_transaction: Duration::from_secs(6),
            lease: Duration::from_secs(5),
            durable_commits: false,
        }
    }
}

/// Plans are made while tables are small, and kept: rows are looked up by their keys, however few there are. Else a plan that
/// reads a table of ten rows from end to end would still do so at a hundred thousand.
const PLANS: [(&str, &str); 5] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("jit", "off"),
];

pub(crate) struct PostgresInner {
    pub(crate) made_under: MadeUnder,
    pub(crate) options: PostgresOptions,
    /// Who this is, as the holder of a lease.
    pub(crate) holder: Uuid,
    pub(crate) contention: Contention,
    stages: PgPool,
    readers: PgPool,
    /// Of one connection, for notifications.
    pub(crate) listener: PgPool,
}

/// The read model in PostgreSQL.
#[derive(Clone)]
pub struct PostgresStore(pub(crate) Arc<PostgresInner>);

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A URL may hold a password.
        f.debug_struct("PostgresStore").field("holder", &self.0.holder).finish_non_exhaustive()
    }
}

impl PostgresStore {
    /// Connects by a URL as PostgreSQL writes it, TLS and search path included, and makes or upgrades the tables.
    ///
    /// # Errors
    /// The URL is none, the server does not answer or refuses, or the format is newer.
    pub async fn connect(url: &str, options: PostgresOptions) -> Result<Self, StoreError> {
        let to = connect_options(url)?;
        let made_under = migrate::run(&to, &options).await?;
        StoreError::check_fold(made_under.fold_version)?;
        if made_under.rules != options.rules {
            return Err(StoreError::OtherRules);
        }
        Ok(Self::open(to, made_under, options))
    }

    /// Connects for reading only: makes nothing, and takes the rules as they are kept.
    ///
    /// # Errors
    /// The URL is none, the server does not answer or refuses, there is no read model, or its format is another.
    pub async fn connect_read(url: &str, options: PostgresOptions) -> Result<Self, StoreError> {
        let to = connect_options(url)?;
        let made_under = migrate::look(&to).await?;
        Ok(Self::open(to, made_under, options))
    }

    /// The rules of identity that the views were made under.
    pub fn rules(&self) -> &IdentityRules {
        &self.0.made_under.rules
    }

    /// The version of the fold that the views were derived by. A read model that was opened for reading may be of another one
    /// than [`FOLD_VERSION`](onefold_fold::FOLD_VERSION): its views are not to be read then.
    pub fn fold_version(&self) -> u32 {
        self.0.made_under.fold_version
    }

    /// The hub's own key for content digests: random, made with the tables and kept beside the digests that need it.
    ///
    /// # Errors
    /// The server does not answer, or the key is none.
    pub async fn hub_key(&self) -> Result<[u8; 32], StoreError> {
        let kept = sqlx::query_scalar::<_, String>("SELECT value FROM meta WHERE name = 'hub_key'");
        let kept = kept.fetch_one(self.reader()).await.map_err(engine)?;
        let mut key = [0; 32];
        hex::decode_to_slice(kept, &mut key).map_err(|error| StoreError::Corrupt(format!("the hub's key: {error}")))?;
        Ok(key)
    }

    fn open(to: PgConnectOptions, made_under: MadeUnder, options: PostgresOptions) -> Self {
        let pool = |most: u32| PgPoolOptions::new().max_connections(most.max(1)).acquire_timeout(options.patience);
        let idle = format!("{}ms", options.idle_in_transaction.as_millis());
        let commit = if options.durable_commits { "on" } else { "off" };
        let stages = to.clone().application_name("onefold stage").options(PLANS).options([
            ("idle_in_transaction_session_timeout", idle.as_str()),
            ("synchronous_commit", commit),
            ("statement_timeout", "60s"),
            ("lock_timeout", "20s"),
        ]);
        let listener = to.clone().application_name("onefold listen");
        let readers = to
            .application_name("onefold read")
            .options(PLANS)
            .options([("default_transaction_read_only", "on"), ("idle_in_transaction_session_timeout", "60s")]);
        let stages = pool(options.stage_connections).connect_lazy_with(stages);
        let readers = pool(options.read_connections).connect_lazy_with(readers);
        let listener = pool(1).connect_lazy_with(listener);
        let contention = Contention::default();
        Self(Arc::new(PostgresInner {
            made_under,
            options,
            holder: Uuid::new_v4(),
            contention,
            stages,
            readers,
            listener,
        }))
    }

    /// Begins a stage's transaction; each statement sees what was committed before it.
    pub(crate) async fn stage(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        self.0.stages.begin().await.map_err(engine)
    }

    /// Begins a stage's transaction over one committed state.
    pub(crate) async fn stage_snapshot(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        self.0.stages.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ").await.map_err(engine)
    }

    /// Begins a read over one committed state.
    pub(crate) async fn snapshot(&self) -> Result<Transaction<'static, Postgres>, StoreError> {
        self.0.readers.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await.map_err(engine)
    }

    /// For single statements that read.
    pub(crate) fn reader(&self) -> &PgPool {
        &self.0.readers
    }
}
