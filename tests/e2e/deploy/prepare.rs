//! What brings what a build and its tests need: `deploy/dev/prepare`, where nothing may be installed.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::harness::root;
use crate::read::{deploy, text};

/// What the script itself is made of, beside bash's own words.
const SHELL: [&str; 7] = ["bash", "cut", "dirname", "head", "id", "sed", "sort"];

/// A machine on which these programs are all that there is, of programs: no `apt-get` either.
fn machine(programs: &[(&str, &str)]) -> TempDir {
    let home = TempDir::new().expect("a directory");
    for name in SHELL {
        let real = ["/usr/bin", "/bin"].map(|at| Path::new(at).join(name)).into_iter().find(|path| path.exists());
        symlink(real.expect("a shell's tool"), home.path().join(name)).expect("a link");
    }
    for (name, answer) in programs {
        let path = home.path().join(name);
        std::fs::write(&path, format!("#!/usr/bin/env bash\necho '{answer}'\n")).expect("a file");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("its mode");
    }
    home
}

fn prepare(machine: &TempDir, words: &[&str]) -> (Option<i32>, String) {
    let mut script = Command::new(deploy("dev/prepare"));
    let output = script.args(words).env("PATH", machine.path()).output().expect("bash");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn all_that_a_build_lacks_is_named_at_once() {
    let bare = machine(&[]);
    let (code, told) = prepare(&bare, &[]);
    assert_eq!(code, Some(1), "{told}");
    for expected in
        ["no `cc`", "no `g++`", "apt-get install --no-install-recommends gcc libc6-dev g++ make perl pkg-config"]
    {
        assert!(told.contains(expected), "{expected}\n{told}");
    }
    assert!(!told.contains("strace"), "a build needs nothing of the tests: {told}");
    let (code, told) = prepare(&bare, &["--tests"]);
    assert_eq!(code, Some(1), "{told}");
    for expected in ["no `cc`", "no `strace`", "no `java`", "no `promtool`", " strace default-jdk-headless maven "] {
        assert!(told.contains(expected), "{expected}\n{told}");
    }
    assert_eq!(prepare(&bare, &["--test"]).0, Some(2));
}

#[test]
fn a_rust_that_is_absent_or_too_old_is_named_with_the_one_that_is_needed() {
    let compiler = ["cc", "g++", "make", "perl", "pkg-config"].map(|name| (name, ""));
    let with = |more: &[(&str, &str)]| prepare(&machine(&[compiler.as_slice(), more].concat()), &[]);
    let least = env!("CARGO_PKG_RUST_VERSION");
    let (code, told) = with(&[]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains(&format!("install Rust {least} or newer")), "{told}");
    let (code, told) = with(&[("cargo", ""), ("rustc", "rustc 1.63.0 (4b91a6ea7 2022-08-08)")]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("Rust is 1.63.0") && told.contains(&format!("needs {least} or newer")), "{told}");
    for enough in [format!("rustc {least}.0 (x)"), "rustc 1.100.0 (x)".to_owned(), "rustc 2.0.0-nightly (x)".to_owned()]
    {
        assert_eq!(with(&[("cargo", ""), ("rustc", &enough)]), (Some(0), String::new()), "{enough}");
    }
}

#[test]
fn the_first_commands_of_the_readme_are_those_that_are_tried() {
    let readme = text(&root().join("README.md"));
    let fenced: Vec<&str> = readme.split("```").nth(1).expect("commands").trim().lines().collect();
    assert_eq!(fenced, ["deploy/dev/prepare && cargo run --release -- demo", "cargo test --workspace --locked"]);
    let run = text(&root().join(".ci/run"));
    for line in ["deploy/dev/prepare --tests", "step tests cargo test --workspace --locked"] {
        assert!(run.lines().any(|found| found == line), ".ci/run does not say `{line}`");
    }
}
