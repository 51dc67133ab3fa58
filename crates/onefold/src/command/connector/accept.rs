//! `onefold connector try --accept`: the record that is shown becomes a test of the connector file.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use onefold_connect::{SampleRecord, SampleReport};
use onefold_mapping::{Connector, DraftedTest};
use serde::Serialize;
use tempfile::NamedTempFile;

use crate::connector;

/// Records that are named where several could be meant.
const NAMED: usize = 10;

/// A connector file that is to have a test more.
pub(super) struct TestTarget {
    /// As it was named.
    file: PathBuf,
    /// Where its text stands: a link is followed, and stays.
    target: PathBuf,
    name: String,
}

/// A test that a connector file has now.
#[derive(Debug, Serialize)]
pub(super) struct AcceptedTest {
    /// Its name.
    name: String,
    /// The connector file.
    file: PathBuf,
    /// As it stands there.
    text: String,
    #[serde(skip)]
    expects: String,
}

impl TestTarget {
    /// Refuses a name that is in use, and a file that cannot be written.
    pub(super) fn open(file: &Path, connector: &Connector, name: &str) -> Result<Self> {
        let shown = file.display();
        if connector.test_names().any(|known| known == name) {
            bail!("{shown} has a test \"{name}\" already: name another one, or take that one out of the file first");
        }
        let target = fs::canonicalize(file).with_context(|| format!("{shown} cannot be found"))?;
        // Asked before anything is written: a new file would take the place of one that nobody may write.
        let is_locked = fs::metadata(&target).map(|known| known.permissions().readonly());
        if is_locked.with_context(|| format!("{shown} cannot be read"))? {
            bail!(
                "{shown} is for reading only, so that no test can be added to it: allow writing (chmod u+w), or try a copy"
            );
        }
        OpenOptions::new()
            .append(true)
            .open(&target)
            .with_context(|| format!("no test can be added to {shown}, which cannot be written"))?;
        Ok(Self { file: file.to_path_buf(), target, name: name.to_owned() })
    }

    /// Adds the one record that is shown, and nothing where it is not one, or is no test that would pass.
    pub(super) fn add(self, report: &SampleReport) -> Result<AcceptedTest> {
        let shown = self.file.display().to_string();
        if let Some(failed) = report.failed_tests.first() {
            bail!(
                "{shown} fails its own test \"{failed}\", and a test is added to a file that passes; it is unchanged: see `onefold \
                 connector check {shown}`"
            );
        }
        let record = one_record(report)?;
        let test = match &report.test {
            Some(Ok(test)) => test,
            Some(Err(why)) => bail!("{} cannot be a test: {why}; {shown} is unchanged", place_text(record)),
            None => bail!("{} was not made a test; {shown} is unchanged", place_text(record)),
        };
        let before = connector::read_text(&self.target)?;
        if connector::parse_connector(&self.file, &before).ok().map(|now| hex::encode(now.digest())).as_ref()
            != Some(&report.digest)
        {
            bail!("{shown} was changed while the sample was read: try again; no test was added");
        }
        let added = joining(&before, &test.to_toml(&self.name));
        let after = format!("{before}{added}");
        self.check(&after)?;
        replace_whole(&self.target, after.as_bytes()).with_context(|| format!("{shown} is unchanged"))?;
        Ok(AcceptedTest { expects: expectation(test), name: self.name, file: self.file, text: added.trim().to_owned() })
    }

    /// Whether a connector file of this text can be read, and passes the test.
    fn check(&self, text: &str) -> Result<()> {
        let shown = self.file.display();
        let connector = connector::parse_connector(&self.file, text).map_err(|problems| {
            let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
            anyhow!(
                "with the test behind its last line {shown} could not be read, and is unchanged\n{}",
                all.join("\n")
            )
        })?;
        let problems: Vec<String> = (connector.run_tests().iter())
            .filter(|test| test.name == self.name)
            .flat_map(|test| test.problems.iter().map(ToString::to_string))
            .collect();
        if !problems.is_empty() {
            bail!("{shown} would fail the test that was to be added, and is unchanged\n{}", problems.join("\n"));
        }
        Ok(())
    }
}

impl AcceptedTest {
    /// What was done, for people.
    pub(super) fn to_text(&self) -> String {
        let Self { name, file, expects, .. } = self;
        let file = file.display();
        format!(
            "test \"{name}\" was added to {file}: it expects {expects}; `onefold connector check {file}` runs it\n\
             the record's values stand there now: change those that tell of a person before the file is shared"
        )
    }
}

/// The record, where it is one alone that is shown.
fn one_record(report: &SampleReport) -> Result<&SampleRecord> {
    match &report.records[..] {
        [record] => Ok(record),
        [] => bail!(
            "no record is shown, so that none can be a test: of {} in the sample none is as --record, --only and --limit say",
            report.counts.records
        ),
        records => {
            let named: Vec<String> =
                records.iter().take(NAMED).map(|record| format!("  {}", place_text(record))).collect();
            let more = if report.selected > named.len() as u64 { "\n  ..." } else { "" };
            bail!(
                "{} records are shown, and a test holds one: name it by --record N\n{}{more}",
                records.len(),
                named.join("\n")
            )
        }
    }
}

fn place_text(record: &SampleRecord) -> String {
    let SampleRecord { number, resource, first_line, fate, .. } = record;
    match first_line {
        0 => format!("record {number} ({resource}, {fate})"),
        line => format!("record {number} ({resource}:{line}, {fate})"),
    }
}

fn expectation(test: &DraftedTest) -> String {
    match (test.emits(), test.rejects()) {
        ([], []) => "that it is left out".to_owned(),
        ([], rejects) => format!("that it is rejected for {}", rejects.join(", ")),
        (emits, _) => emits.join(", "),
    }
}

/// What is written behind a text so that a table begins after a blank line, its lines ending as those of the text do.
fn joining(before: &str, table: &str) -> String {
    let end = if before.contains("\r\n") { "\r\n" } else { "\n" };
    let open = if before.is_empty() || before.ends_with('\n') { "" } else { end };
    let lines = if end == "\n" { table.to_owned() } else { table.replace('\n', end) };
    format!("{open}{end}{lines}")
}

/// Puts a text into the place of a file, whole or not at all, with that file's owner and permissions.
fn replace_whole(target: &Path, bytes: &[u8]) -> Result<()> {
    let beside = target.parent().unwrap_or(Path::new("/"));
    let known = fs::metadata(target)?;
    let file =
        NamedTempFile::new_in(beside).with_context(|| format!("no file can be written in {}", beside.display()))?;
    let written = || format!("{} cannot be written", file.path().display());
    file.as_file().write_all(bytes).with_context(written)?;
    let made = file.as_file().metadata()?;
    if (made.uid(), made.gid()) != (known.uid(), known.gid()) {
        fchown(file.as_file(), Some(known.uid()), Some(known.gid()))
            .with_context(|| format!("{} has an owner or a group that a new file cannot be given", target.display()))?;
    }
    // After the owner, whose change takes some of them away.
    file.as_file().set_permissions(known.permissions())?;
    file.as_file().sync_all().with_context(written)?;
    file.persist(target).with_context(|| format!("{} cannot be put into place", target.display()))?;
    File::open(beside)?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_joined_to_any_end_of_a_file() {
        let table = "[t]\na = 1\n";
        for (before, after) in [
            ("x = 1\n", "\n[t]\na = 1\n"),
            ("x = 1", "\n\n[t]\na = 1\n"),
            ("x = 1\r\ny = 2\r\n", "\r\n[t]\r\na = 1\r\n"),
            ("x = 1\r\ny = 2", "\r\n\r\n[t]\r\na = 1\r\n"),
        ] {
            assert_eq!(joining(before, table), after, "{before:?}");
        }
    }
}
