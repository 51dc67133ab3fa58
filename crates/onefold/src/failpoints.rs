//! Faults on demand, for tests of what a kill, a freeze or an error at a commit border leaves behind.
//!
//! `ONEFOLD_FAILPOINTS="name=kill;other=3*off->stop"` acts where the program has a failpoint of that name. `kill` is
//! SIGKILL to this process, as a power cut would: no destructor runs; `stop` is SIGSTOP, until somebody sends SIGCONT.
//! `N*off->kill` lets it pass N times first, `kill@FILE` until there is a file of that name, which it takes away.
//! Everything else is an action of the `fail` crate. Unset, nothing happens. A program that was not built for tests has no
//! failpoints, and refuses to start with the variable set.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use rustix::process::{Signal, getpid, kill_process};

/// Sets up what the environment asks for.
pub(crate) fn set_up() -> Result<()> {
    let Ok(asked) = std::env::var("ONEFOLD_FAILPOINTS") else { return Ok(()) };
    if !fail::has_failpoints() {
        bail!(
            "ONEFOLD_FAILPOINTS is set, but this program has no failpoints: unset it, or build with `--features failpoints`"
        );
    }
    for one in asked.split(';').map(str::trim).filter(|one| !one.is_empty()) {
        let Some((name, action)) = one.split_once('=') else {
            bail!("ONEFOLD_FAILPOINTS: `{one}`: expected name=action");
        };
        match ProcessFault::parse_action(action.trim()) {
            Some(fault) => fault.set_point(name.trim())?,
            None => fail::cfg(name.trim(), action.trim()).map_err(|e| anyhow!("ONEFOLD_FAILPOINTS: `{one}`: {e}"))?,
        }
    }
    Ok(())
}

/// A signal that this process sends itself.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ProcessFault {
    signal: Signal,
    when: FaultTime,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum FaultTime {
    /// After it has passed so many times, once.
    After(u64),
    /// Each time that it finds this file.
    Found(PathBuf),
}

impl ProcessFault {
    fn parse_action(action: &str) -> Option<Self> {
        let (word, when) = match (action.split_once("*off->"), action.split_once('@')) {
            (Some((passes, word)), None) => (word, FaultTime::After(passes.parse().ok()?)),
            (None, Some((word, file))) => (word, FaultTime::Found(PathBuf::from(file))),
            (None, None) => (action, FaultTime::After(0)),
            (Some(_), Some(_)) => return None,
        };
        let signal = match word {
            "kill" => Signal::KILL,
            "stop" => Signal::STOP,
            _ => return None,
        };
        Some(Self { signal, when })
    }

    fn set_point(self, name: &str) -> Result<()> {
        let (seen, told) = (AtomicU64::new(0), name.to_owned());
        let act = move || {
            let now = match &self.when {
                FaultTime::After(passes) => seen.fetch_add(1, Ordering::SeqCst) == *passes,
                FaultTime::Found(file) => std::fs::remove_file(file).is_ok(),
            };
            if now {
                eprintln!("{} at {told}", if self.signal == Signal::KILL { "killed" } else { "stopped" });
                let _ = kill_process(getpid(), self.signal);
                // Another thread may take the signal: this one stays where it is until it has come.
                std::thread::sleep(Duration::from_millis(100));
            }
        };
        fail::cfg_callback(name, act).map_err(|e| anyhow!("ONEFOLD_FAILPOINTS: {name}: {e}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_may_wait_for_its_turn_or_for_a_file() {
        let read = |action: &str| ProcessFault::parse_action(action).map(|fault| (fault.signal, fault.when));
        assert_eq!(read("kill"), Some((Signal::KILL, FaultTime::After(0))));
        assert_eq!(read("12*off->stop"), Some((Signal::STOP, FaultTime::After(12))));
        assert_eq!(read("stop@/tmp/now"), Some((Signal::STOP, FaultTime::Found("/tmp/now".into()))));
        assert_eq!(read("panic"), None);
        assert_eq!(read("3*off->panic"), None);
    }
}
