//! A read model loaded at once, in a file of its own that then takes the place of the old one.
//!
//! Rows with a text go into the file as they come, their numbers counted up; what only links two of them waits as pairs of
//! prints, and is written in the order of its table once all numbers are known: 20 to 30 bytes a row until then.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use onefold_store::{KeyPrint, LoadRow, LoadStore, Loaded, StoreError};
use onefold_view::{Digest, search_words};
use rusqlite::{Connection, Result};

use crate::db::{SqliteOptions, create, engine};
use crate::keys;
use crate::links::{LoadedLinks, Numbers, nowhere};
use crate::project::sealed_digest;
use crate::quarantine;
use crate::seal::{Place, digests, seal, sealed_text};

/// How long whoever still reads the old file is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Loads a fresh file.
pub struct SqliteLoad {
    connection: Connection,
    path: PathBuf,
    numbers: Numbers,
    /// (place, number) of each key.
    keys: Vec<(i64, u32)>,
    links: LoadedLinks,
    /// As [`SqliteOptions::few`].
    few: usize,
    /// Texts by which parties are found whose own rows come later.
    late: Vec<LoadRow>,
}

impl SqliteLoad {
    /// Begins a file, in the place of one that was never finished. What is in quarantine, how far intake was read, and
    /// what sources remember is taken from the old file, since it stands nowhere else.
    ///
    /// # Errors
    /// It cannot be made, or the old file cannot be read.
    pub fn create(path: &Path, options: &SqliteOptions, old: Option<&Path>) -> Result<Self, StoreError> {
        for file in [path.to_owned(), beside(path, "-journal"), beside(path, "-wal"), beside(path, "-shm")] {
            remove(&file)?;
        }
        let connection = Connection::open(path).map_err(engine)?;
        // Whoever is killed meanwhile leaves a file that the next one removes.
        let pragmas = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA main.locking_mode = EXCLUSIVE;
             PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;";
        connection.execute_batch(pragmas).map_err(engine)?;
        connection.set_prepared_statement_cache_capacity(64);
        create(&connection, options)?;
        let begin = || {
            connection.execute_batch("DROP INDEX member_by_cluster")?;
            connection.execute_batch(include_str!("publish.sql"))?;
            if let Some(old) = old {
                connection.execute("ATTACH ?1 AS old", [old.display().to_string()])?;
                connection.execute("INSERT INTO quarantine SELECT * FROM old.quarantine", [])?;
                for table in ["intake", "source_item"] {
                    let has = "SELECT EXISTS (SELECT 1 FROM old.sqlite_schema WHERE name = ?1)";
                    if connection.query_row(has, [table], |row| row.get(0))? {
                        connection.execute(&format!("INSERT INTO {table} SELECT * FROM old.{table}"), [])?;
                    }
                }
                carry_publishing(&connection)?;
                connection.execute_batch("DETACH old")?;
            }
            connection.execute_batch("BEGIN")
        };
        begin().map_err(engine)?;
        Ok(Self {
            connection,
            path: path.to_owned(),
            numbers: Numbers::default(),
            keys: Vec::new(),
            links: LoadedLinks::default(),
            few: options.few,
            late: Vec::new(),
        })
    }

    /// Puts a loaded file in the place of the one that live writes. The caller holds the right to write; readers of the old
    /// file are waited for, since its write-ahead log must be gone before another file has its name.
    ///
    /// # Errors
    /// Somebody goes on reading the old file; both are left as they are.
    pub fn swap(new: &Path, live: &Path) -> Result<(), StoreError> {
        if live.exists() {
            let old = Connection::open(live).map_err(engine)?;
            old.busy_timeout(PATIENCE).map_err(engine)?;
            // Only who is alone with a file may end its write-ahead log.
            let mode: String = old.query_row("PRAGMA journal_mode = DELETE", [], |r| r.get(0)).map_err(engine)?;
            if !mode.eq_ignore_ascii_case("delete") {
                return Err(StoreError::Locked);
            }
        }
        fail::fail_point!("rebuild.before_swap");
        let renamed = fs::rename(new, live).and_then(|()| sync_directory(live));
        fail::fail_point!("rebuild.after_swap");
        renamed.map_err(|e| StoreError::Engine(format!("{}: {e}", live.display())))
    }

    /// The name that a damaged read model is kept under.
    pub fn aside(live: &Path) -> PathBuf {
        beside(live, ".damaged")
    }

    /// Puts a loaded file in the place of one that is damaged, which is kept under another name. The caller holds the right to
    /// write, and nobody reads the old one.
    ///
    /// # Errors
    /// A file cannot be given another name.
    pub fn swap_aside(new: &Path, live: &Path) -> Result<(), StoreError> {
        let aside = Self::aside(live);
        let rename = |from: &Path, to: &Path| match fs::rename(from, to) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            other => other,
        };
        remove(&beside(live, "-shm"))?;
        // Its write-ahead log first: the new file must never be read with it.
        let swapped = rename(&beside(live, "-wal"), &beside(&aside, "-wal"))
            .and_then(|()| rename(live, &aside))
            .and_then(|()| sync_directory(live))
            .and_then(|()| fs::rename(new, live))
            .and_then(|()| sync_directory(live));
        swapped.map_err(|e| StoreError::Engine(format!("{}: {e}", live.display())))
    }

    /// The number of a key, and whether it is new.
    fn number(&mut self, key: &str) -> (u32, bool) {
        let next = u32::try_from(self.numbers.len() + 1).unwrap_or(u32::MAX);
        let num = *self.numbers.entry(KeyPrint::of(key).0).or_insert(next);
        if num == next {
            self.keys.push((keys::place(key), num));
        }
        (num, num == next)
    }

    fn take(&mut self, row: LoadRow) -> Result<Option<(u32, LoadRow)>> {
        match row {
            LoadRow::Subject { key, mut state } => {
                seal(Place::Subject(&key), &mut state);
                let num = self.number(&key).0;
                self.links.numbered.extend(keys::number_place(&key).map(|place| (place, num)));
                self.connection
                    .prepare_cached("INSERT INTO subject VALUES (?1, ?2, ?3)")?
                    .execute((num, key, state))?;
            }
            LoadRow::Fact { subject, id, mut state } => {
                let num = self.number(&subject).0;
                seal(Place::Fact(i64::from(num), &id), &mut state);
                self.connection.prepare_cached("INSERT INTO fact VALUES (?1, ?2, ?3)")?.execute((num, id, state))?;
            }
            LoadRow::Document { owner, at, subject } => self.links.documents.push((owner.0, at, subject.0)),
            LoadRow::OpenItem { owner, invoice, due, item } => self.links.items.push((owner.0, due, invoice.0, item)),
            LoadRow::Holder { party, identifier, present } => self.links.holders.push((identifier.0, party.0, present)),
            LoadRow::Decision { party, decision } => self.links.decisions.push((party.0, decision.0)),
            LoadRow::Member { party, head } => self.links.members.push((party.0, head.0)),
            LoadRow::SetMember { atom, set } => self.links.sets.push((atom.0, set.0)),
            LoadRow::Decided { subject } => self.links.decided.push(subject.0),
            LoadRow::Former { key, subject } => self.links.former.push((key.0, subject.0)),
            LoadRow::Number { place, prefix, subject } => self.links.written.push((place, subject.0, prefix)),
            LoadRow::Refused(entry) => quarantine::meet(&self.connection, &entry)?,
            LoadRow::Owner { ref key, .. } => return Ok(Some((self.number(key).0, row))),
            LoadRow::Named { ref key } => {
                let (num, new) = self.number(key);
                return Ok(new.then_some((num, row)));
            }
            LoadRow::Search { party, .. } => match self.numbers.get(&party.0) {
                Some(num) => return Ok(Some((*num, row))),
                // Its party's row comes later.
                None => self.late.push(row),
            },
        }
        Ok(None)
    }

    fn write(&mut self, rows: Vec<LoadRow>) -> Result<()> {
        let mut numbered = Vec::new();
        for row in rows {
            numbered.extend(self.take(row)?);
        }
        // Parties have had their numbers as subjects: those of one page are written together.
        numbered.sort_by_key(|(num, _)| *num);
        let c = &self.connection;
        for (num, row) in numbered {
            match row {
                LoadRow::Owner { key, bundle, digest, first_seen } => {
                    let digest = digest.as_ref().map_or(&[][..], |Digest(digest)| digest);
                    let digest = digests(&key, first_seen, &bundle, digest);
                    let put = "INSERT INTO owner VALUES (?1, ?2, ?3, ?4, ?5, x'')
                        ON CONFLICT (num) DO UPDATE SET first_seen = ?3, bundle = ?4, digest = ?5";
                    c.prepare_cached(put)?.execute((num, key, first_seen, bundle, digest))?;
                }
                LoadRow::Named { key } => {
                    let put = "INSERT OR IGNORE INTO owner VALUES (?1, ?2, NULL, x'', x'', x'')";
                    c.prepare_cached(put)?.execute((num, key))?;
                }
                LoadRow::Search { text, .. } => {
                    c.prepare_cached("INSERT INTO search VALUES (?1, ?2)")?
                        .execute((num, sealed_text(num.into(), &text)))?;
                    let put = "INSERT INTO search_index (rowid, words) VALUES (?1, ?2)";
                    c.prepare_cached(put)?
                        .execute((num, search_words(&text).into_iter().collect::<Vec<_>>().join(" ")))?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// All that waited for numbers, each table in its own order.
    fn link(&mut self) -> Result<()> {
        let late = std::mem::take(&mut self.late);
        self.write(late)?;
        if !self.late.is_empty() {
            return Err(nowhere());
        }
        let c = &self.connection;
        std::mem::take(&mut self.links).write(c, &self.numbers, self.few)?;
        let mut numbers = std::mem::take(&mut self.keys);
        numbers.sort_unstable();
        keys::put(c, numbers.into_iter().map(|(place, num)| (place, i64::from(num))))?;
        c.execute_batch("CREATE INDEX member_by_cluster ON member (cluster)")
    }
}

impl LoadStore for SqliteLoad {
    fn load(&mut self, rows: Vec<LoadRow>) -> Result<(), StoreError> {
        self.write(rows).map_err(engine)
    }

    fn finish(mut self: Box<Self>, loaded: &Loaded) -> Result<(), StoreError> {
        let finish = |load: &mut Self| {
            load.link()?;
            let c = &load.connection;
            c.execute("UPDATE meta SET value = ?1 WHERE name = 'last'", [load.numbers.len() as i64])?;
            for (partition, next) in (0i64..).zip(&loaded.positions) {
                c.execute("UPDATE position SET next = ?2 WHERE partition = ?1", (partition, next.cast_signed()))?;
            }
            for (name, sum) in [("bundles", loaded.bundles), ("clusters", loaded.clusters), ("ids", loaded.ids)] {
                c.execute("INSERT INTO digest VALUES (?1, ?2)", (name, sealed_digest(name, &sum)))?;
            }
            // The log may have been put back from an older copy.
            let beyond = "UPDATE followed SET next = min(next, (SELECT next FROM position p WHERE p.partition = followed.partition))
                WHERE partition IN (SELECT partition FROM position)";
            c.execute(beyond, [])?;
            c.execute_batch("COMMIT; PRAGMA main.locking_mode = NORMAL; PRAGMA journal_mode = DELETE")
        };
        finish(&mut self).map_err(engine)?;
        fail::fail_point!("rebuild.loaded");
        let Self { connection, path, .. } = *self;
        connection.close().map_err(|(_, error)| engine(error))?;
        let synced = File::open(&path).and_then(|file| file.sync_all()).and_then(|()| sync_directory(&path));
        synced.map_err(|e| StoreError::Engine(format!("{}: {e}", path.display())))
    }
}

/// What was published of the old views goes on: all parties are gone through again, and events from where they were followed
/// to. Notes name parties and owner keys, which are the same.
fn carry_publishing(c: &Connection) -> Result<()> {
    let made = "SELECT EXISTS (SELECT 1 FROM old.sqlite_schema WHERE name = 'publishing')";
    if c.query_row(made, [], |r| r.get(0))? {
        c.execute("INSERT OR REPLACE INTO publishing SELECT one, enabled, version, run, '' FROM old.publishing", [])?;
        c.execute("INSERT INTO followed SELECT * FROM old.followed", [])?;
        c.execute("INSERT INTO outbox SELECT * FROM old.outbox ORDER BY number", [])?;
    }
    Ok(())
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn remove(file: &Path) -> Result<(), StoreError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::Engine(format!("{}: {error}", file.display())))
        }
        _ => Ok(()),
    }
}

fn sync_directory(file: &Path) -> std::io::Result<()> {
    let directory = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory)?.sync_all()
}
