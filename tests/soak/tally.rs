//! What was done, counted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::kills::{RANDOM, Turn};
use crate::load::Load;

/// How often is said how far it is.
const SAID_EVERY: Duration = Duration::from_secs(60);

/// All that a run did.
pub(crate) struct Tally {
    wanted: u64,
    began: Instant,
    said: Instant,
    /// By role, or server, and place.
    kills: BTreeMap<(&'static str, &'static str), u64>,
    frozen: BTreeMap<(&'static str, &'static str), u64>,
    restarts: usize,
    checks: u64,
    checking: Duration,
    slowest: Duration,
    comparing: Duration,
    /// Most memory of a process, by role.
    memory: BTreeMap<&'static str, u64>,
}

impl Tally {
    pub(crate) fn new(wanted: u64) -> Self {
        let (kills, frozen, restarts, checks, checking, slowest, comparing, memory) = Default::default();
        let (began, said) = (Instant::now(), Instant::now());
        Self { wanted, began, said, kills, frozen, restarts, checks, checking, slowest, comparing, memory }
    }

    pub(crate) fn kills(&self) -> u64 {
        self.kills.values().sum()
    }

    pub(crate) fn killed(&mut self, role: &'static str, place: &'static str) {
        *self.kills.entry((role, place)).or_default() += 1;
    }

    pub(crate) fn froze(&mut self, role: &'static str, place: &'static str) {
        *self.frozen.entry((role, place)).or_default() += 1;
    }

    pub(crate) fn restarted(&mut self, processes: usize) {
        self.restarts += processes;
    }

    pub(crate) fn memory(&mut self, role: &'static str, bytes: u64) {
        let most = self.memory.entry(role).or_default();
        *most = (*most).max(bytes);
    }

    pub(crate) fn checked(&mut self, took: Duration, settled: Duration, events: usize) {
        self.checks += 1;
        self.checking += took;
        self.slowest = self.slowest.max(settled);
        let (kills, wanted, at) = (self.kills(), self.wanted, self.began.elapsed());
        eprintln!(
            "{at:.0?}: {kills} of {wanted} kills: caught up in {settled:.1?}, all holds for {events} events ({took:.1?})"
        );
    }

    pub(crate) fn compared(&mut self, took: Duration) {
        self.comparing = took;
    }

    /// A line a minute.
    pub(crate) fn progress(&mut self, load: &Load) {
        if self.said.elapsed() > SAID_EVERY {
            self.said = Instant::now();
            let (kills, wanted, events) = (self.kills(), self.wanted, load.book().ids.len());
            eprintln!("{:.0?}: {kills} of {wanted} kills, {events} events acknowledged", self.began.elapsed());
        }
    }

    /// The table of all.
    pub(crate) fn print(&self, load: &Load, copies: u64) {
        eprintln!("| who | at a border | at random | frozen | most memory |\n|---|---|---|---|---|");
        let of = |map: &BTreeMap<(&str, &str), u64>, who: &str, random: Option<bool>| -> u64 {
            let fits = |at: &str| random.is_none_or(|random| (at == RANDOM) == random);
            map.iter().filter(|((role, at), _)| *role == who && fits(at)).map(|(_, count)| count).sum()
        };
        let all: BTreeSet<&str> = self.kills.keys().map(|(who, _)| *who).collect();
        for who in all {
            let memory = self.memory.get(who).map_or(String::new(), |bytes| format!("{} MiB", bytes >> 20));
            let (border, random) = (of(&self.kills, who, Some(false)), of(&self.kills, who, Some(true)));
            eprintln!("| {who} | {border} | {random} | {} | {memory} |", of(&self.frozen, who, None));
        }
        let borders: Vec<String> = self
            .kills
            .iter()
            .filter(|((_, at), _)| *at != RANDOM)
            .map(|((role, at), count)| format!("{role} at {at} {count}"))
            .collect();
        eprintln!("borders: {}", borders.join(", "));
        let book = load.book();
        let (unanswered, tried) = (load.unanswered.load(Ordering::Relaxed), load.tried.load(Ordering::Relaxed));
        eprintln!(
            "{} kills in {:.0?}, {} processes started anew; {} events acknowledged in {} requests and {} messages, {unanswered} \
             requests without an answer, {} decisions of {tried} at the command line acknowledged; {copies} copies in the log",
            self.kills(),
            self.began.elapsed(),
            self.restarts,
            book.ids.len(),
            book.requests.len(),
            book.messages.len(),
            book.decisions.len(),
        );
        eprintln!(
            "{} checks in {:.0?}, the slowest caught up within {:.1?}; compared with one directory in {:.0?}",
            self.checks, self.checking, self.slowest, self.comparing
        );
    }

    /// Whether it is a server's turn by now.
    pub(crate) fn is_due(&self, turn: Turn) -> bool {
        let had = self.kills.get(&(turn.name, RANDOM)).copied().unwrap_or_default();
        had < (self.kills() + turn.of - turn.at) / turn.of
    }
}
