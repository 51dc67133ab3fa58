//! One run of a program, in a directory of its own that goes with it.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::fs::symlink;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Map, Value};
use tokio::task::spawn_blocking;

use super::figures::BenchFigures;
use crate::args::Globals;

/// Of what a program prints, so much is read: a thousand times what all benches print together.
const MOST_PRINTED: u64 = 16 << 20;
/// Of what it says on standard error, so much of the end is told.
const MOST_SAID: usize = 4 << 10;
/// How often it is looked whether a program has ended.
const LOOK: Duration = Duration::from_millis(20);

/// The work that both programs are given.
pub(super) struct CompareWork {
    /// The command line after the program's name.
    words: Vec<OsString>,
    env: Vec<(&'static str, OsString)>,
    /// Whether the hub is on servers, not in the directory.
    on_servers: bool,
    /// Directories are made below it.
    root: PathBuf,
    timeout: Duration,
}

impl CompareWork {
    /// On the servers that are configured, else in directories below the data directory that was named, else below the
    /// temporary one.
    pub(super) fn new(words: Vec<OsString>, globals: &Globals, timeout: Duration) -> Self {
        let settings = &globals.settings;
        let mut env: Vec<(&'static str, OsString)> = Vec::new();
        env.extend(globals.config.as_ref().map(|file| ("ONEFOLD_CONFIG", file.into())));
        if settings.is_distributed() {
            // Not on a command line: a URL may hold a password.
            env.push(("ONEFOLD_KAFKA", settings.kafka.bootstrap.clone().into()));
            env.push(("ONEFOLD_POSTGRES", settings.postgres.url.clone().into()));
        }
        let root = globals.data.clone().unwrap_or_else(std::env::temp_dir);
        Self { words, env, on_servers: settings.is_distributed(), root, timeout }
    }

    /// Runs a program to its end and reads its figures.
    ///
    /// # Errors
    /// It is no program, fails, takes too long, or prints no figures; what it said of it is in the message.
    pub(super) async fn run(&self, program: &Path) -> Result<Vec<BenchFigures>> {
        let shown = program.display();
        std::fs::create_dir_all(&self.root).with_context(|| self.root.display().to_string())?;
        let directory = tempfile::Builder::new().prefix("onefold_compare_").tempdir_in(&self.root);
        let directory = directory.with_context(|| format!("no directory below {}", self.root.display()))?;
        // Under one name for all, since threads are named after their program, and figures after threads.
        let name = directory.path().join("onefold");
        program.canonicalize().and_then(|path| symlink(path, &name)).map_err(|e| refuse(program, &e))?;
        let spawned = self.command(&name, directory.path()).spawn();
        // Declared after the directory, so that the program has ended when that is removed, whatever happens here.
        let mut running = RunningProgram(spawned.map_err(|e| refuse(program, &e))?);
        let (out, err) = (running.0.stdout.take(), running.0.stderr.take());
        let out = spawn_blocking(move || read_start(out));
        let err = spawn_blocking(move || read_end(err));
        let ended = async {
            let status = running.ended().await?;
            anyhow::Ok((status, out.await??, err.await??))
        };
        let Ok(ended) = tokio::time::timeout(self.timeout, ended).await else {
            let left = match self.on_servers {
                true => format!(
                    "; its topics and its database, named onefold_bench_{}, are left on the servers",
                    running.0.id()
                ),
                false => String::new(),
            };
            bail!(
                "{shown} did not end within {} s and was killed{left}: give it longer with --timeout, or less to do with --events \
                 and --customers",
                self.timeout.as_secs()
            );
        };
        let (status, out, err) = ended.with_context(|| format!("{shown}"))?;
        if !status.success() {
            bail!("{shown} {}{}", how_ended(status), said(&err));
        }
        let printed = read_figures(&out).ok_or_else(|| no_figures(program, &out, &err))?;
        drop(running);
        directory.close().context("a run's directory cannot be removed")?;
        Ok(printed)
    }

    fn command(&self, program: &Path, directory: &Path) -> Command {
        let mut command = Command::new(program);
        command.args(&self.words);
        for name in ["ONEFOLD_DATA", "ONEFOLD_KAFKA", "ONEFOLD_POSTGRES"] {
            command.env_remove(name);
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value))).env("TMPDIR", directory);
        if !self.on_servers {
            command.arg("--data").arg(directory);
        }
        // A group of its own, so that processes which it starts end with it.
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        command
    }
}

/// A program that ends with this, and all that it started.
struct RunningProgram(Child);

impl RunningProgram {
    async fn ended(&mut self) -> io::Result<ExitStatus> {
        loop {
            match self.0.try_wait()? {
                Some(status) => return Ok(status),
                None => tokio::time::sleep(LOOK).await,
            }
        }
    }
}

impl Drop for RunningProgram {
    fn drop(&mut self) {
        // One that has ended has no number any more that could be another's.
        if matches!(self.0.try_wait(), Ok(None)) {
            let _ = kill_process_group(Pid::from_child(&self.0), Signal::KILL);
            let _ = self.0.wait();
        }
    }
}

/// Beyond the bound nothing is read: the program's next write fails.
fn read_start(from: Option<impl Read>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.map_or(Ok(0), |from| from.take(MOST_PRINTED).read_to_end(&mut bytes))?;
    Ok(bytes)
}

/// All of it is read, so that the program goes on; the end is kept.
fn read_end(from: Option<impl Read>) -> io::Result<Vec<u8>> {
    let (mut end, mut part) = (Vec::new(), [0; MOST_SAID]);
    let Some(mut from) = from else { return Ok(end) };
    loop {
        match from.read(&mut part)? {
            0 => return Ok(end),
            read => end.extend_from_slice(part.get(..read).unwrap_or_default()),
        }
        end.drain(..end.len().saturating_sub(MOST_SAID));
    }
}

/// The reports among what was printed, one on a line; none where there is none.
fn read_figures(out: &[u8]) -> Option<Vec<BenchFigures>> {
    let lines = out.split(|byte| *byte == b'\n');
    let reports = lines.filter_map(|line| serde_json::from_slice::<Map<String, Value>>(line).ok());
    let printed: Vec<BenchFigures> = reports.filter_map(|report| BenchFigures::read(&report)).collect();
    (!printed.is_empty()).then_some(printed)
}

fn refuse(program: &Path, error: &io::Error) -> anyhow::Error {
    let shown = program.display();
    match error.kind() {
        io::ErrorKind::NotFound => {
            anyhow!("--with {shown}: there is no such program: expected the path of a build of onefold")
        }
        io::ErrorKind::PermissionDenied => {
            anyhow!(
                "--with {shown}: that is no program, or may not be executed: expected the path of a build of onefold"
            )
        }
        _ => {
            anyhow!("--with {shown}: it cannot be executed here: {error}: expected a build of onefold for this machine")
        }
    }
}

fn how_ended(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(2), _) => {
            "took what it was asked for as wrong use (exit code 2): an earlier build may not know each of these \
                         benches and options, so name only what both know"
                .to_owned()
        }
        (Some(code), _) => format!("failed with exit code {code}"),
        (None, signal) => format!("was ended by signal {}", signal.unwrap_or_default()),
    }
}

fn said(err: &[u8]) -> String {
    match String::from_utf8_lossy(err).trim() {
        "" => "; it said nothing of it".to_owned(),
        text => format!("; it said:\n{text}"),
    }
}

fn no_figures(program: &Path, out: &[u8], err: &[u8]) -> anyhow::Error {
    let text = String::from_utf8_lossy(out.get(..out.len().min(MOST_SAID)).unwrap_or_default());
    let found = match text.lines().find(|line| !line.trim().is_empty()) {
        Some(line) => format!("`{}`", line.chars().take(120).collect::<String>()),
        None => "nothing".to_owned(),
    };
    anyhow!(
        "{} printed no figures: found {found}, expected lines of JSON as `onefold bench --json` prints them: is it a build of \
         onefold?{}",
        program.display(),
        if err.is_empty() { String::new() } else { said(err) }
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_found_between_other_lines() {
        let out = b"a remark\n{\"bench\":\"live\",\"events\":3,\"events_per_second\":7}\n{\"bench\":\"read\"}\n[1]\n";
        let printed = read_figures(out).unwrap();
        assert_eq!(printed.len(), 1);
        assert_eq!((printed[0].bench.as_str(), printed[0].figures["events_per_second"]), ("live", 7.0));
        assert_eq!(read_figures(b"bench                        \"live\"\n"), None);
    }

    #[test]
    fn of_what_is_said_the_end_is_kept() {
        let mut long = vec![b'a'; 3 * MOST_SAID];
        long.extend_from_slice(b"why");
        let end = read_end(Some(long.as_slice())).unwrap();
        assert!(end.len() == MOST_SAID && end.ends_with(b"aawhy"));
        assert_eq!(said(b" \n"), "; it said nothing of it");
    }
}
