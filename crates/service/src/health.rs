//! Health is progress: which stage stands still.

use std::time::Duration;

use serde::Serialize;

use crate::Service;
use crate::writes::Writes;

/// A stage that has finished no step for so long stands still. Idle stages finish one every half second; told of within
/// ten seconds, with time left for whoever asks.
const STILL: Duration = Duration::from_secs(8);

/// Whether every stage goes on, and what is taken in is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HealthReport {
    /// `ok`, `standing_still` or `not_writing`.
    pub status: &'static str,
    /// Names of the stages that stand still.
    pub still: Vec<String>,
    /// Why the last write failed; it stands until one succeeds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_written: Option<String>,
    /// All stages.
    pub stages: Vec<StageReport>,
}

/// One stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StageReport {
    /// Its name.
    pub name: String,
    /// Milliseconds since its last finished step.
    pub still_for_ms: u64,
    /// Records or rows handled since the start.
    pub handled: u64,
    /// Why its last step failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl HealthReport {
    /// Whether every stage goes on, and what is taken in can be written.
    pub fn is_ok(&self) -> bool {
        self.still.is_empty() && self.not_written.is_none()
    }
}

impl Service {
    /// Whether every stage of this process goes on.
    pub fn health(&self) -> HealthReport {
        let still: Vec<_> = self.health.still(STILL).into_iter().map(|stage| stage.name.to_string()).collect();
        let stages = self.health.stages().into_iter().map(|stage| StageReport {
            name: stage.name.to_string(),
            still_for_ms: u64::try_from(stage.still_for.as_millis()).unwrap_or(u64::MAX),
            handled: stage.handled,
            error: stage.error,
        });
        let not_written = self.writes.as_ref().and_then(Writes::failed);
        let status = match (still.is_empty(), &not_written) {
            (false, _) => "standing_still",
            (true, Some(_)) => "not_writing",
            (true, None) => "ok",
        };
        HealthReport { status, stages: stages.collect(), still, not_written }
    }
}
