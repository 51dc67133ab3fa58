//! Health is progress: when a stage last finished a step, not a thread's word that it lives.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What is known of a stage.
#[derive(Debug, Clone)]
pub struct StageHealth {
    /// Its name.
    pub name: Arc<str>,
    /// Since when no step has come to its end.
    pub still_for: Duration,
    /// Records or rows handled since the start.
    pub handled: u64,
    /// Why its last step failed; none after one that did not.
    pub error: Option<String>,
}

#[derive(Debug)]
struct Beat {
    name: Arc<str>,
    last: Instant,
    handled: u64,
    error: Option<String>,
}

/// The stages of a process.
#[derive(Debug, Clone, Default)]
pub struct HealthRegistry(Arc<Mutex<Vec<Beat>>>);

impl HealthRegistry {
    /// All stages, in the order in which they began.
    pub fn stages(&self) -> Vec<StageHealth> {
        let all = self.lock();
        let one = |beat: &Beat| StageHealth {
            name: beat.name.clone(),
            still_for: beat.last.elapsed(),
            handled: beat.handled,
            error: beat.error.clone(),
        };
        all.iter().map(one).collect()
    }

    /// The stages that have stood still for longer than this.
    pub fn still(&self, longest: Duration) -> Vec<StageHealth> {
        self.stages().into_iter().filter(|stage| stage.still_for > longest).collect()
    }

    pub(crate) fn begin(&self, name: Arc<str>) {
        self.lock().push(Beat { name, last: Instant::now(), handled: 0, error: None });
    }

    pub(crate) fn beat(&self, name: &str, handled: u64) {
        if let Some(beat) = self.lock().iter_mut().find(|beat| *beat.name == *name) {
            (beat.last, beat.error) = (Instant::now(), None);
            beat.handled += handled;
        }
    }

    pub(crate) fn fail(&self, name: &str, error: String) {
        if let Some(beat) = self.lock().iter_mut().find(|beat| *beat.name == *name) {
            beat.error = Some(error);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Beat>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
