//! The servers that tests stand on: one for all, private ones to be harmed, and nothing left behind.

#![allow(clippy::print_stdout, reason = "a child process tells its parent where its server is")]

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use onefold_testkit::{Kafka, Postgres};

/// Set where a test runs as a child of itself, which tells where its server is.
const CHILD: &str = "ONEFOLD_TEST_SERVERS_CHILD";

fn asks(url: &str, statement: &str) -> Result<String, String> {
    let output = Command::new("psql").args(["-qXAt", "-c", statement, url]).env("PGCONNECT_TIMEOUT", "2").output();
    let output = output.map_err(|error| error.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// The command that runs a test as a child, with a server of this kind.
fn child(test: &str, kind: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(CHILD, kind);
    command
}

/// What the child tells after `at `.
fn told(out: impl std::io::Read) -> String {
    let mut lines = BufReader::new(out).lines().map_while(Result::ok);
    lines.find_map(|line| Some(line.split_once("at ")?.1.to_owned())).expect("the child tells where its server is")
}

/// Starts a server of this kind, tells where it is, and waits to be killed.
fn serve(kind: &str) {
    if kind == "postgres" {
        let own = Postgres::own("a child").unwrap();
        println!("\nat {}", own.url());
        std::thread::sleep(Duration::from_secs(120));
    } else {
        let own = Kafka::own("a child").unwrap();
        println!("\nat {}", own.bootstrap());
        std::thread::sleep(Duration::from_secs(120));
    }
}

#[test]
fn all_test_programs_share_one_postgres_with_fsync_on() {
    if std::env::var_os(CHILD).is_some() {
        return println!("\nat {}", Postgres::shared("a child").unwrap().url());
    }
    let Some(postgres) = Postgres::shared("one Postgres for all") else { return };
    let child = child("all_test_programs_share_one_postgres_with_fsync_on", "postgres").output().unwrap();
    assert_eq!(told(&child.stdout[..]), postgres.url());
    if std::env::var_os("ONEFOLD_TEST_POSTGRES").is_none() {
        assert_eq!(asks(postgres.url(), "SHOW fsync").unwrap(), "on");
    }
}

#[test]
fn a_database_is_fresh_and_goes_with_its_test() {
    let Some(postgres) = Postgres::shared("a fresh database") else { return };
    let (one, other) = (postgres.database(), postgres.database());
    asks(one.url(), "CREATE TABLE t (n int)").unwrap();
    assert!(asks(other.url(), "SELECT * FROM t").is_err());
    let url = one.url().to_owned();
    drop(one);
    assert!(asks(&url, "SELECT 1").is_err());
}

#[test]
fn a_private_postgres_is_killed_started_frozen_and_thawed() {
    let Some(own) = Postgres::own("harm to Postgres") else { return };
    asks(own.url(), "CREATE TABLE t (n int)").unwrap();
    asks(own.url(), "INSERT INTO t VALUES (7)").unwrap();
    own.kill();
    assert!(asks(own.url(), "SELECT n FROM t").is_err());
    own.start();
    assert_eq!(asks(own.url(), "SELECT n FROM t").unwrap(), "7");
    own.freeze();
    assert!(asks(own.url(), "SELECT n FROM t").is_err(), "a frozen server answers nobody");
    own.thaw();
    assert_eq!(asks(own.url(), "SELECT n FROM t").unwrap(), "7");
    own.stop();
    own.start();
    assert_eq!(asks(own.url(), "SELECT n FROM t").unwrap(), "7");
    let url = own.url().to_owned();
    drop(own);
    gone(|| asks(&url, "SELECT 1").is_ok());
}

#[test]
fn a_private_kafka_is_killed_and_started_on_its_port() {
    let Some(own) = Kafka::own("harm to Kafka") else { return };
    own.kill();
    assert!(TcpStream::connect(own.bootstrap()).is_err());
    own.start();
    assert!(TcpStream::connect(own.bootstrap()).is_ok());
    own.kill();
    let bootstrap = own.bootstrap().to_owned();
    drop(own);
    gone(|| TcpStream::connect(&bootstrap).is_ok());
}

#[test]
fn a_killed_test_leaves_no_server_behind() {
    if let Ok(kind) = std::env::var(CHILD) {
        return serve(&kind);
    }
    for kind in ["postgres", "kafka"] {
        let could = if kind == "kafka" {
            Kafka::shared("servers of a killed test").is_some()
        } else {
            Postgres::shared("servers of a killed test").is_some()
        };
        if !could {
            continue;
        }
        let test = "a_killed_test_leaves_no_server_behind";
        let mut child = child(test, kind).stdout(Stdio::piped()).spawn().unwrap();
        let at = told(child.stdout.take().unwrap());
        let address = at.rsplit('@').next().and_then(|at| at.split('/').next()).unwrap().to_owned();
        assert!(TcpStream::connect(&address).is_ok());
        child.kill().unwrap();
        child.wait().unwrap();
        gone(|| TcpStream::connect(&address).is_ok());
    }
}

fn gone(there: impl Fn() -> bool) {
    let began = Instant::now();
    while there() {
        assert!(began.elapsed() < Duration::from_secs(20), "the server is still there");
        std::thread::sleep(Duration::from_millis(50));
    }
}
