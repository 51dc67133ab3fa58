//! A test that needs a process of its own runs this same program again for itself alone, or for another test that plays
//! its part there: such a test asks first whether it has an order.

use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

const LOG: &str = "ONEFOLD_TEST_LOG";
const ROLE: &str = "ONEFOLD_TEST_ROLE";

/// The command that runs the test `name` on the log at `path`, in a role.
pub(crate) fn command(name: &str, path: &Path, role: &str) -> Command {
    wrapped(&[], name, path, role)
}

/// The same behind another program, such as `strace -f`.
pub(crate) fn wrapped(outer: &[&str], name: &str, path: &Path, role: &str) -> Command {
    let this = std::env::current_exe().unwrap();
    let mut command = match outer.split_first() {
        Some((first, rest)) => {
            let mut command = Command::new(first);
            command.args(rest).arg(this);
            command
        }
        None => Command::new(this),
    };
    command.args(["--exact", name, "--nocapture"]).env(LOG, path).env(ROLE, role);
    command
}

/// In the child: the log and the role that the parent has given. None when there is no parent.
pub(crate) fn order() -> Option<(PathBuf, String)> {
    Some((PathBuf::from(std::env::var_os(LOG)?), std::env::var(ROLE).ok()?))
}

/// Runs the child to its end; it must succeed.
pub(crate) fn run(name: &str, path: &Path, role: &str) {
    let output = command(name, path, role).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    // No test of that name is a success too.
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{name} as {role}: {}\n{said}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A child that tells what it does, line by line; it is killed when this is dropped.
pub(crate) struct Talking {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Talking {
    pub(crate) fn start(name: &str, path: &Path, role: &str) -> Self {
        let mut child = command(name, path, role).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// What follows `word` in the next line that holds it.
    pub(crate) fn hear(&mut self, word: &str) -> String {
        self.try_hear(word).unwrap_or_else(|| panic!("the child ended before it said `{word}`"))
    }

    /// The same, or nothing when the child has ended.
    pub(crate) fn try_hear(&mut self, word: &str) -> Option<String> {
        // The test harness writes its own words before ours, on the same line.
        self.lines.by_ref().map_while(Result::ok).find_map(|line| Some(line.split_once(word)?.1.trim().to_owned()))
    }

    /// SIGKILL, and everything that it still managed to say.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Talking {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Says what is not tested here and what it needs; a failure where nothing may be skipped.
pub(crate) fn skipped(what: &str, needs: &str) {
    assert!(
        std::env::var_os("CI").is_none(),
        "{what}: not tested, since it needs {needs}; with CI set nothing may be skipped"
    );
    eprintln!("skipped: {what}: needs {needs}");
}
