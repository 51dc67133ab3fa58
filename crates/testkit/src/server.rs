//! Real servers, started once for all test programs of a run, or privately for a test that harms them.

use std::ffi::OsString;
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::skipped::skipped;

/// How long a server may take until it is ready; a machine full of compilers is slow.
const PATIENCE: Duration = Duration::from_secs(180);
/// Seconds for which a shared server outlives its last user, so that the next test program finds it.
const GRACE: &str = "20";

/// What tells one server from another.
pub(crate) struct Kind {
    /// Name of its script in `deploy/dev`.
    pub(crate) name: &'static str,
    /// The script's argument that only looks whether it could.
    pub(crate) check: &'static str,
    /// What its log says once it serves.
    pub(crate) ready: &'static str,
    /// The signal that ends it at once and leaves nothing in the system.
    pub(crate) stop: &'static str,
    /// Variable by which somebody names a server of their own.
    pub(crate) variable: &'static str,
}

/// A server for this process: while it lives, so does the server.
pub(crate) struct Server {
    pub(crate) port: u16,
    kind: &'static Kind,
    directory: PathBuf,
    supervisor: u32,
    /// Locked shared; given back by the system however this process ends.
    _lease: File,
}

/// What lets a client in at a server that asks for TLS and a password.
#[derive(Debug, Clone)]
pub struct Secrets {
    /// File of the authority whose certificate the server shows.
    pub authority: PathBuf,
    /// File of the password.
    pub password: PathBuf,
}

impl Kind {
    /// Why it cannot be started here with these options, if so.
    pub(crate) fn missing(&self, options: &[&str]) -> Option<String> {
        let output = Command::new(self.script()).args(options).arg(self.check).output();
        let why = match output {
            Ok(output) if output.status.success() => return None,
            Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => error.to_string(),
        };
        Some(format!("{why}; or name a running one in {}", self.variable))
    }

    fn script(&self) -> PathBuf {
        root().join("deploy/dev").join(self.name)
    }

    /// The server that all test programs of a run share.
    pub(crate) fn shared(&'static self) -> Server {
        let states = target().join("tmp/servers");
        fs::create_dir_all(&states).expect("a directory in target");
        let open = |ending: &str| {
            let path = states.join(format!("{}.{ending}", self.name));
            let file = File::options().create(true).append(true).read(true).open(&path);
            (file.unwrap_or_else(|error| panic!("{}: {error}", path.display())), path)
        };
        // One process at a time looks and starts.
        let (start, _) = open("start");
        start.lock().expect("a lock");
        // Waits while a supervisor that found nobody is clearing up.
        let (lease, lease_path) = open("lease");
        lease.lock_shared().expect("a lease");
        let note = states.join(format!("{}.at", self.name));
        if let Some((directory, port, supervisor)) = read_note(&note) {
            if reachable(port) && pid_of(&directory).is_some_and(alive) {
                return Server { port, kind: self, directory, supervisor, _lease: lease };
            }
            let _ = fs::remove_dir_all(directory);
        }
        let (directory, port, child) = self.start(&lease_path, GRACE, &[]);
        let supervisor = child.id();
        fs::write(&note, format!("{}\n{port}\n{supervisor}\n", directory.display())).expect("a note in target");
        Server { port, kind: self, directory, supervisor, _lease: lease }
    }

    /// A server of one test alone, started with these options; none, said under the test's name, where it cannot be started.
    pub(crate) fn own(&'static self, test: &str, options: &[&str]) -> Option<Server> {
        if let Some(enable) = self.missing(options) {
            skipped(test, &enable);
            return None;
        }
        let directory = temporary(self.name);
        let path = directory.with_extension("lease");
        let lease = File::options().create(true).append(true).open(&path).expect("a lease");
        lease.lock_shared().expect("a lease");
        let (directory, port, child) = self.start(&path, "own", options);
        // Whoever needs it has it open.
        let _ = fs::remove_file(&path);
        Some(Server { port, kind: self, directory, supervisor: child.id(), _lease: lease })
    }

    /// Starts a supervisor with its server, and waits until that serves.
    fn start(&self, lease: &Path, grace: &str, options: &[&str]) -> (PathBuf, u16, Child) {
        let mut told = String::new();
        // A port can be taken between the look and the start.
        for _ in 0..3 {
            let (directory, port) = (temporary(self.name), free_port());
            fs::create_dir_all(&directory).expect("a temporary directory");
            let supervise = Path::new(env!("CARGO_MANIFEST_DIR")).join("supervise");
            let mut child = Command::new("setsid")
                .args([supervise.as_os_str(), lease.as_os_str(), directory.as_os_str()])
                .args([grace, self.stop])
                .arg(self.script())
                .args(options)
                .args([directory.clone().into_os_string(), OsString::from(port.to_string())])
                .current_dir("/")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("a supervisor");
            match self.await_ready(&directory, Instant::now()) {
                Ok(()) => return (directory, port, child),
                Err(log) => {
                    told = log;
                    // By its own word, so that it ends its server and clears up.
                    let _ = Pid::from_raw(child.id().cast_signed()).map(|pid| kill_process(pid, Signal::TERM));
                    let _ = child.wait();
                    let _ = fs::remove_dir_all(directory);
                }
            }
        }
        panic!("{} does not start:\n{told}", self.name);
    }

    /// Waits for the word in the log; the log, if the server ends before.
    fn await_ready(&self, directory: &Path, began: Instant) -> Result<(), String> {
        loop {
            let ended = began.elapsed() > Duration::from_secs(5) && !pid_of(directory).is_some_and(alive);
            let log = fs::read(directory.join("log")).unwrap_or_default();
            let log = String::from_utf8_lossy(&log);
            if log.contains(self.ready) {
                return Ok(());
            }
            if ended || began.elapsed() > PATIENCE {
                return Err(log.into_owned());
            }
            std::thread::sleep(Duration::from_millis(30));
        }
    }
}

impl Server {
    /// Where a secured one keeps what its clients need.
    pub(crate) fn secrets(&self) -> Secrets {
        let of = |name: &str| self.directory.join("secrets").join(name);
        Secrets { authority: of("ca.crt"), password: of("password") }
    }

    /// SIGKILL, for all its processes at once, and waits until they are gone.
    pub(crate) fn kill(&self) {
        let all = self.processes();
        self.signal(&all, Signal::KILL);
        self.await_gone(&all);
    }

    /// SIGTERM to the server, and waits until it has ended in good order.
    pub(crate) fn stop(&self) {
        let all = self.processes();
        self.signal(&all[..all.len().min(1)], Signal::TERM);
        self.await_gone(&all);
    }

    /// Starts it again on its port and data, and waits until it serves.
    pub(crate) fn start(&self) {
        let before = pid_of(&self.directory);
        assert!(!before.is_some_and(alive), "{} still runs", self.kind.name);
        // The last run's log would say that it serves.
        let _ = fs::rename(self.directory.join("log"), self.directory.join("log.previous"));
        let supervisor = Pid::from_raw(self.supervisor.cast_signed()).expect("a supervisor");
        let began = Instant::now();
        kill_process(supervisor, Signal::USR1).expect("the supervisor lives");
        if let Err(log) = self.kind.await_ready(&self.directory, began) {
            panic!("{} does not start again:\n{log}", self.kind.name);
        }
    }

    /// SIGSTOP: connections stay, and nothing answers.
    pub(crate) fn freeze(&self) {
        self.signal(&self.processes(), Signal::STOP);
    }

    /// SIGCONT.
    pub(crate) fn thaw(&self) {
        self.signal(&self.processes(), Signal::CONT);
    }

    /// The server's process and those that it has made.
    fn processes(&self) -> Vec<u32> {
        let Some(server) = pid_of(&self.directory).filter(|pid| alive(*pid)) else { return Vec::new() };
        let made = fs::read_to_string(format!("/proc/{server}/task/{server}/children")).unwrap_or_default();
        std::iter::once(server).chain(made.split_whitespace().filter_map(|pid| pid.parse().ok())).collect()
    }

    fn signal(&self, processes: &[u32], signal: Signal) {
        assert!(!processes.is_empty(), "{} does not run", self.kind.name);
        for pid in processes.iter().filter_map(|pid| Pid::from_raw(pid.cast_signed())) {
            // Postgres's processes come and go by themselves.
            let _ = kill_process(pid, signal);
        }
    }

    fn await_gone(&self, processes: &[u32]) {
        let began = Instant::now();
        while processes.iter().any(|pid| alive(*pid)) {
            assert!(began.elapsed() < PATIENCE, "{} does not end", self.kind.name);
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// A name that no other test of this machine has.
pub(crate) fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{:x}-{:x}-{count}", std::process::id(), time.as_micros())
}

fn temporary(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("onefold-{name}-{}", unique()))
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Directory, port and supervisor of the server that runs, as the process that started it left them.
fn read_note(path: &Path) -> Option<(PathBuf, u16, u32)> {
    let text = fs::read_to_string(path).ok()?;
    let mut lines = text.lines();
    Some((PathBuf::from(lines.next()?), lines.next()?.parse().ok()?, lines.next()?.parse().ok()?))
}

fn pid_of(directory: &Path) -> Option<u32> {
    fs::read_to_string(directory.join("pid")).ok()?.trim().parse().ok()
}

/// Whether the process runs; a dead one that nobody has buried yet does not.
fn alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name before it may hold anything.
    let runs = stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']));
    // The first thread can be dead while others still hold the sockets.
    runs || fs::read_dir(format!("/proc/{pid}/task")).is_ok_and(|threads| threads.count() > 1)
}

fn reachable(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// A port that is free, as is the next one. Below those that the system gives to clients, so that a server which is down for a
/// while finds it free again.
///
/// # Panics
/// Two thousand pairs are taken.
pub fn free_port() -> u16 {
    let free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let seed = u64::from(std::process::id()).wrapping_mul(7919).wrapping_add(u64::from(time.subsec_micros()));
    (0..2_000)
        .map(|n| 12_000 + u16::try_from((seed + n * 2) % 18_000).unwrap_or(0))
        .find(|port| free(*port) && free(port + 1))
        .expect("a free port")
}
