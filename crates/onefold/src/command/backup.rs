//! `onefold backup`: an embedded hub copied whole, beside whoever writes.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use onefold_log_embedded::EmbeddedLog;
use onefold_store_sqlite::SqliteStore;
use serde::Serialize;

use crate::args::{BackupArgs, Globals};
use crate::data::DataDir;
use crate::engine::check_key;
use crate::log_watch;
use crate::manifest::{BackupManifest, NAME};
use crate::out::OutputWriter;

/// What a backup holds.
#[derive(Debug, Serialize)]
struct BackupAnswer {
    records: u64,
    bytes: u64,
    views: bool,
    seconds: f64,
}

pub(crate) async fn run(args: BackupArgs, globals: Globals) -> Result<ExitCode> {
    if globals.settings.is_distributed() {
        bail!(
            "a hub on Kafka and PostgreSQL is backed up by their own means; the log alone goes into a directory with `onefold copy \
             --from {} --to DIR`",
            globals.settings.kafka.bootstrap
        );
    }
    let began = Instant::now();
    let data = DataDir::open(globals.data_directory()?)?;
    let into = DataDir::begin(&args.to)?;
    let (records, views) = copy_directory(&data, &into, globals.config.as_deref())
        .await
        .with_context(|| format!("{} is unfinished and of no use: remove it", args.to.display()))?;
    let manifest = BackupManifest::of_directory(&into, Timestamp::now().to_string())?;
    let bytes = manifest.byte_count();
    into.put_file(NAME, &serde_json::to_vec_pretty(&manifest)?)?;
    // Last, so that what broke off is not taken for a whole one.
    into.finish()?;
    let told = BackupAnswer { records, bytes, views, seconds: began.elapsed().as_secs_f64() };
    let mut out = OutputWriter::open();
    if globals.json {
        out.write_json(&told)?;
    } else {
        let without = if views { "" } else { ", without views: they are made again from the log" };
        out.write_line(format!(
            "{} records, each with its checksum, and {} bytes copied into {} in {:.1} s{without}",
            told.records,
            told.bytes,
            args.to.display(),
            told.seconds
        ))?;
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

/// Views first, then the log: whatever is taken in and projected in between, the log that is copied holds all that the views have
/// seen, since an event is in the log before it is in the views. Views that are behind their log catch up.
async fn copy_directory(data: &DataDir, into: &DataDir, config: Option<&Path>) -> Result<(u64, bool)> {
    let views = data.file_path("views.db");
    let has_views = views.exists();
    if has_views {
        SqliteStore::open_read(&views)?.back_up(&into.file_path("views.db")).await?;
    }
    let log = EmbeddedLog::open_read(&data.file_path("log.db"))?;
    check_key(&log, &data.hub_key()?, data).await?;
    log.back_up(&into.file_path("log.db")).await?;
    into.put_file("hub.key", &data.key_bytes()?)?;
    if let Some(config) = config {
        let text = std::fs::read(config).with_context(|| format!("{} cannot be read", config.display()))?;
        into.put_file("onefold.toml", &text)?;
    }
    // What cannot be read back is no backup.
    let copied = EmbeddedLog::open_read(&into.file_path("log.db"))?;
    let records = copied.check_all().await?;
    if has_views {
        let views = SqliteStore::open_read(&into.file_path("views.db"))?;
        if let Some(why) = log_watch::find_other(&copied, &views).await? {
            bail!("the views that were copied are not of the log that was ({why}): that cannot be; please report it");
        }
    }
    Ok((records, has_views))
}
