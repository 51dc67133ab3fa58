//! One connection: whom it waits for, and how long it may.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::Options;

/// What a connection is doing. All but `Turn` and `Work` wait for whoever is at its other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// The head of its first request, or of one that has begun to come.
    Head,
    /// Nothing was asked since the last answer.
    Idle,
    /// The body of a request.
    Body,
    /// A request that waits for its turn.
    Turn,
    /// The hub works for it.
    Work,
    /// An answer that is to be taken.
    Answer,
}

/// A connection that is open.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) address: IpAddr,
    /// Of those beyond the limit: only `/health` and `/metrics` are answered, and one request.
    pub(crate) is_spare: bool,
    ended: Notify,
    hurried: Notify,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    since: Instant,
    /// Moved in this phase.
    bytes: u64,
    /// The answer's last byte is with the connection; once it is flushed, the phase is over.
    is_answered: bool,
    is_ended: bool,
    is_hurried: bool,
}

impl Connection {
    pub(crate) fn new(address: IpAddr, is_spare: bool) -> Self {
        let state = State {
            phase: Phase::Head,
            since: Instant::now(),
            bytes: 0,
            is_answered: false,
            is_ended: false,
            is_hurried: false,
        };
        Self { address, is_spare, ended: Notify::new(), hurried: Notify::new(), state: Mutex::new(state) }
    }

    /// Begins a phase.
    pub(crate) fn begin(&self, phase: Phase) {
        self.lock().begin(phase);
    }

    /// So many bytes have come.
    pub(crate) fn received(&self, bytes: usize) {
        let mut state = self.lock();
        match state.phase {
            Phase::Idle => state.begin(Phase::Head),
            Phase::Body => state.bytes += bytes as u64,
            Phase::Head | Phase::Turn | Phase::Work | Phase::Answer => {}
        }
    }

    /// So many bytes were taken.
    pub(crate) fn sent(&self, bytes: usize) {
        let mut state = self.lock();
        if state.phase == Phase::Answer {
            state.bytes += bytes as u64;
        }
    }

    /// The answer's last byte is with the connection.
    pub(crate) fn answered(&self) {
        let mut state = self.lock();
        state.is_answered = state.phase == Phase::Answer;
    }

    /// All that was written has gone out.
    pub(crate) fn flushed(&self) {
        let mut state = self.lock();
        if state.is_answered {
            state.begin(Phase::Idle);
        }
    }

    /// When whoever is at its other end has kept it waiting for too long; none while the hub works for it.
    pub(crate) fn deadline(&self, options: &Options) -> Option<Instant> {
        let state = self.lock();
        let patience = match state.phase {
            _ if state.is_ended => return None,
            Phase::Turn | Phase::Work => return None,
            Phase::Head => Duration::from_millis(options.head_ms),
            Phase::Idle => Duration::from_millis(options.idle_ms),
            Phase::Body | Phase::Answer => options.patience(state.bytes),
        };
        state.since.checked_add(patience)
    }

    /// How long its present phase has lasted.
    pub(crate) fn age(&self) -> Duration {
        self.lock().since.elapsed()
    }

    pub(crate) fn phase(&self) -> Phase {
        self.lock().phase
    }

    /// Asks it to end; it counts no longer. Answers whether it was not asked before.
    pub(crate) fn end(&self) -> bool {
        let first = !std::mem::replace(&mut self.lock().is_ended, true);
        self.ended.notify_one();
        first
    }

    /// Whether it is on its way to its end, and counts no longer.
    pub(crate) fn gives_way(&self) -> bool {
        let state = self.lock();
        state.is_ended || state.is_hurried
    }

    /// Since when it has waited for a turn.
    pub(crate) fn waits_since(&self) -> Option<Instant> {
        let state = self.lock();
        (state.phase == Phase::Turn && !state.is_hurried && !state.is_ended).then_some(state.since)
    }

    /// Asks it to wait for its turn no longer: it is answered that the hub is busy, and ends.
    pub(crate) fn hurry(&self) {
        self.lock().is_hurried = true;
        self.hurried.notify_one();
    }

    pub(crate) fn is_hurried(&self) -> bool {
        self.lock().is_hurried
    }

    /// Returns when it is asked to wait no longer.
    pub(crate) async fn hurried(&self) {
        self.hurried.notified().await;
    }

    /// Returns when it is asked to end.
    pub(crate) async fn ended(&self) {
        self.ended.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn begin(&mut self, phase: Phase) {
        (self.phase, self.since, self.bytes, self.is_answered) = (phase, Instant::now(), 0, false);
    }
}
