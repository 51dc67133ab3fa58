//! `onefold restore`: what a backup holds, put back as a data directory.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use onefold_log_embedded::EmbeddedLog;
use onefold_store_sqlite::SqliteStore;
use serde::Serialize;

use crate::args::{Globals, RestoreArgs};
use crate::data::DataDir;
use crate::engine::check_key;
use crate::log_watch;
use crate::manifest::BackupManifest;
use crate::out::OutputWriter;

#[derive(Debug, Serialize)]
struct RestoreAnswer {
    files: usize,
    bytes: u64,
    made: String,
}

pub(crate) async fn run(args: RestoreArgs, globals: Globals) -> Result<ExitCode> {
    if globals.settings.is_distributed() {
        bail!("a backup is put back into a data directory: name it with --data DIR");
    }
    let manifest = BackupManifest::read_manifest(&args.from)?;
    let target = globals.data_directory()?;
    let into = DataDir::begin(target)?;
    let put = async {
        manifest.copy_files(&args.from, &into)?;
        let log = EmbeddedLog::open_read(&into.file_path("log.db"))?;
        check_key(&log, &into.hub_key()?, &into).await?;
        let views = into.file_path("views.db");
        if views.exists()
            && let Some(why) = log_watch::find_other(&log, &SqliteStore::open_read(&views)?).await?
        {
            bail!("the views in {} are not of its log: {why}", args.from.display());
        }
        // Last, so that what broke off is not taken for a hub.
        into.finish()
    };
    put.await.with_context(|| format!("{} is unfinished: remove it", target.display()))?;
    let told =
        RestoreAnswer { files: manifest.file_count(), bytes: manifest.byte_count(), made: manifest.made.clone() };
    let mut out = OutputWriter::open();
    if globals.json {
        out.write_json(&told)?;
    } else {
        out.write_line(format!(
            "{} files, {} bytes, as they were on {}; `onefold rebuild --verify --data {}` compares the views with the log",
            told.files,
            told.bytes,
            told.made,
            target.display()
        ))?;
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}
