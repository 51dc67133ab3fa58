//! Processor time by thread and by server (Linux): what stays comparable on a machine that others use too.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Map, Value, json};

/// What the name of a server begins with.
const SERVER: &str = "SERVER ";

/// Hundredths of a second by thread name, as `/proc` counts them.
#[derive(Debug, Default)]
pub(crate) struct ThreadTimes(BTreeMap<String, u64>);

impl ThreadTimes {
    /// As of now; nothing where the system does not say.
    pub(crate) fn read_now() -> Self {
        let mut all = BTreeMap::new();
        for task in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
            let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
            *all.entry(name.trim().to_owned()).or_default() +=
                read_numbers(&task.path()).map_or(0, |all| all[11] + all[12]);
        }
        Self(all)
    }

    /// Adds a process, with its children that have ended.
    pub(crate) fn add_process(&mut self, name: &str, pid: u32) {
        let spent = read_numbers(Path::new(&format!("/proc/{pid}"))).map_or(0, |all| all[11..15].iter().sum());
        *self.0.entry(name.to_owned()).or_default() += spent;
    }

    /// Adds the process of this machine that listens on a port, and its children.
    pub(crate) fn add_server(&mut self, name: &str, port: u16) {
        let name = &format!("{SERVER}{name}");
        let inodes = listening_sockets(port);
        let pids: Vec<u32> = std::fs::read_dir("/proc")
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .collect();
        let listens = |pid: &u32| {
            let open = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
            open.filter_map(|fd| std::fs::read_link(fd.path()).ok())
                .any(|link| inodes.contains(&*link.to_string_lossy()))
        };
        let servers: BTreeSet<u32> = pids.iter().copied().filter(listens).collect();
        for pid in pids {
            let parent = read_numbers(Path::new(&format!("/proc/{pid}"))).map_or(0, |all| all[1]);
            if servers.contains(&pid) || u32::try_from(parent).is_ok_and(|parent| servers.contains(&parent)) {
                self.add_process(name, pid);
            }
        }
    }

    /// Microseconds per event since an earlier moment, by thread; threads that did next to nothing are left out.
    pub(crate) fn per_event(&self, earlier: &Self, events: u64) -> Value {
        let since =
            self.0.iter().map(|(name, spent)| (name, spent.saturating_sub(earlier.0.get(name).copied().unwrap_or(0))));
        let micros = |spent: u64| (spent as f64 * 100_000.0 / events.max(1) as f64).round() / 10.0;
        let all: Map<String, Value> =
            since.filter(|(_, n)| *n > 1).map(|(name, n)| (name.clone(), json!(micros(n)))).collect();
        Value::Object(all)
    }

    /// What share of the time since an earlier moment the hub and each server took, in percent.
    pub(crate) fn shares_since(&self, earlier: &Self) -> Value {
        let mut parts: BTreeMap<&str, u64> = BTreeMap::new();
        for (name, spent) in &self.0 {
            let part = name.strip_prefix(SERVER).unwrap_or("hub");
            *parts.entry(part).or_default() += spent.saturating_sub(earlier.0.get(name).copied().unwrap_or(0));
        }
        let all = parts.values().sum::<u64>().max(1);
        parts.into_iter().map(|(part, spent)| (part.to_owned(), json!(spent * 100 / all))).collect::<Map<_, _>>().into()
    }
}

/// The numbers of a `stat` file from the third on: 1 is the parent, 11 and 12 its own time, 13 and 14 its ended children's.
fn read_numbers(process: &Path) -> Option<Vec<u64>> {
    let stat = std::fs::read_to_string(process.join("stat")).ok()?;
    // The name in it may hold anything; what follows begins after its bracket.
    let (_, rest) = stat.rsplit_once(')')?;
    let all: Vec<u64> = rest.split_whitespace().map(|n| n.parse().unwrap_or(0)).collect();
    (all.len() > 14).then_some(all)
}

/// Sockets of this machine that listen on a port, as links to them are named.
fn listening_sockets(port: u16) -> BTreeSet<String> {
    const LISTENS: &str = "0A";
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| std::fs::read_to_string(path).unwrap_or_default());
    let rows = tables.iter().flat_map(|table| table.lines()).map(|line| line.split_whitespace().collect::<Vec<_>>());
    let ends = format!(":{port:04X}");
    rows.filter(|row| row.get(1).is_some_and(|at| at.ends_with(&ends)) && row.get(3) == Some(&LISTENS))
        .filter_map(|row| row.get(9).map(|inode| format!("socket:[{inode}]")))
        .collect()
}
