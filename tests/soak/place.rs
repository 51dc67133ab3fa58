//! A place in the fleet: there is always a process of its role in it, the next one when one was killed.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use onefold_testkit::Dice;

use crate::borders::{BESIDE, STAGES};
use crate::fleet::Fleet;
use crate::process::Process;

/// Two places of each role.
const EACH: usize = 2;
/// Borders of those who take events in by HTTP.
const DOOR: (&str, &[&str]) = ("serve", &["door.before_append", "door.after_append"]);
/// Past the session of a consumer group (6 s), a resolver's lease (5 s), and the time for which a transaction may idle (6 s): by
/// then others have taken over.
const FROZEN_FOR: Duration = Duration::from_secs(10);

/// How long a process may take to come to its border; then it is killed where it is.
const TO_BORDER: Duration = Duration::from_secs(8);

/// Where a process will kill or freeze itself, once the file is there.
struct Trigger {
    border: &'static str,
    file: PathBuf,
    stops: bool,
}

/// One place.
pub(crate) struct Place {
    pub(crate) role: &'static str,
    pub(crate) process: Process,
    triggers: Vec<Trigger>,
    frozen: Option<Instant>,
    armed: Option<Instant>,
    /// How it was killed, where it did not do it itself.
    pub(crate) killed: Option<&'static str>,
}

impl Place {
    /// All of a fleet.
    pub(crate) fn all(fleet: &Fleet, dice: &mut Dice) -> Vec<Self> {
        let roles = STAGES.iter().chain(&BESIDE).chain([&DOOR]);
        roles.flat_map(|(role, _)| [*role; EACH]).map(|role| Self::start(fleet, role, dice.below(u64::MAX))).collect()
    }

    /// A process, which freezes itself at one of its borders if told to, and kills itself at the others.
    pub(crate) fn start(fleet: &Fleet, role: &'static str, lot: u64) -> Self {
        let mut dice = Dice::new(lot);
        let of = STAGES.iter().chain(&BESIDE).chain([&DOOR]).find(|(name, _)| *name == role);
        let borders = of.map_or(&[][..], |(_, borders)| borders);
        let freezing = dice.place(borders.len());
        let trigger = |(n, border): (usize, &&'static str)| {
            let file = fleet.trigger(&format!("{role}-{lot:x}-{border}"));
            Trigger { border, file, stops: n == freezing }
        };
        let triggers: Vec<Trigger> = borders.iter().enumerate().map(trigger).collect();
        let failpoint = |Trigger { border, file, stops }: &Trigger| {
            format!("{border}={}@{}", if *stops { "stop" } else { "kill" }, file.display())
        };
        let failpoints: Vec<String> = triggers.iter().map(failpoint).collect();
        let process = fleet.start_managed(role, &failpoints.join(";"));
        Self { role, process, triggers, frozen: None, armed: None, killed: None }
    }

    pub(crate) fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }

    /// One of the borders at which it can kill itself.
    pub(crate) fn border(&self, dice: &mut Dice) -> &'static str {
        let kills: Vec<&Trigger> = self.triggers.iter().filter(|trigger| !trigger.stops).collect();
        kills[dice.place(kills.len())].border
    }

    /// Has it kill itself at a border, if it can there and runs.
    pub(crate) fn arm(&mut self, border: &str) {
        let here = |trigger: &&Trigger| trigger.border == border && !trigger.stops;
        if let Some(trigger) = self.triggers.iter().find(here).filter(|_| !self.is_frozen()) {
            std::fs::write(&trigger.file, "").expect("a trigger");
            self.armed = Some(Instant::now());
        }
    }

    /// It is to kill itself, and has not yet.
    pub(crate) fn is_armed(&self) -> bool {
        self.armed.is_some()
    }

    /// It does not come to the border at which it is to kill itself.
    pub(crate) fn waits_in_vain(&self) -> bool {
        self.armed.is_some_and(|since| since.elapsed() > TO_BORDER)
    }

    /// Has it freeze itself at its border for that.
    pub(crate) fn arm_to_freeze(&self) {
        for trigger in self.triggers.iter().filter(|trigger| trigger.stops) {
            std::fs::write(&trigger.file, "").expect("a trigger");
        }
    }

    /// Where it has killed itself, by its last word; whoever ended without one has no business to.
    pub(crate) fn border_reached(&mut self) -> &'static str {
        let said = self.process.said();
        let at = said.lines().rev().find_map(|line| line.strip_prefix("killed at "));
        let trigger = self.triggers.iter().find(|trigger| Some(trigger.border) == at);
        let nobody = || panic!("the process in the role {} was killed by nobody: {said}", self.role);
        trigger.unwrap_or_else(nobody).border
    }

    /// Whatever it was armed for, it does no more.
    fn disarm(&mut self) {
        self.armed = None;
        for trigger in &self.triggers {
            let _ = std::fs::remove_file(&trigger.file);
        }
    }

    /// Whether it is killed; one that ended in another way has no business to.
    pub(crate) fn is_dead(&mut self) -> bool {
        self.process.is_killed()
    }

    /// Whether it is frozen, be it noted or not.
    pub(crate) fn is_away(&self) -> bool {
        self.is_frozen() || self.process.is_stopped()
    }

    /// Notes that it is frozen, if it is.
    pub(crate) fn freezes(&mut self) -> bool {
        if self.frozen.is_none() && self.process.is_stopped() {
            self.frozen = Some(Instant::now());
        }
        self.is_frozen()
    }

    pub(crate) fn freeze(&mut self) {
        self.process.freeze();
        self.frozen = Some(Instant::now());
    }

    /// Lets it go on, if it was away for long enough.
    pub(crate) fn thaw_in_time(&mut self) {
        if self.frozen.is_some_and(|since| since.elapsed() > FROZEN_FOR) {
            self.thaw();
        }
    }

    /// Lets it go on.
    pub(crate) fn thaw(&mut self) {
        self.disarm();
        if self.frozen.take().is_some() {
            self.process.thaw();
        }
    }
}
