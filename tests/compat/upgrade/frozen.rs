//! Frozen hubs: an archive each, named by the formats of what is in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::answers::Answers;
use crate::harness::root;

/// Of this kind; also how the names of its archives begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `data`, a data directory.
    Directory,
    /// `log`, a data directory that holds the log alone, and `database.sql`, the database of its views.
    Servers,
}

/// Numbers by which a hub says how it is written, each under a word of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Formats(pub(crate) Vec<(&'static str, u32)>);

/// One archive.
#[derive(Debug)]
pub(crate) struct Frozen {
    pub(crate) name: String,
}

impl Formats {
    /// Of this data directory.
    pub(crate) fn of_directory(data: &Path) -> Self {
        let format = fs::read_to_string(data.join("FORMAT")).expect("FORMAT");
        let number = |file: &str, query: &str| {
            let file = rusqlite::Connection::open(data.join(file)).expect("a file of SQLite");
            file.query_row(query, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{query}: {error}"))
        };
        Self(vec![
            ("data", format.trim().parse().expect("a number")),
            ("log", number("log.db", "SELECT value FROM onefold_log WHERE name = 'format'")),
            ("views", number("views.db", "SELECT value FROM meta WHERE name = 'format'")),
            ("fold", number("views.db", "SELECT coalesce(max(value), 1) FROM meta WHERE name = 'fold'")),
        ])
    }

    /// Of the database of a hub on servers.
    pub(crate) fn of_database(database: &onefold_testkit::Database) -> Self {
        let number = |query: &str| database.ask(query).parse().unwrap_or_else(|error| panic!("{query}: {error}"));
        Self(vec![
            ("tables", number("SELECT max(version) FROM _sqlx_migrations")),
            ("fold", number("SELECT coalesce(max(value), '1') FROM meta WHERE name = 'fold'")),
        ])
    }

    /// What a frozen hub of these formats is called.
    pub(crate) fn name(&self, kind: Kind) -> String {
        let words = self.0.iter().map(|(word, number)| format!(".{word}-{number}"));
        format!("{}{}", kind.word(), words.collect::<String>())
    }

    /// Which of the formats before these are in none of the frozen hubs.
    pub(crate) fn missing(&self, kind: Kind) -> Vec<String> {
        let there: BTreeSet<String> =
            frozen(kind).iter().flat_map(|one| one.name.split('.').map(str::to_owned).collect::<Vec<_>>()).collect();
        let older = self.0.iter().flat_map(|(word, number)| (1..*number).map(move |older| format!("{word}-{older}")));
        older.filter(|one| !there.contains(one)).collect()
    }

    pub(crate) fn get(&self, word: &str) -> u32 {
        self.0.iter().find(|(one, _)| *one == word).expect("a format").1
    }
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::Servers => "servers",
        }
    }
}

impl Frozen {
    /// Unpacks it there; answers what the program that made it said.
    pub(crate) fn unpack(&self, to: &Path) -> Answers {
        let archive = folder().join(format!("{}.tar.gz", self.name));
        let done = Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(to).status().expect("tar");
        assert!(done.success(), "{} is not unpacked", archive.display());
        Answers::read(&fs::read_to_string(to.join("answers.json")).expect("answers.json"))
    }
}

fn folder() -> PathBuf {
    root().join("tests/compat/hubs")
}

/// All of a kind, by name.
fn frozen(kind: Kind) -> Vec<Frozen> {
    let files = fs::read_dir(folder()).expect("tests/compat/hubs is there").flatten();
    let names = files.filter_map(|file| Some(file.file_name().to_str()?.strip_suffix(".tar.gz")?.to_owned()));
    let mut names: Vec<String> = names.filter(|name| name.split('.').next() == Some(kind.word())).collect();
    names.sort();
    names.into_iter().map(|name| Frozen { name }).collect()
}

/// Does the same with each of a kind, a few side by side: they wait more than they work. A thread bears its archive's name, so
/// that a failure says it.
pub(crate) fn each(kind: Kind, work: impl Fn(&Frozen) + Sync) {
    for some in frozen(kind).chunks(3) {
        std::thread::scope(|scope| {
            for one in some {
                let thread = std::thread::Builder::new().name(one.name.clone());
                thread.spawn_scoped(scope, || work(one)).expect("a thread");
            }
        });
    }
}

/// The program that `ONEFOLD_TEST_FREEZE` names, whose hubs are to be frozen.
pub(crate) fn older_program() -> Option<PathBuf> {
    std::env::var_os("ONEFOLD_TEST_FREEZE").map(PathBuf::from)
}

/// Packs what stands in a directory; what is frozen already stays as it is.
pub(crate) fn freeze(name: &str, from: &Path, parts: &[&str]) {
    let archive = folder().join(format!("{name}.tar.gz"));
    if archive.exists() {
        return;
    }
    let mut pack = Command::new("tar");
    // Locks, and what SQLite makes anew beside its files.
    pack.args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--exclude=*lock", "--exclude=*.db-*"]);
    let done = pack.args(["-I", "gzip -9n", "-cf"]).arg(&archive).arg("-C").arg(from).args(parts).status();
    assert!(done.expect("tar").success(), "{} is not packed", archive.display());
}

/// Brings all that is committed into the files of SQLite themselves, so that they can be packed alone.
pub(crate) fn rest(data: &Path) {
    for name in ["log.db", "views.db"] {
        let path = data.join(name);
        if path.exists() {
            let file = rusqlite::Connection::open(&path).expect("a file of SQLite");
            let busy: u32 = file.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).expect(name);
            assert_eq!(busy, 0, "{name} is in use");
        }
    }
}
