//! A real PostgreSQL.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::OnceLock;

use crate::own::Own;
use crate::server::{Kind, Secrets, Server, unique};
use crate::skipped::skipped;

static KIND: Kind = Kind {
    name: "postgres",
    check: "--check",
    ready: "database system is ready to accept connections",
    // An immediate shutdown, which gives back shared memory.
    stop: "QUIT",
    variable: "ONEFOLD_TEST_POSTGRES",
};

/// A server that tests share, fsync on.
#[derive(Debug, Clone)]
pub struct Postgres {
    url: String,
}

/// A database of one test; dropped with this.
#[derive(Debug)]
pub struct Database {
    server: String,
    name: String,
    url: String,
}

impl Postgres {
    /// The server of this run: the one that `ONEFOLD_TEST_POSTGRES=URL` names (its user may make databases), else one that the
    /// first test starts. None, said under the test's name, where there is none to be had.
    pub fn shared(test: &str) -> Option<Self> {
        static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
        if let Ok(url) = std::env::var(KIND.variable) {
            return Some(Self { url });
        }
        match SERVER.get_or_init(|| KIND.missing(&[]).map_or_else(|| Ok(KIND.shared()), Err)) {
            Ok(server) => Some(Self::at(server)),
            Err(enable) => {
                skipped(test, enable);
                None
            }
        }
    }

    /// A server of this test alone, on this machine even where a shared one is named.
    pub fn own(test: &str) -> Option<Own<Self>> {
        let server = KIND.own(test, &[])?;
        Some(Own::new(Self::at(&server), server))
    }

    /// The same, and it lets nobody in without TLS and a password.
    pub fn secured(test: &str) -> Option<(Own<Self>, Secrets)> {
        let server = KIND.own(test, &["--secured"])?;
        let secrets = server.secrets();
        Some((Own::new(Self::at(&server), server), secrets))
    }

    fn at(server: &Server) -> Self {
        Self { url: format!("postgres://postgres@127.0.0.1:{}/postgres", server.port) }
    }

    /// The server's own database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A fresh, empty database.
    ///
    /// # Panics
    /// `psql` is not there, or the server will not make one.
    pub fn database(&self) -> Database {
        let name = format!("t{}", unique().replace('-', "_"));
        psql(&self.url, &format!("CREATE DATABASE {name}")).expect("a fresh database");
        Database { server: self.url.clone(), url: with_database(&self.url, &name), name }
    }
}

impl Database {
    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs a statement in it, as somebody does who has the password.
    ///
    /// # Panics
    /// `psql` is not there, or the server refuses.
    pub fn run(&self, statement: &str) {
        psql(&self.url, statement).expect("the statement");
    }

    /// What a query for one value answers, as text.
    ///
    /// # Panics
    /// `psql` is not there, or the server refuses.
    pub fn ask(&self, query: &str) -> String {
        psql(&self.url, query).expect("an answer").trim_end().to_owned()
    }

    /// All that is in it, as a script of SQL that [`Self::restore`] takes.
    ///
    /// # Panics
    /// `pg_dump` is not there or older than the server, or the server refuses.
    pub fn dump(&self) -> String {
        let dump = Command::new("pg_dump").args(["--no-owner", "--no-privileges", &self.url]).output();
        let dump = dump.expect("pg_dump (Debian: apt-get install postgresql-client)");
        assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
        let script = String::from_utf8(dump.stdout).expect("text");
        // Which only the newest `psql` knows.
        let known = |line: &&str| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict");
        script.lines().filter(known).flat_map(|line| [line, "\n"]).collect()
    }

    /// Runs a script, as [`Self::dump`] gives it, in a database that is empty.
    ///
    /// # Panics
    /// `psql` is not there, or the server refuses.
    pub fn restore(&self, script: &Path) {
        let script = script.to_string_lossy();
        succeeded(Command::new("psql").args(["-qXAt", "-v", "ON_ERROR_STOP=1", "-f", &script, &self.url]).output())
            .expect("the script");
    }

    /// Where a fresh, empty schema of it is.
    ///
    /// # Panics
    /// `psql` is not there, or the server will not make one.
    pub fn schema(&self) -> String {
        let name = format!("s{}", unique().replace('-', "_"));
        psql(&self.url, &format!("CREATE SCHEMA {name}")).expect("a fresh schema");
        let joint = if self.url.contains('?') { '&' } else { '?' };
        format!("{}{joint}options=-csearch_path%3D{name}", self.url)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A server that a test has killed takes its databases with it.
        let _ = psql(&self.server, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

fn psql(url: &str, statement: &str) -> Result<String, String> {
    succeeded(Command::new("psql").args(["-qXAt", "-v", "ON_ERROR_STOP=1", "-c", statement, url]).output())
}

/// What it said on standard output, or why not.
fn succeeded(output: std::io::Result<Output>) -> Result<String, String> {
    match output {
        Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => Err(format!("psql (Debian: apt-get install postgresql-client): {error}")),
    }
}

/// The same server, another database.
fn with_database(url: &str, name: &str) -> String {
    let (place, options) = url.split_once('?').map_or((url, None), |(place, options)| (place, Some(options)));
    let authority = place.find("://").map_or(0, |at| at + 3);
    let end = place[authority..].find('/').map_or(place.len(), |at| authority + at);
    let options = options.map(|options| format!("?{options}")).unwrap_or_default();
    format!("{}/{name}{options}", &place[..end])
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn another_database_of_the_same_server_keeps_user_and_options() {
        assert_eq!(with_database("postgres://a:b@h:1/x?sslmode=require", "y"), "postgres://a:b@h:1/y?sslmode=require");
        assert_eq!(with_database("postgres://h", "y"), "postgres://h/y");
    }
}
