//! Faults on demand, for tests of what a kill or an error at a commit border leaves behind.
//!
//! `ONEFOLD_FAILPOINTS="name=kill;other=3*off->kill"` acts where the program has a failpoint of that name. `kill` is
//! SIGKILL to this process, as a power cut would: no destructor runs; `N*off->kill` lets it pass N times first. Everything
//! else is an action of the `fail` crate. Unset, nothing happens.

use anyhow::{Result, anyhow, bail};
use std::sync::atomic::{AtomicU64, Ordering};

/// Sets up what the environment asks for.
pub(crate) fn set_up() -> Result<()> {
    let Ok(asked) = std::env::var("ONEFOLD_FAILPOINTS") else { return Ok(()) };
    for one in asked.split(';').map(str::trim).filter(|one| !one.is_empty()) {
        let Some((name, action)) = one.split_once('=') else {
            bail!("ONEFOLD_FAILPOINTS: `{one}`: expected name=action");
        };
        match passes_before_kill(action.trim()) {
            Some(passes) => kill_after(name.trim(), passes)?,
            None => fail::cfg(name.trim(), action.trim()).map_err(|e| anyhow!("ONEFOLD_FAILPOINTS: `{one}`: {e}"))?,
        }
    }
    Ok(())
}

fn passes_before_kill(action: &str) -> Option<u64> {
    if action == "kill" {
        return Some(0);
    }
    action.strip_suffix("*off->kill")?.parse().ok()
}

fn kill_after(name: &str, passes: u64) -> Result<()> {
    let (seen, told) = (AtomicU64::new(0), name.to_owned());
    let act = move || {
        if seen.fetch_add(1, Ordering::SeqCst) == passes {
            eprintln!("killed at {told} after {passes}");
            let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        }
    };
    fail::cfg_callback(name, act).map_err(|e| anyhow!("ONEFOLD_FAILPOINTS: {name}: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kill_may_wait_for_its_turn() {
        assert_eq!(passes_before_kill("kill"), Some(0));
        assert_eq!(passes_before_kill("12*off->kill"), Some(12));
        assert_eq!(passes_before_kill("panic"), None);
    }
}
