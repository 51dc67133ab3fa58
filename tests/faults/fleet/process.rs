//! One process of a fleet: killed, frozen, asked how it is.

#![allow(dead_code)]

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};
use serde_json::Value;

/// How long a process may take until it serves; a machine full of compilers is slow.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process in one role.
pub(crate) struct Process {
    pub(crate) role: &'static str,
    pub(crate) url: String,
    child: Child,
    program: PathBuf,
    /// What it says. Its core stands beside it, if it crashes.
    said: PathBuf,
}

impl Process {
    /// Starts a command that serves, and waits until it does.
    pub(crate) fn start(role: &'static str, command: Command, said: PathBuf) -> Self {
        Self::begin(role, command, said).unwrap_or_else(|why| panic!("{role} does not start: {why}"))
    }

    /// The same; why, where it ends by itself before it serves.
    pub(crate) fn begin(role: &'static str, mut command: Command, said: PathBuf) -> Result<Self, String> {
        let file = File::create(&said).expect("a file for what it says");
        let beside = said.parent().expect("a directory");
        allow_cores();
        let child = command.current_dir(beside).stderr(file).stdout(Stdio::null()).spawn().expect("the program starts");
        let mut process = Self { role, url: String::new(), child, program: command.get_program().into(), said };
        let began = Instant::now();
        process.url = loop {
            let text = process.said();
            let address = text.split_once("http://").and_then(|(_, rest)| rest.split_once(';'));
            if let Some((address, _)) = address {
                break format!("http://{}", address.trim());
            }
            let ended = process.child.try_wait().expect("a process");
            match ended.map(|ended| (ended, ended.signal())) {
                // A failpoint may come before the first word.
                Some((_, Some(signal))) if signal == Signal::KILL.as_raw() => break String::new(),
                Some((ended, _)) => return Err(format!("{ended}: {}", process.said())),
                None => assert!(began.elapsed() < PATIENCE, "{role} does not serve: {text}"),
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        Ok(process)
    }

    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.said).unwrap_or_default()
    }

    /// What a path answers within a few seconds, if anything.
    pub(crate) fn get(&self, path: &str) -> Option<(u16, String)> {
        get(&format!("{}{path}", self.url))
    }

    /// Posts a batch of CloudEvents; the answer of a hub that took it.
    pub(crate) fn post(&self, events: &[Value]) -> Option<Value> {
        let body = Value::from(events.to_vec()).to_string();
        let request = agent(40).post(format!("{}/v1/events", self.url));
        let mut answer =
            request.header("content-type", "application/cloudevents-batch+json").send(body.as_bytes()).ok()?;
        let taken = matches!(answer.status().as_u16(), 200 | 207);
        let text = answer.body_mut().read_to_string().ok()?;
        if taken { serde_json::from_str(&text).ok() } else { None }
    }

    /// Status of `/health`, and what it says.
    pub(crate) fn health(&self) -> (u16, Value) {
        let (status, text) = self.get("/health").expect("a process answers for its health whatever happens");
        (status, serde_json::from_str(&text).expect("JSON"))
    }

    /// What its stages have handled since the start.
    pub(crate) fn handled(&self) -> u64 {
        let Some((_, text)) = self.get("/health") else { return 0 };
        let health: Value = serde_json::from_str(&text).expect("JSON");
        let stages = health["stages"].as_array().cloned().unwrap_or_default();
        stages.iter().filter_map(|stage| stage["handled"].as_u64()).sum()
    }

    /// Whether it was killed; whoever ended in another way has no business to.
    pub(crate) fn is_killed(&mut self) -> bool {
        let Some(ended) = self.child.try_wait().expect("a process") else { return false };
        match ended.signal() {
            Some(signal) if signal == Signal::KILL.as_raw() => true,
            Some(_) => panic!("{} ended with {ended}: {}\n{}", self.role, self.said(), self.threads_of_core()),
            None => panic!("{} ended with {ended}: {}", self.role, self.said()),
        }
    }

    /// What its threads did when it crashed, as far as this machine keeps cores and has a debugger.
    fn threads_of_core(&self) -> String {
        let beside = self.said.parent().map(fs::read_dir);
        let mut files = beside.into_iter().flatten().flatten().flatten().map(|entry| entry.path());
        let is_core = |path: &PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name == "core" || name.strip_prefix("core.") == Some(self.child.id().to_string().as_str())
        };
        let Some(core) = files.find(is_core) else { return "it left no core here".to_owned() };
        // The one that crashed comes first.
        let arguments = ["-batch", "-nx", "-ex", "backtrace 30", "-ex", "thread apply all backtrace 8"];
        let told = Command::new("gdb").args(arguments).arg(&self.program).arg(&core).output();
        match told {
            Ok(told) => String::from_utf8_lossy(&told.stdout).into_owned(),
            Err(why) => format!("gdb would show what its threads did: {why}"),
        }
    }

    /// Waits until it is killed by a failpoint.
    pub(crate) fn dies(&mut self, within: Duration) {
        let began = Instant::now();
        while !self.is_killed() {
            assert!(began.elapsed() < within, "{} does not come to its failpoint: {}", self.role, self.said());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until it is frozen by a failpoint.
    pub(crate) fn stops(&self, within: Duration) {
        let began = Instant::now();
        while !self.is_stopped() {
            assert!(began.elapsed() < within, "{} does not come to its failpoint: {}", self.role, self.said());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it is killed");
        self.child.wait().expect("it ends");
    }

    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().cast_signed()).expect("a pid");
        kill_process(pid, signal).expect("a signal");
    }

    /// Whether it is frozen, by whomever.
    pub(crate) fn is_stopped(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('T'))
    }

    /// The most memory that it ever had, in bytes; nothing where the system does not say.
    pub(crate) fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kilobytes.unwrap_or_default() * 1024
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- {} said\n{}", self.role, self.said());
        }
    }
}

/// Whoever crashes leaves a core, as far as the system lets it.
fn allow_cores() {
    let most = getrlimit(Resource::Core).maximum;
    let _ = setrlimit(Resource::Core, Rlimit { current: most, maximum: most });
}

fn agent(seconds: u64) -> ureq::Agent {
    let timeout = Some(Duration::from_secs(seconds));
    ureq::Agent::config_builder().http_status_as_error(false).timeout_global(timeout).build().into()
}

/// What an address answers within a few seconds, if anything.
pub(crate) fn get(url: &str) -> Option<(u16, String)> {
    let mut answer = agent(10).get(url).call().ok()?;
    let status = answer.status().as_u16();
    Some((status, answer.body_mut().read_to_string().ok()?))
}
