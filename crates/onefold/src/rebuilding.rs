//! Views that are made again beside the old ones, and take their place.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use onefold_event::HubKey;
use onefold_fold::FOLD_VERSION;
use onefold_identity::IdentityRules;
use onefold_log::Log;
use onefold_log_embedded::EmbeddedLog;
use onefold_store::{FollowStore, LoadStore, Store, StoreError};
use onefold_store_postgres::{Beside, PostgresStore};
use onefold_store_sqlite::{SqliteLoad, SqliteStore};

use crate::args::Globals;
use crate::config::Config;
use crate::data::{DataDir, WriterLock};
use crate::engine::{check_key, check_write_ahead, kafka_log, postgres_options};
use crate::log_watch;

/// Views that are made again beside the old ones, by one process at a time.
pub(crate) struct ViewRebuild {
    pub(crate) log: Arc<dyn Log>,
    /// The views as they are, where there are any.
    pub(crate) live: Option<Arc<dyn Store>>,
    /// They were made under the rules that are configured now.
    pub(crate) same_rules: bool,
    /// They were derived by this version of the fold: else there is nothing to compare with.
    pub(crate) same_fold: bool,
    /// Why they are of another log than this one.
    pub(crate) other_log: Option<String>,
    pub(crate) key: HubKey,
    rules: IdentityRules,
    place: RebuildTarget,
    /// The old ones cannot be read.
    damaged: bool,
}

/// Where new views come to stand.
enum RebuildTarget {
    /// Beside the file that they replace; nobody else writes to it meanwhile.
    File { views: PathBuf, new: PathBuf, _lock: WriterLock },
    /// Beside the schema that they replace.
    Schema { url: String },
}

impl ViewRebuild {
    /// Whether live has begun what nobody would finish while the views are made again.
    pub(crate) async fn is_waiting(globals: &Globals) -> Result<bool> {
        if globals.settings.is_distributed() {
            return Ok(false);
        }
        let data = DataDir::open(globals.data_directory()?)?;
        let views = data.file_path("views.db");
        if !views.exists() {
            return Ok(false);
        }
        let live = SqliteStore::open_read(&views)?;
        // What an older program has begun, or was begun with another log, cannot be finished, and need not be.
        let begun = live.fold_version() == FOLD_VERSION && live.followed().await?.waiting;
        let log = EmbeddedLog::open_read(&data.file_path("log.db"))?;
        Ok(begun && log_watch::find_other(&log, &live).await?.is_none())
    }

    /// `damaged`: the views are known to be, and are not looked at.
    pub(crate) async fn begin_rebuild(globals: &Globals, damaged: bool) -> Result<Self> {
        let config = &globals.settings;
        let rules = config.identity.clone();
        if config.is_distributed() {
            let url = config.postgres.url.clone();
            let live = PostgresStore::connect_read(&url, postgres_options(config)).await?;
            let (same_rules, same_fold) = (*live.rules() == rules, live.fold_version() == FOLD_VERSION);
            let key = HubKey::new(&live.hub_key().await?);
            let (log, live) = (kafka_log(&config.kafka.bootstrap, config)?, Arc::new(live) as Arc<dyn Store>);
            let other_log = log_watch::find_other(log.as_ref(), live.as_ref()).await?;
            let (live, place) = (Some(live), RebuildTarget::Schema { url });
            return Ok(Self { log, live, same_rules, same_fold, other_log, key, rules, place, damaged });
        }
        let data = DataDir::open(globals.data_directory()?)?;
        let (lock, key) = (data.lock_writer()?, data.hub_key()?);
        check_write_ahead(&data)?;
        let log = EmbeddedLog::open_read(&data.file_path("log.db"))?;
        check_key(&log, &key, &data).await?;
        let log: Arc<dyn Log> = Arc::new(log);
        let views = data.file_path("views.db");
        let live = (!damaged && views.exists()).then(|| SqliteStore::open_read(&views)).transpose()?;
        let same_rules = live.as_ref().is_none_or(|live| *live.rules() == rules);
        let same_fold = live.as_ref().is_none_or(|live| live.fold_version() == FOLD_VERSION);
        let live = live.map(|live| Arc::new(live) as Arc<dyn Store>);
        let other_log = match &live {
            Some(live) => log_watch::find_other(log.as_ref(), live.as_ref()).await?,
            None => None,
        };
        let place = RebuildTarget::File { views, new: data.file_path("views.db.new"), _lock: lock };
        Ok(Self { log, live, same_rules, same_fold, other_log, key, rules, place, damaged })
    }

    /// Views that nobody reads yet.
    pub(crate) async fn open_load(&self, partitions: usize) -> Result<Box<dyn LoadStore>> {
        match &self.place {
            RebuildTarget::File { views, new, .. } if self.damaged && views.exists() => {
                file_loader(new, partitions, &self.rules, Some(views)).or_else(|error| {
                    let kept = SqliteLoad::aside(views);
                    tracing::warn!(
                        "what stands in the old views alone, the quarantine and how far topics were read, is lost in them ({error:#}); \
                         they are kept as {}",
                        kept.display()
                    );
                    file_loader(new, partitions, &self.rules, None)
                })
            }
            RebuildTarget::File { views, new, .. } => {
                file_loader(new, partitions, &self.rules, self.live.is_some().then_some(views))
            }
            RebuildTarget::Schema { url } => schema_loader(url, partitions, &self.rules).await,
        }
    }

    /// Puts them in the place of the old ones.
    pub(crate) async fn swap_in(self) -> Result<()> {
        drop(self.live);
        match self.place {
            RebuildTarget::File { views, new, .. } if self.damaged => Ok(SqliteLoad::swap_aside(&new, &views)?),
            RebuildTarget::File { views, new, .. } => SqliteLoad::swap(&new, &views)
                .with_context(|| format!("{} cannot be replaced; is it being read?", views.display())),
            RebuildTarget::Schema { url } => {
                let beside = Beside::open(&url, onefold_store_postgres::PostgresOptions::default()).await?;
                beside.swap().await.context("the tables cannot be replaced; is somebody reading them without end?")
            }
        }
    }

    /// Leaves the old ones.
    pub(crate) async fn discard_rows(self) -> Result<()> {
        match self.place {
            RebuildTarget::File { new, .. } => {
                std::fs::remove_file(&new).with_context(|| format!("{} cannot be removed", new.display()))
            }
            RebuildTarget::Schema { url } => {
                Ok(Beside::open(&url, onefold_store_postgres::PostgresOptions::default()).await?.discard().await?)
            }
        }
    }
}

/// Views in a fresh file; what is in quarantine is taken from the old one.
fn file_loader(
    new: &Path,
    partitions: usize,
    rules: &IdentityRules,
    old: Option<&PathBuf>,
) -> Result<Box<dyn LoadStore>> {
    let partitions = u32::try_from(partitions)?;
    let options = onefold_store_sqlite::SqliteOptions { partitions, rules: rules.clone(), ..Default::default() };
    Ok(Box::new(SqliteLoad::create(new, &options, old.map(PathBuf::as_path))?))
}

/// Views in a fresh schema.
async fn schema_loader(url: &str, partitions: usize, rules: &IdentityRules) -> Result<Box<dyn LoadStore>> {
    let partitions = u32::try_from(partitions)?;
    let options = onefold_store_postgres::PostgresOptions { partitions, rules: rules.clone(), ..Default::default() };
    let beside = Beside::open(url, options).await.map_err(|error| match error {
        StoreError::Locked => anyhow::anyhow!("another process makes these views again just now: wait for it"),
        other => other.into(),
    })?;
    Ok(Box::new(beside.load().await?))
}

/// Views to be measured, beside those in this directory or database.
pub(crate) async fn open_loader(hub: &Config, partitions: usize, rules: &IdentityRules) -> Result<Box<dyn LoadStore>> {
    if hub.is_distributed() {
        return schema_loader(&hub.postgres.url, partitions, rules).await;
    }
    file_loader(&hub.hub.data.join("views.db.new"), partitions, rules, None)
}
