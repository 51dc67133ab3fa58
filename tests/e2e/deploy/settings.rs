//! What PostgreSQL is told: the same in the containers and on a developer's machine, where a real one takes it.

use std::process::{Command, Output};

use onefold_testkit::{free_port, skipped};
use tempfile::TempDir;

use crate::containers::{of_compose, words};
use crate::gate::open;
use crate::read::{deploy, text};

/// The lines of `deploy/postgres.conf` that set something.
fn settings() -> Vec<String> {
    let text = text(&deploy("postgres.conf"));
    let mut set: Vec<_> = text.lines().filter(|line| line.contains(" = ")).map(str::to_owned).collect();
    set.retain(|line| !line.starts_with('#'));
    set.sort();
    assert!(!set.is_empty(), "nothing is set");
    set
}

/// The pair that `deploy/dev/up` starts, in a directory and on ports of its own; ended and erased with this.
struct Pair {
    home: TempDir,
    ports: [u16; 2],
}

impl Pair {
    fn script(&self, name: &str, words: &[&str]) -> Output {
        let [kafka, postgres] = self.ports;
        let mut script = Command::new(deploy(&format!("dev/{name}")));
        script.args(words).env("ONEFOLD_DEV", self.home.path().join("dev"));
        script.env("ONEFOLD_DEV_KAFKA", kafka.to_string()).env("ONEFOLD_DEV_POSTGRES", postgres.to_string());
        script.output().expect("bash")
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.script("down", &["--erase"]);
    }
}

#[test]
fn compose_gives_postgres_the_file_of_its_settings() {
    let postgres = of_compose().into_iter().find(|container| container.at.ends_with(": postgres")).expect("a database");
    let told = postgres.words.iter().find_map(|word| word.strip_prefix("config_file=")).expect("a file of settings");
    let mounts = words(&postgres.said["volumes"]);
    assert!(mounts.contains(&format!("./postgres.conf:{told}:ro")), "{mounts:?}");
    // The image's own file, which this one replaces, says so; without it nobody reaches the server.
    assert!(postgres.words.iter().any(|word| word == "listen_addresses=*"), "{:?}", postgres.words);
}

#[test]
fn a_developers_pair_has_those_settings_takes_the_command_that_it_prints_and_is_gone_when_erased() {
    for (script, check) in [("postgres", "--check"), ("kafka", "--fetch")] {
        let looked = Command::new(deploy(&format!("dev/{script}"))).arg(check).output().expect("bash");
        if !looked.status.success() {
            return skipped("the pair of a developer", String::from_utf8_lossy(&looked.stderr).trim());
        }
    }
    // Of the broker, the next one too.
    let kafka = free_port();
    let postgres = std::iter::repeat_with(free_port).find(|port| port.abs_diff(kafka) > 1).expect("another port");
    let pair = Pair { home: TempDir::new().expect("a directory"), ports: [kafka, postgres] };
    open(pair.home.path());
    let up = pair.script("up", &[]);
    let told = String::from_utf8_lossy(&up.stdout).into_owned();
    assert!(up.status.success(), "{told}{}", String::from_utf8_lossy(&up.stderr));

    let words = told.lines().last().and_then(|line| line.split_once(" -- run ")).expect("a command").1;
    let hub: Vec<&str> = words.split(' ').collect();
    let made = Command::new(env!("CARGO_BIN_EXE_onefold")).args(["topics", "apply"]).args(&hub).output();
    let made = made.expect("the program");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));

    let url = hub.last().expect("a URL");
    let asked =
        "SELECT name || ' = ' || current_setting(name) FROM pg_settings WHERE sourcefile LIKE '%/postgres.conf'";
    let set = Command::new("psql").args(["-qXAt", "-c", asked, url]).output().expect("psql");
    let mut set: Vec<_> = String::from_utf8_lossy(&set.stdout).lines().map(str::to_owned).collect();
    set.sort();
    assert_eq!(set, settings());

    let down = pair.script("down", &["--erase"]);
    assert!(down.status.success(), "{}", String::from_utf8_lossy(&down.stderr));
    assert!(!pair.home.path().join("dev").exists());
    for port in pair.ports {
        assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err(), "{port}");
    }
}
