//! One connection: whom it waits for, and how long it may.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::HttpOptions;

/// What a connection is doing. All but `Turn` and `Work` wait for whoever is at its other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConnectionPhase {
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
pub(crate) struct OpenConnection {
    pub(crate) address: IpAddr,
    /// Of those beyond the limit: only `/health` and `/metrics` are answered, and one request.
    pub(crate) is_spare: bool,
    ended: Notify,
    hurried: Notify,
    state: Mutex<ConnectionState>,
}

#[derive(Debug)]
struct ConnectionState {
    phase: ConnectionPhase,
    since: Instant,
    /// Moved in this phase.
    bytes: u64,
    /// The answer's last byte is with the connection; once it is flushed, the phase is over.
    is_answered: bool,
    is_ended: bool,
    is_hurried: bool,
}

impl OpenConnection {
    pub(crate) fn new(address: IpAddr, is_spare: bool) -> Self {
        let state = ConnectionState {
            phase: ConnectionPhase::Head,
            since: Instant::now(),
            bytes: 0,
            is_answered: false,
            is_ended: false,
            is_hurried: false,
        };
        Self { address, is_spare, ended: Notify::new(), hurried: Notify::new(), state: Mutex::new(state) }
    }

    /// Begins a phase.
    pub(crate) fn begin_phase(&self, phase: ConnectionPhase) {
        self.lock_state().begin_phase(phase);
    }

    /// So many bytes have come.
    pub(crate) fn note_received(&self, bytes: usize) {
        let mut state = self.lock_state();
        match state.phase {
            ConnectionPhase::Idle => state.begin_phase(ConnectionPhase::Head),
            ConnectionPhase::Body => state.bytes += bytes as u64,
            ConnectionPhase::Head | ConnectionPhase::Turn | ConnectionPhase::Work | ConnectionPhase::Answer => {}
        }
    }

    /// So many bytes were taken.
    pub(crate) fn note_sent(&self, bytes: usize) {
        let mut state = self.lock_state();
        if state.phase == ConnectionPhase::Answer {
            state.bytes += bytes as u64;
        }
    }

    /// The answer's last byte is with the connection.
    pub(crate) fn note_answered(&self) {
        let mut state = self.lock_state();
        state.is_answered = state.phase == ConnectionPhase::Answer;
    }

    /// All that was written has gone out.
    pub(crate) fn note_flushed(&self) {
        let mut state = self.lock_state();
        if state.is_answered {
            state.begin_phase(ConnectionPhase::Idle);
        }
    }

    /// When whoever is at its other end has kept it waiting for too long; none while the hub works for it.
    pub(crate) fn deadline(&self, options: &HttpOptions) -> Option<Instant> {
        let state = self.lock_state();
        let patience = match state.phase {
            _ if state.is_ended => return None,
            ConnectionPhase::Turn | ConnectionPhase::Work => return None,
            ConnectionPhase::Head => Duration::from_millis(options.head_ms),
            ConnectionPhase::Idle => Duration::from_millis(options.idle_ms),
            ConnectionPhase::Body | ConnectionPhase::Answer => options.body_patience(state.bytes),
        };
        state.since.checked_add(patience)
    }

    /// How long its present phase has lasted.
    pub(crate) fn age(&self) -> Duration {
        self.lock_state().since.elapsed()
    }

    pub(crate) fn phase(&self) -> ConnectionPhase {
        self.lock_state().phase
    }

    /// Asks it to end; it counts no longer. Answers whether it was not asked before.
    pub(crate) fn end(&self) -> bool {
        let first = !std::mem::replace(&mut self.lock_state().is_ended, true);
        self.ended.notify_one();
        first
    }

    /// Whether it is on its way to its end, and counts no longer.
    pub(crate) fn gives_way(&self) -> bool {
        let state = self.lock_state();
        state.is_ended || state.is_hurried
    }

    /// Since when it has waited for a turn.
    pub(crate) fn waits_since(&self) -> Option<Instant> {
        let state = self.lock_state();
        (state.phase == ConnectionPhase::Turn && !state.is_hurried && !state.is_ended).then_some(state.since)
    }

    /// Asks it to wait for its turn no longer: it is answered that the hub is busy, and ends.
    pub(crate) fn hurry(&self) {
        self.lock_state().is_hurried = true;
        self.hurried.notify_one();
    }

    pub(crate) fn is_hurried(&self) -> bool {
        self.lock_state().is_hurried
    }

    /// Returns when it is asked to wait no longer.
    pub(crate) async fn wait_hurried(&self) {
        self.hurried.notified().await;
    }

    /// Returns when it is asked to end.
    pub(crate) async fn wait_ended(&self) {
        self.ended.notified().await;
    }

    fn lock_state(&self) -> MutexGuard<'_, ConnectionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConnectionState {
    fn begin_phase(&mut self, phase: ConnectionPhase) {
        (self.phase, self.since, self.bytes, self.is_answered) = (phase, Instant::now(), 0, false);
    }
}
