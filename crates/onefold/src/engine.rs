//! Log and read model of a hub, opened for writing or for reading.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use onefold_event::HubKey;
use onefold_identity::IdentityRules;
use onefold_log::{EVENTS_TOPIC, Fence, Log};
use onefold_log_embedded::EmbeddedLog;
use onefold_log_kafka::KafkaLog;
use onefold_store::{Store, StoreError};
use onefold_store_postgres::{PostgresStore, Scratch};
use onefold_store_sqlite::SqliteStore;

use crate::args::Globals;
use crate::config::{Config, without_password};
use crate::data::{DataDir, WriterLock, sibling_path};
use crate::{log_watch, wal};

/// Partitions of an embedded log that is made, unless asked otherwise.
const EMBEDDED: u32 = 8;
/// The same in Kafka.
const OF_KAFKA: u32 = 12;

/// What a hub stands on.
pub(crate) struct HubEngine {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) store: Arc<dyn Store>,
    /// Rules of identity that the views are made under.
    pub(crate) rules: IdentityRules,
    /// The hub's own, for content digests; none where this process may not read it.
    pub(crate) key: Option<HubKey>,
    /// Where it is, for people.
    pub(crate) place: String,
    /// What only a writer has.
    pub(crate) writer: Option<WriterParts>,
}

/// What a writer has beside.
pub(crate) struct WriterParts {
    pub(crate) partitions: u32,
    /// The log, for whoever appends as the last that came.
    pub(crate) fence: Arc<dyn Fence>,
    /// Of an embedded hub.
    files: Option<EmbeddedFiles>,
}

/// The files of an embedded hub, which one process writes.
struct EmbeddedFiles {
    log: Arc<EmbeddedLog>,
    store: SqliteStore,
    _lock: WriterLock,
}

impl WriterParts {
    /// Of an embedded hub: nobody else writes to it.
    pub(crate) fn is_alone(&self) -> bool {
        self.files.is_some()
    }

    /// Has all that was written stand in the files themselves, none of it in a write-ahead file alone, where a copy of a file by
    /// hand would miss it.
    pub(crate) async fn settle_files(&self) {
        let Some(EmbeddedFiles { log, store, .. }) = &self.files else { return };
        if let Err(error) = log.settle().await {
            tracing::warn!(%error, "the write-ahead file of the log stays, and is part of it");
        }
        if let Err(error) = store.settle().await {
            tracing::warn!(%error, "the write-ahead file of the views stays, and is part of them");
        }
    }
}

/// How a hub is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HubAccess {
    /// For reading, beside whoever writes.
    Read,
    /// For writing.
    Write,
    /// For writing; made where it is absent.
    Make,
}

/// Looks whether the write-ahead files are whole, before anybody opens them and takes them up to where they are not. Whoever
/// writes has taken them as they were.
pub(crate) fn check_write_ahead(data: &DataDir) -> Result<()> {
    let is_cut = |database: &Path| {
        wal::is_cut(database).with_context(|| format!("{} cannot be read", sibling_path(database, "-wal").display()))
    };
    let (log, views) = (data.file_path("log.db"), data.file_path("views.db"));
    if is_cut(&log)? {
        bail!(
            "the log is damaged: in {} whole commits stand behind one that is not what was written, and would be passed over; \
             put the log back from a backup. Where there is none, move that file away: what stands in log.db is there, and what \
             was taken in since must be said again",
            sibling_path(&log, "-wal").display()
        );
    }
    if is_cut(&views)? {
        tracing::warn!(
            "in {} commits stand behind one that is not what was written, after damage or a power cut: the views go on from before it, \
             by the log; entries that came into the quarantine since are lost, and come again when their files are read again",
            sibling_path(&views, "-wal").display()
        );
    }
    Ok(())
}

/// A log that is written to by hand, held by this process alone where it is embedded.
pub(crate) struct LogTarget {
    pub(crate) log: Arc<dyn Log>,
    /// Partitions of a topic that is made.
    pub(crate) partitions: u32,
    _lock: Option<WriterLock>,
}

impl LogTarget {
    /// The log of the hub that the command line and the configuration name.
    pub(crate) fn from_globals(globals: &Globals) -> Result<Self> {
        let config = &globals.settings;
        if !config.is_distributed() {
            return Self::open(&globals.data_directory()?.to_string_lossy(), config);
        }
        let (log, partitions) = topic_log(config)?;
        Ok(Self { log, partitions, _lock: None })
    }

    /// A log to copy into: `HOST:PORT` of brokers, or a data directory, made where it is absent.
    pub(crate) fn open(place: &str, config: &Config) -> Result<Self> {
        if is_servers(place) {
            return Ok(Self {
                log: kafka_log(place, config)?,
                partitions: partition_count(config, OF_KAFKA),
                _lock: None,
            });
        }
        let data = DataDir::make(Path::new(place))?;
        let lock = Some(data.lock_writer()?);
        let partitions = partition_count(config, EMBEDDED);
        let log = EmbeddedLog::open(&data.file_path("log.db"), onefold_log_embedded::EmbeddedOptions::default())?;
        Ok(Self { log: Arc::new(log), partitions, _lock: lock })
    }
}

impl LogTarget {
    /// The log of a hub that is there: unlike one that is copied into, an embedded one is not made.
    pub(crate) fn of_hub(globals: &Globals) -> Result<Self> {
        if !globals.settings.is_distributed() {
            check_write_ahead(&DataDir::open(globals.data_directory()?)?)?;
        }
        Self::from_globals(globals)
    }
}

/// The log of the hub that the command line and the configuration name, for reading beside whoever writes to it.
pub(crate) fn open_hub_log(globals: &Globals) -> Result<Arc<dyn Log>> {
    let config = &globals.settings;
    if config.is_distributed() {
        return Ok(kafka_log(&config.kafka.bootstrap, config)?);
    }
    let data = DataDir::open(globals.data_directory()?)?;
    if !data.is_written() {
        check_write_ahead(&data)?;
    }
    Ok(Arc::new(EmbeddedLog::open_read(&data.file_path("log.db"))?))
}

/// A log that is copied from, beside whoever writes to it.
pub(crate) fn open_source(place: &str, config: &Config) -> Result<Arc<dyn Log>> {
    if is_servers(place) {
        return Ok(kafka_log(place, config)?);
    }
    let data = DataDir::open(Path::new(place))?;
    Ok(Arc::new(EmbeddedLog::open_read(&data.file_path("log.db"))?))
}

/// Topics and a database of their own on the configured servers, for a hub that is measured and removed.
pub(crate) struct TrialServers {
    config: Config,
    database: Scratch,
}

impl TrialServers {
    /// `name`: letters, digits and underscores.
    pub(crate) async fn make(config: &Config, name: &str) -> Result<Self> {
        let database = Scratch::make(&config.postgres.url, name).await?;
        let mut config = config.clone();
        config.kafka.prefix = format!("{name}.");
        config.postgres.url = database.url();
        Ok(Self { config, database })
    }

    /// The configuration of the hub there.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// Where broker and database listen; those on this machine are found by it.
    pub(crate) fn server_ports(&self) -> [Option<u16>; 2] {
        let first = self.config.kafka.bootstrap.split(',').next();
        [first.and_then(|one| one.rsplit(':').next()?.parse().ok()), Some(self.database.port())]
    }

    /// Removes both with all that they hold.
    pub(crate) async fn remove(self) -> Result<()> {
        let log = open_kafka(&self.config.kafka.bootstrap, &self.config)?.remove_topics().await;
        let database = self.database.remove().await;
        log?;
        Ok(database?)
    }
}

/// A log is in a directory or on brokers; a URL, which may hold a password, is none of both and is not shown.
pub(crate) fn no_url(place: &str) -> Result<()> {
    if place.contains("://") {
        bail!(
            "a URL names no log: expected a directory, or brokers as HOST:PORT; it is not shown, since it may hold a password"
        );
    }
    Ok(())
}

/// Brokers are named by `HOST:PORT`, several of them parted by commas; everything else is a directory.
fn is_servers(place: &str) -> bool {
    let server = |one: &str| {
        one.rsplit_once(':')
            .is_some_and(|(host, port)| !host.is_empty() && !host.contains('/') && port.parse::<u16>().is_ok())
    };
    !Path::new(place).exists() && place.split(',').all(server)
}

/// The configured brokers, and the partitions of topics that are spread, for whoever looks after topics.
pub(crate) fn topic_log(config: &Config) -> Result<(Arc<KafkaLog>, u32)> {
    Ok((kafka_log(&config.kafka.bootstrap, config)?, partition_count(config, OF_KAFKA)))
}

/// Kafka at these brokers.
pub(crate) fn kafka_log(bootstrap: &str, config: &Config) -> Result<Arc<KafkaLog>> {
    Ok(Arc::new(open_kafka(bootstrap, config)?))
}

fn open_kafka(bootstrap: &str, config: &Config) -> Result<KafkaLog> {
    let mut options = onefold_log_kafka::KafkaOptions::new(bootstrap);
    options.prefix.clone_from(&config.kafka.prefix);
    options.properties.clone_from(&config.kafka.properties);
    Ok(KafkaLog::open(options)?)
}

fn partition_count(config: &Config, of_engine: u32) -> u32 {
    if config.hub.partitions == 0 { of_engine } else { config.hub.partitions }
}

/// Under which the log keeps by which key its events are known again.
const KEY: &str = "hub.key";

/// Whether the key in the directory is the one that the log has been used with.
pub(crate) async fn check_key(log: &EmbeddedLog, key: &HubKey, data: &DataDir) -> Result<bool> {
    match log.get_value(KEY).await? {
        None => Ok(false),
        Some(kept) if kept == key.check_number() => Ok(true),
        Some(_) => bail!(
            "{} is not the key that this log was written with: by another one no duplicate is known again; put it back from the \
             copy that belongs to this log",
            data.file_path("hub.key").display()
        ),
    }
}

pub(crate) fn postgres_options(config: &Config) -> onefold_store_postgres::PostgresOptions {
    onefold_store_postgres::PostgresOptions {
        rules: config.identity.clone(),
        partitions: partition_count(config, OF_KAFKA),
        stage_connections: config.postgres.connections.div_ceil(2),
        read_connections: config.postgres.connections / 2,
        ..Default::default()
    }
}

impl HubEngine {
    /// The hub that the command line and the configuration name.
    pub(crate) async fn open(globals: &Globals, access: HubAccess) -> Result<Self> {
        if globals.settings.is_distributed() {
            return Self::open_distributed(&globals.settings, access).await;
        }
        let directory = globals.data_directory()?;
        match access {
            HubAccess::Read => Self::embedded_read(&DataDir::open(directory)?).await,
            HubAccess::Write => Self::open_embedded(&DataDir::open(directory)?, &globals.settings).await,
            HubAccess::Make => Self::open_embedded(&DataDir::make(directory)?, &globals.settings).await,
        }
    }

    /// Kafka and PostgreSQL, beside any number of other processes.
    async fn open_distributed(config: &Config, access: HubAccess) -> Result<Self> {
        if config.postgres.url.is_empty() {
            bail!("which database? Kafka goes together with one: name it with --postgres URL, or as postgres.url");
        }
        let log = kafka_log(&config.kafka.bootstrap, config)?;
        let options = postgres_options(config);
        let place = format!("{} and {}", config.kafka.bootstrap, without_password(&config.postgres.url));
        if access == HubAccess::Read {
            let store = PostgresStore::connect_read(&config.postgres.url, options).await?;
            StoreError::check_fold(store.fold_version())?;
            let (rules, key) = (store.rules().clone(), Some(HubKey::new(&store.hub_key().await?)));
            return Ok(Self { log, store: Arc::new(store), rules, key, place, writer: None });
        }
        let partitions = log.topic(EVENTS_TOPIC, options.partitions).await?;
        let rules = config.identity.clone();
        let store = PostgresStore::connect(
            &config.postgres.url,
            onefold_store_postgres::PostgresOptions { partitions, ..options },
        )
        .await?;
        let key = HubKey::new(&store.hub_key().await?);
        let store: Arc<dyn Store> = Arc::new(store);
        log_watch::keep_mark(log.as_ref(), store.as_ref()).await.with_context(|| place.clone())?;
        let writer = Some(WriterParts { partitions, fence: Arc::clone(&log) as _, files: None });
        Ok(Self { log, store, rules, key: Some(key), place, writer })
    }

    /// A data directory, for the one process that writes.
    async fn open_embedded(data: &DataDir, config: &Config) -> Result<Self> {
        let lock = data.lock_writer()?;
        let key = data.hub_key()?;
        check_write_ahead(data)?;
        let (log, views) = (data.file_path("log.db"), data.file_path("views.db"));
        if views.exists() && !log.exists() {
            bail!(
                "{} is missing: everything can be computed from it, and nothing without it; put it back from a copy",
                log.display()
            );
        }
        let log = Arc::new(EmbeddedLog::open(&log, onefold_log_embedded::EmbeddedOptions::default())?);
        if !check_key(&log, &key, data).await? {
            // A log that is new, or from before this was kept.
            log.put_value(KEY, key.check_number()).await?;
        }
        let partitions = log.topic(EVENTS_TOPIC, partition_count(config, EMBEDDED)).await?;
        let rules = config.identity.clone();
        let options = onefold_store_sqlite::SqliteOptions { partitions, rules: rules.clone(), ..Default::default() };
        let store = SqliteStore::open(&views, options).map_err(|error| match error {
            StoreError::OtherRules | StoreError::OlderFold { .. } | StoreError::NewerFold { .. } => {
                anyhow::Error::new(error).context(format!("{}", views.display()))
            }
            other => other.into(),
        })?;
        let files = Some(EmbeddedFiles { log: Arc::clone(&log), store: store.clone(), _lock: lock });
        let writer = Some(WriterParts { partitions, fence: Arc::clone(&log) as _, files });
        let store: Arc<dyn Store> = Arc::new(store);
        log_watch::keep_mark(log.as_ref(), store.as_ref()).await.with_context(|| views.display().to_string())?;
        Ok(Self { log, store, rules, key: Some(key), place: data.path().display().to_string(), writer })
    }

    /// A data directory, beside whoever writes.
    async fn embedded_read(data: &DataDir) -> Result<Self> {
        if !data.is_written() {
            check_write_ahead(data)?;
        }
        let log = EmbeddedLog::open_read(&data.file_path("log.db"))?;
        let key = data.hub_key().ok();
        if let Some(key) = &key {
            check_key(&log, key, data).await?;
        }
        let views = data.file_path("views.db");
        if !views.exists() {
            bail!("there is no {}: `onefold run` makes it again from the log", views.display());
        }
        let store = SqliteStore::open_read(&views).with_context(|| format!("{}", views.display()))?;
        StoreError::check_fold(store.fold_version()).with_context(|| format!("{}", views.display()))?;
        if let Some(why) = log_watch::find_other(&log, &store).await? {
            bail!("{}: {}", views.display(), log_watch::replaced_advice(&why));
        }
        let rules = store.rules().clone();
        let place = data.path().display().to_string();
        Ok(Self { log: Arc::new(log), store: Arc::new(store), rules, key, place, writer: None })
    }
}
