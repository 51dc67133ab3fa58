//! What a backup says of itself: its files, each with its length and SHA-256, so that one that was damaged or altered meanwhile
//! is not put back.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::data::DataDir;

/// Its file, beside those that it tells of.
pub(crate) const NAME: &str = "BACKUP";
/// What may stand in a backup.
const FILES: [&str; 4] = ["hub.key", "log.db", "onefold.toml", "views.db"];

/// What a backup holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BackupManifest {
    /// When it was made.
    pub(crate) made: String,
    /// Version of the program that made it.
    program: String,
    files: BTreeMap<String, FileEntry>,
}

/// A file as it was.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileEntry {
    bytes: u64,
    sha256: String,
}

impl BackupManifest {
    /// Of the files that are there.
    pub(crate) fn of_directory(dir: &DataDir, made: String) -> Result<Self> {
        let mut files = BTreeMap::new();
        for name in FILES {
            let path = dir.file_path(name);
            if path.exists() {
                let kept = copy_file(&path, &mut std::io::sink());
                files.insert(name.to_owned(), kept.with_context(|| format!("{} cannot be read", path.display()))?);
            }
        }
        Ok(Self { made, program: env!("CARGO_PKG_VERSION").to_owned(), files })
    }

    /// That of a backup.
    pub(crate) fn read_manifest(backup: &Path) -> Result<Self> {
        let path = backup.join(NAME);
        let text = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => bail!(
                "{} is no backup that `onefold backup` has finished: it holds no {NAME}. A data directory that was copied while \
                 nobody wrote to it is taken as it is: name it with --data",
                backup.display()
            ),
            other => other.with_context(|| format!("{} cannot be read", path.display()))?,
        };
        let manifest: Self =
            serde_json::from_slice(&text).with_context(|| format!("{} is not as it was written", path.display()))?;
        if let Some(name) = manifest.files.keys().find(|name| !FILES.contains(&name.as_str())) {
            bail!("{} names `{name}`, which is no file of a backup", path.display());
        }
        Ok(manifest)
    }

    /// Copies the files, each for its owner alone, and sees that they are what they were.
    pub(crate) fn copy_files(&self, backup: &Path, into: &DataDir) -> Result<()> {
        for (name, kept) in &self.files {
            let (from, to) = (backup.join(name), into.file_path(name));
            let copy = || -> std::io::Result<FileEntry> {
                let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&to)?;
                let kept = copy_file(&from, &mut file)?;
                file.sync_all()?;
                Ok(kept)
            };
            let found = copy().with_context(|| format!("{} cannot be put back", from.display()))?;
            if found != *kept {
                bail!(
                    "{} is not what was backed up ({} bytes then, {} now, or others): it was damaged or altered since; take \
                     another backup",
                    from.display(),
                    kept.bytes,
                    found.bytes
                );
            }
        }
        Ok(())
    }

    /// How many files it names.
    pub(crate) fn file_count(&self) -> usize {
        self.files.len()
    }

    /// Their bytes.
    pub(crate) fn byte_count(&self) -> u64 {
        self.files.values().map(|kept| kept.bytes).sum()
    }
}

/// Writes what a file holds into another one, and says what it was.
fn copy_file(path: &Path, into: &mut dyn Write) -> std::io::Result<FileEntry> {
    let (mut file, mut hash) = (File::open(path)?, Sha256::new());
    let (mut part, mut bytes) = (vec![0; 1 << 20], 0);
    loop {
        let read = file.read(&mut part)?;
        let Some(read) = part.get(..read).filter(|read| !read.is_empty()) else { break };
        hash.update(read);
        into.write_all(read)?;
        bytes += read.len() as u64;
    }
    let sha256 = hex::encode(hash.finalize());
    Ok(FileEntry { bytes, sha256 })
}
