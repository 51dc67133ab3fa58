//! Log and read model of a hub, opened for writing or for reading: the one place that names adapters.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use onefold_event::HubKey;
use onefold_identity::Rules;
use onefold_log::Log;
use onefold_log_embedded::EmbeddedLog;
use onefold_store::{FollowStore, LoadStore, Store, StoreError};
use onefold_store_sqlite::{SqliteLoad, SqliteStore};

use crate::config::Config;
use crate::data::{DataDir, WriterLock};

/// The topic of events.
pub(crate) const EVENTS: &str = "events";
/// Partitions of an embedded log that is made, unless asked otherwise.
const PARTITIONS: u32 = 8;

/// What a hub stands on.
pub(crate) struct Engine {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) store: Arc<dyn Store>,
    /// Rules of identity that the views are made under.
    pub(crate) rules: Rules,
    /// Where it is, for people.
    pub(crate) place: String,
    /// What only a writer has.
    pub(crate) writer: Option<Writer>,
}

/// The right to write.
pub(crate) struct Writer {
    pub(crate) key: HubKey,
    pub(crate) partitions: u32,
    _lock: WriterLock,
}

/// A log that is copied into, held by this process alone.
pub(crate) struct Target {
    pub(crate) log: Arc<dyn Log>,
    /// Partitions of a topic that is made.
    pub(crate) partitions: u32,
    _lock: WriterLock,
}

impl Target {
    pub(crate) fn open(data: &DataDir, config: &Config) -> Result<Self> {
        let lock = data.lock()?;
        let log = EmbeddedLog::open(&data.file("log.db"), onefold_log_embedded::Options::default())?;
        Ok(Self { log: Arc::new(log), partitions: partitions(config), _lock: lock })
    }
}

/// A log that is copied from, beside whoever writes to it.
pub(crate) fn source(data: &DataDir) -> Result<Arc<dyn Log>> {
    Ok(Arc::new(EmbeddedLog::open_read(&data.file("log.db"))?))
}

fn partitions(config: &Config) -> u32 {
    if config.hub.partitions == 0 { PARTITIONS } else { config.hub.partitions }
}

/// Views in a fresh file; what is in quarantine is taken from the old one.
pub(crate) fn loader(new: &Path, partitions: usize, rules: &Rules, old: Option<&Path>) -> Result<Box<dyn LoadStore>> {
    let partitions = u32::try_from(partitions)?;
    let options = onefold_store_sqlite::Options { partitions, rules: rules.clone(), ..Default::default() };
    Ok(Box::new(SqliteLoad::create(new, &options, old)?))
}

/// Views that are made again beside the old ones, by the one process that writes.
pub(crate) struct Rebuilding {
    pub(crate) log: Arc<dyn Log>,
    /// The views as they are, where there are any.
    pub(crate) live: Option<Arc<dyn Store>>,
    /// They were made under the rules that are configured now.
    pub(crate) same_rules: bool,
    rules: Rules,
    views: PathBuf,
    new: PathBuf,
    _lock: WriterLock,
}

impl Rebuilding {
    /// Whether live has begun what it has not finished.
    pub(crate) async fn is_waiting(data: &DataDir) -> Result<bool> {
        let views = data.file("views.db");
        Ok(views.exists() && SqliteStore::open_read(&views)?.followed().await?.waiting)
    }

    pub(crate) fn begin(data: &DataDir, config: &Config) -> Result<Self> {
        let lock = data.lock()?;
        let log: Arc<dyn Log> = Arc::new(EmbeddedLog::open_read(&data.file("log.db"))?);
        let views = data.file("views.db");
        let live = views.exists().then(|| SqliteStore::open_read(&views)).transpose()?;
        let rules = config.identity.clone();
        let same_rules = live.as_ref().is_none_or(|live| *live.rules() == rules);
        let live = live.map(|live| Arc::new(live) as Arc<dyn Store>);
        Ok(Self { log, live, same_rules, rules, views, new: data.file("views.db.new"), _lock: lock })
    }

    /// Views that nobody reads yet.
    pub(crate) fn load(&self, partitions: usize) -> Result<Box<dyn LoadStore>> {
        let old = self.live.is_some().then_some(self.views.as_path());
        loader(&self.new, partitions, &self.rules, old)
    }

    /// Puts it in the place of the old one.
    pub(crate) fn swap(self) -> Result<()> {
        drop(self.live);
        SqliteLoad::swap(&self.new, &self.views)
            .with_context(|| format!("{} cannot be replaced; is it being read?", self.views.display()))
    }

    /// Leaves the old one.
    pub(crate) fn discard(self) -> Result<()> {
        std::fs::remove_file(&self.new).with_context(|| format!("{} cannot be removed", self.new.display()))
    }
}

impl Engine {
    /// A data directory, for the one process that writes.
    pub(crate) async fn embedded(data: &DataDir, config: &Config) -> Result<Self> {
        let lock = data.lock()?;
        let key = data.key()?;
        let (log, views) = (data.file("log.db"), data.file("views.db"));
        if views.exists() && !log.exists() {
            bail!(
                "{} is missing: everything can be computed from it, and nothing without it; put it back from a copy",
                log.display()
            );
        }
        let log: Arc<dyn Log> = Arc::new(EmbeddedLog::open(&log, onefold_log_embedded::Options::default())?);
        let partitions = log.topic(EVENTS, partitions(config)).await?;
        let rules = config.identity.clone();
        let options = onefold_store_sqlite::Options { partitions, rules: rules.clone(), ..Default::default() };
        let store = SqliteStore::open(&views, options).map_err(|error| match error {
            StoreError::OtherRules => anyhow::Error::new(error).context(format!("{}", views.display())),
            other => other.into(),
        })?;
        let store: Arc<dyn Store> = Arc::new(store);
        let (heads, positions) = (log.heads(EVENTS).await?, store.followed().await?.positions);
        if heads.len() != positions.len() || heads.iter().zip(&positions).any(|(head, at)| head < at) {
            bail!(
                "the views are of another log, or of more of it than there is (log {heads:?}, views {positions:?}): put the \
                 log back from a later copy, or remove {} to have the views made again",
                views.display()
            );
        }
        let writer = Some(Writer { key, partitions, _lock: lock });
        Ok(Self { log, store, rules, place: data.path().display().to_string(), writer })
    }

    /// A data directory, beside whoever writes.
    pub(crate) fn embedded_read(data: &DataDir) -> Result<Self> {
        let log: Arc<dyn Log> = Arc::new(EmbeddedLog::open_read(&data.file("log.db"))?);
        let views = data.file("views.db");
        if !views.exists() {
            bail!("there is no {}: `onefold run` makes it again from the log", views.display());
        }
        let store = SqliteStore::open_read(&views).with_context(|| format!("{}", views.display()))?;
        let rules = store.rules().clone();
        Ok(Self { log, store: Arc::new(store), rules, place: data.path().display().to_string(), writer: None })
    }
}
