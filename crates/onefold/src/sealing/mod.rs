//! The key that the log is sealed with, and the sealer that it makes.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use onefold_log::Log;
use onefold_seal::{NoteKey, NoteSigner, SealError, TreeCheckpoint};
use onefold_sealer::{OutsidePlace, Sealer, SealerOptions, read_outside};

use crate::args::Globals;
use crate::data::{random_bytes, write_new};

/// Its file in a data directory.
const KEY_FILE: &str = "seal.key";

/// Where the private key is, or would be.
pub(crate) fn key_path(globals: &Globals) -> Result<PathBuf> {
    let configured = &globals.settings.seal.key;
    if !configured.as_os_str().is_empty() {
        return Ok(configured.clone());
    }
    if globals.settings.is_distributed() {
        bail!("which key? name its file as seal.key in the configuration, or in ONEFOLD_SEAL_KEY");
    }
    Ok(globals.data_directory()?.join(KEY_FILE))
}

/// Reads a private key.
pub(crate) fn read_signer(path: &Path) -> Result<NoteSigner> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("there is no key {}: `onefold audit key NAME` makes one", path.display())
        }
        read => read.with_context(|| format!("{} cannot be read", path.display()))?,
    };
    NoteSigner::parse(&text).with_context(|| path.display().to_string())
}

/// Makes a key of this name where there is none yet.
pub(crate) fn make_signer(path: &Path, name: &str) -> Result<NoteSigner> {
    let signer = NoteSigner::from_seed(name, &random_bytes().context("no random bytes for a key")?)?;
    // Never over another: what it has sealed could be gone on from by nobody.
    match write_new(path, format!("{}\n", signer.text()).as_bytes()) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => bail!(
            "{} is there already: the log is sealed with one key for ever; say `onefold audit key` without a name to see its public one",
            path.display()
        ),
        written => written.with_context(|| format!("{} cannot be written", path.display()))?,
    }
    Ok(signer)
}

/// The public key that is named, by itself or by a file that holds it; else that of the hub's own.
pub(crate) fn public_key(named: Option<&str>, globals: &Globals) -> Result<NoteKey> {
    let Some(named) = named else {
        return Ok(read_signer(&key_path(globals)?)?.public().clone());
    };
    if named.contains('+') {
        return Ok(NoteKey::parse(named)?);
    }
    let text = fs::read_to_string(named)
        .with_context(|| format!("`{named}` is neither a public key (NAME+ID+KEY) nor a file that can be read"))?;
    NoteKey::parse(&text).with_context(|| named.to_owned())
}

/// Where checkpoints are written beside the hub.
fn places(globals: &Globals, more: &[PathBuf]) -> Vec<PathBuf> {
    globals.settings.seal.places.iter().chain(more).cloned().collect()
}

/// A sealer of this log, with this key.
pub(crate) fn new_sealer(log: Arc<dyn Log>, signer: NoteSigner, globals: &Globals, more: &[PathBuf]) -> Sealer {
    let places = places(globals, more).into_iter().map(OutsidePlace::new).collect();
    let config = &globals.settings.seal;
    let options = SealerOptions { every_seconds: config.every_seconds, records: config.records };
    Sealer::new(log, signer, places, options)
}

/// The sealer of a hub that runs; none where it has no key.
pub(crate) fn own_sealer(log: &Arc<dyn Log>, globals: &Globals) -> Result<Option<Sealer>> {
    let is_named = !globals.settings.seal.key.as_os_str().is_empty();
    if !is_named && (globals.settings.is_distributed() || !key_path(globals)?.exists()) {
        return Ok(None);
    }
    Ok(Some(new_sealer(Arc::clone(log), read_signer(&key_path(globals)?)?, globals, &[])))
}

/// Checkpoints that were kept outside.
pub(crate) fn outside_checkpoints(
    globals: &Globals,
    more: &[PathBuf],
    key: &NoteKey,
) -> Result<Vec<Result<TreeCheckpoint, SealError>>> {
    let mut all = Vec::new();
    for path in places(globals, more) {
        let bytes =
            fs::read(&path).with_context(|| format!("the checkpoints outside, {}, cannot be read", path.display()))?;
        let read = read_outside(&bytes, key);
        if read.is_empty() {
            bail!("{} holds no checkpoint", path.display());
        }
        all.extend(read);
    }
    Ok(all)
}
