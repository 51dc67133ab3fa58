//! The data directory: which files it holds, that it is one, and who may write.
//!
//! | file | what |
//! |---|---|
//! | `FORMAT` | version of this layout; written last when the directory is made, so that it is whole or none |
//! | `hub.key` | 32 random bytes for content digests; readable by the owner alone |
//! | `seal.key` | the private key that the log is sealed with, where one was made; readable by the owner alone, and in no backup |
//! | `writer.lock` | held by the one process that writes; names its pid |
//! | `log.db` | the log: everything else can be computed from it |
//! | `views.db` | the read model, and the quarantine |
//! | `views.db.new` | a read model that is being made again; it takes the name of the other once it is whole |

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use onefold_event::HubKey;

/// Version of the layout that this program writes; a newer one is refused.
const FORMAT: u32 = 1;
/// Marks a directory that `onefold demo` made and may empty.
pub(crate) const DEMO: &str = "DEMO";
/// Files that may stand in a directory before it is one: what an interrupted making leaves behind, and the demo's mark.
const UNFINISHED: [&str; 5] = ["hub.key", "hub.key.new", "FORMAT.new", "writer.lock", DEMO];

/// A data directory that is one.
#[derive(Debug, Clone)]
pub(crate) struct DataDir(PathBuf);

/// Held for as long as this process writes.
#[derive(Debug)]
pub(crate) struct WriterLock {
    _held: File,
}

impl DataDir {
    /// The directory, made where it is absent or empty.
    pub(crate) fn make(path: &Path) -> Result<Self> {
        make_directory(path)?;
        let dir = Self(path.to_owned());
        dir.tighten_permissions();
        if dir.file_path("FORMAT").exists() {
            dir.check_format()?;
            return Ok(dir);
        }
        for entry in fs::read_dir(path).with_context(|| format!("{} cannot be read", path.display()))? {
            let name = entry?.file_name();
            if !UNFINISHED.iter().any(|known| name == *known) {
                return Err(dir.no_format(&name.to_string_lossy()));
            }
        }
        if !dir.file_path("hub.key").exists() {
            dir.put_file("hub.key", &random_bytes().context("no random bytes for hub.key")?)?;
        }
        dir.finish()?;
        Ok(dir)
    }

    /// A directory of no files yet, made where it is absent: the caller puts them there, and finishes it.
    pub(crate) fn begin(path: &Path) -> Result<Self> {
        make_directory(path)?;
        let mut entries = fs::read_dir(path).with_context(|| format!("{} cannot be read", path.display()))?;
        if let Some(entry) = entries.next() {
            bail!(
                "{} holds {}: name a directory that is empty or not there",
                path.display(),
                entry?.file_name().display()
            );
        }
        let dir = Self(path.to_owned());
        dir.tighten_permissions();
        Ok(dir)
    }

    /// Makes it a data directory, once all of its files are there.
    pub(crate) fn finish(&self) -> Result<()> {
        self.put_file("FORMAT", format!("{FORMAT}\n").as_bytes())
    }

    /// Why it is none, though it holds something.
    fn no_format(&self, holds: &str) -> anyhow::Error {
        let path = self.0.display();
        if self.file_path("log.db").exists() {
            return anyhow::anyhow!(
                "{path} holds log.db but no FORMAT: it is a part of a data directory, or a backup that broke off. A copy made \
                 file by file beside a process that writes may be torn: `onefold backup` makes a whole one, `onefold restore` \
                 puts it back"
            );
        }
        anyhow::anyhow!(
            "{path} is no data directory: it holds {holds} but no FORMAT; name another directory, or an empty one"
        )
    }

    /// Leaves the directory and its files to their owner alone, as they are made: older programs let others read them.
    fn tighten_permissions(&self) {
        let tighten = |path: &Path, most: u32| -> std::io::Result<()> {
            let mode = fs::symlink_metadata(path)?.permissions().mode();
            if mode & 0o777 & !most == 0 {
                return Ok(());
            }
            fs::set_permissions(path, Permissions::from_mode(mode & most))
        };
        let all = || -> std::io::Result<()> {
            tighten(&self.0, 0o700)?;
            for entry in fs::read_dir(&self.0)? {
                let entry = entry?;
                if entry.file_type()?.is_file() {
                    tighten(&entry.path(), 0o600)?;
                }
            }
            Ok(())
        };
        if let Err(error) = all() {
            tracing::warn!(
                "others may read what is in {}, which holds personal data: it is not this user's to change ({error})",
                self.0.display()
            );
        }
    }

    /// The directory as it is.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let dir = Self(path.to_owned());
        if !path.exists() {
            bail!("there is no data directory {}: `onefold ingest` or `onefold run` makes one", path.display());
        }
        if !dir.file_path("FORMAT").exists() {
            return Err(dir.no_format("other things, or nothing,"));
        }
        dir.check_format()?;
        dir.tighten_permissions();
        Ok(dir)
    }

    fn check_format(&self) -> Result<()> {
        let file = self.file_path("FORMAT");
        let text = fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        match text.trim().parse::<u32>() {
            Ok(found) if found > FORMAT => bail!(
                "{} has data format {found}, this program knows formats up to {FORMAT}: use a newer version of the program",
                self.0.display()
            ),
            Ok(_) => Ok(()),
            Err(_) => bail!("{} holds `{}`: expected a number", file.display(), text.trim()),
        }
    }

    /// Takes the right to write, or says who has it.
    pub(crate) fn lock_writer(&self) -> Result<WriterLock> {
        let path = self.file_path("writer.lock");
        let options = || OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut held = options().with_context(|| format!("{} cannot be opened", path.display()))?;
        match held.try_lock() {
            Ok(()) => {
                let pid = std::process::id().to_string();
                // Whoever is refused reads it; without room for it they are refused all the same.
                let _ = held.set_len(0).and_then(|()| held.write_all(pid.as_bytes()));
                Ok(WriterLock { _held: held })
            }
            Err(TryLockError::WouldBlock) => {
                let pid = fs::read_to_string(&path).unwrap_or_default();
                let who = if pid.trim().is_empty() {
                    "another process".to_owned()
                } else {
                    format!("another process (pid {})", pid.trim())
                };
                bail!(
                    "{who} writes to {}: one process writes at a time, any number may read; stop it first, or post events to it over HTTP",
                    self.0.display()
                )
            }
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("{} cannot be locked", path.display()))
            }
        }
    }

    /// Whether another process holds the right to write.
    pub(crate) fn is_written(&self) -> bool {
        let open = OpenOptions::new().read(true).write(true).open(self.file_path("writer.lock"));
        open.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// The hub's own key.
    pub(crate) fn hub_key(&self) -> Result<HubKey> {
        Ok(HubKey::new(&self.key_bytes()?))
    }

    /// The same as it stands in its file.
    pub(crate) fn key_bytes(&self) -> Result<[u8; 32]> {
        let path = self.file_path("hub.key");
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                bail!(
                    "{} is missing: without it duplicates are not known again; put it back from a copy",
                    path.display()
                )
            }
            other => other.with_context(|| format!("{} cannot be read", path.display()))?,
        };
        bytes.as_slice().try_into().map_err(|_| {
            anyhow::anyhow!("{} holds {} bytes: expected 32; put it back from a copy", path.display(), bytes.len())
        })
    }

    /// Where a file of the directory is.
    pub(crate) fn file_path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The directory itself.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file whole or not at all, for its owner alone.
    pub(crate) fn put_file(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let (unfinished, path) = (self.file_path(&format!("{name}.new")), self.file_path(name));
        let write = || -> std::io::Result<()> {
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&unfinished, &path)?;
            File::open(&self.0)?.sync_all()
        };
        write().with_context(|| format!("{} cannot be written", path.display()))
    }
}

/// Writes a file that is not there yet whole or not at all, for its owner alone.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).inspect_err(|_| {
        // Half of it would be taken for the whole, and keep the next one from being written.
        let _ = fs::remove_file(path);
    })?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}

/// The file beside a database that bears its whole name and an ending, as SQLite's own do.
pub(crate) fn sibling_path(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Bytes that nobody can guess.
pub(crate) fn random_bytes() -> std::io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// For its owner alone, whatever the umask.
fn make_directory(path: &Path) -> Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.with_context(|| format!("the data directory {} cannot be made", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_made_once_with_a_key_for_its_owner_alone() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("data");
        let made = DataDir::make(&path).unwrap();
        let key = fs::read(made.file_path("hub.key")).unwrap();
        assert_eq!(key.len(), 32);
        assert_eq!(fs::metadata(made.file_path("hub.key")).unwrap().permissions().mode() & 0o777, 0o600);
        let again = DataDir::make(&path).unwrap();
        assert_eq!(fs::read(again.file_path("hub.key")).unwrap(), key);
    }

    #[test]
    fn an_interrupted_making_is_finished() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("hub.key"), [7; 32]).unwrap();
        let made = DataDir::make(dir.path()).unwrap();
        assert_eq!(fs::read(made.file_path("hub.key")).unwrap(), [7; 32]);
    }

    #[test]
    fn a_directory_of_something_else_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("letter.txt"), "dear").unwrap();
        let error = DataDir::make(dir.path()).unwrap_err().to_string();
        assert!(error.contains("letter.txt"), "{error}");
        assert!(!dir.path().join("hub.key").exists());
    }

    #[test]
    fn what_others_may_read_is_left_to_its_owner_when_it_is_opened() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("data");
        let made = DataDir::make(&path).unwrap();
        fs::write(made.file_path("log.db"), "").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let files = ["log.db", "FORMAT", "hub.key"].map(|name| made.file_path(name));
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        files.iter().for_each(|file| fs::set_permissions(file, Permissions::from_mode(0o644)).unwrap());
        DataDir::open(&path).unwrap();
        assert_eq!(mode(&path), 0o700);
        files.iter().for_each(|file| assert_eq!(mode(file), 0o600, "{}", file.display()));
    }

    #[test]
    fn a_part_of_a_data_directory_is_refused_and_says_what_makes_a_whole_one() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("log.db"), "").unwrap();
        for refused in [DataDir::make(dir.path()), DataDir::open(dir.path())] {
            let error = refused.unwrap_err().to_string();
            assert!(error.contains("no FORMAT") && error.contains("onefold backup"), "{error}");
        }
    }

    #[test]
    fn a_newer_format_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        DataDir::make(dir.path()).unwrap();
        fs::write(dir.path().join("FORMAT"), "2\n").unwrap();
        let error = DataDir::open(dir.path()).unwrap_err().to_string();
        assert!(error.contains("data format 2") && error.contains("newer version"), "{error}");
    }

    #[test]
    fn a_second_writer_is_told_the_pid_of_the_first() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::make(dir.path()).unwrap();
        let first = data.lock_writer().unwrap();
        let error = data.lock_writer().unwrap_err().to_string();
        assert!(error.contains(&format!("pid {}", std::process::id())), "{error}");
        drop(first);
        data.lock_writer().unwrap();
    }
}
