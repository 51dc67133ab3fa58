//! The real program in a directory of its own.

#![allow(dead_code)]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Repository root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A connector file that we ship.
pub(crate) fn connector(name: &str) -> String {
    root().join("deploy/connectors").join(format!("{name}.toml")).display().to_string()
}

/// The shared real inputs, where they are. Says by name what is skipped; with `CI=true` an absent folder is a failure.
pub(crate) fn shared(file: &str, test: &str) -> Option<String> {
    let path = root().join("../shared/data").join(file);
    if path.exists() {
        return Some(path.display().to_string());
    }
    assert!(std::env::var("CI").is_err(), "{test}: {} is absent, and CI is set", path.display());
    eprintln!("SKIPPED {test}: {} is absent", path.display());
    None
}

/// A data directory that the program may make, and what else a test writes.
pub(crate) struct Home {
    directory: TempDir,
    /// What names the servers of a distributed hub; none: the hub is in the data directory.
    servers: Option<Vec<(&'static str, String)>>,
    program: PathBuf,
}

/// What a command answered.
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Answer {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The exit code that was expected, else everything that was said.
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\n--- out\n{}\n--- err\n{}", self.out, self.err);
        self
    }

    /// The one JSON value on standard output.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}\n--- out\n{}\n--- err\n{}", self.out, self.err))
    }

    /// One JSON value per line.
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
    }

    /// One clear message: no backtrace, no panic, and all the words.
    pub(crate) fn tells(self, words: &[&str]) -> Self {
        assert!(!self.err.contains("panicked") && !self.err.contains("stack backtrace"), "{}", self.err);
        for word in words {
            assert!(
                self.err.contains(word) || self.out.contains(word),
                "`{word}` is not said:\n--- out\n{}\n--- err\n{}",
                self.out,
                self.err
            );
        }
        self
    }
}

impl Home {
    pub(crate) fn new() -> Self {
        let program = env!("CARGO_BIN_EXE_onefold").into();
        Self { directory: TempDir::new().expect("a temporary directory"), servers: None, program }
    }

    /// The same where the hub is on Kafka and PostgreSQL.
    pub(crate) fn distributed(bootstrap: &str, prefix: &str, url: &str) -> Self {
        let servers = [("ONEFOLD_KAFKA", bootstrap), ("ONEFOLD_KAFKA_PREFIX", prefix), ("ONEFOLD_POSTGRES", url)];
        Self { servers: Some(servers.map(|(name, value)| (name, value.to_owned())).into()), ..Self::new() }
    }

    /// The same where a configuration names the servers.
    pub(crate) fn configured(text: &str) -> Self {
        let home = Self::new();
        let servers = Some(vec![("ONEFOLD_CONFIG", home.file("onefold.toml", text))]);
        Self { servers, ..home }
    }

    /// The same hub under another program than the one that is tested.
    pub(crate) fn under(self, program: PathBuf) -> Self {
        Self { program, ..self }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// Writes a file beside the data directory.
    pub(crate) fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("a file");
        path.display().to_string()
    }

    /// Runs a command on another data directory beside.
    pub(crate) fn run_in(&self, name: &str, words: &[&str]) -> Answer {
        let mut command = Command::new(&self.program);
        command.args(words).arg("--data").arg(self.path(name)).env_remove("ONEFOLD_CONFIG").env("RUST_BACKTRACE", "0");
        Answer::of(command.output().expect("the program"))
    }

    /// A command that is not yet run.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(words)
            .env_remove("ONEFOLD_DATA")
            .env_remove("ONEFOLD_CONFIG")
            .env_remove("ONEFOLD_FAILPOINTS")
            .env("RUST_BACKTRACE", "0");
        match &self.servers {
            Some(servers) => command.envs(servers.iter().map(|(name, value)| (name, value))),
            None => command.arg("--data").arg(self.data()),
        };
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Answer {
        Answer::of(self.command(words).output().expect("the program starts"))
    }

    /// The same with something on standard input.
    pub(crate) fn feed(&self, words: &[&str], input: &[u8]) -> Answer {
        let mut child = self
            .command(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        // A program that refuses early closes its end.
        let _ = child.stdin.take().expect("its standard input").write_all(input);
        Answer::of(child.wait_with_output().expect("the program ends"))
    }

    /// Serves on a port of its own.
    pub(crate) fn serve(&self) -> Server {
        self.serve_with(&[], &[])
    }

    /// The same with more words and settings.
    pub(crate) fn serve_with(&self, words: &[&str], env: &[(&str, &str)]) -> Server {
        let mut command = self.command(&["run", "--listen", "127.0.0.1:0"]);
        command.args(words).envs(env.iter().copied());
        served(command)
    }

    /// The same where the system bounds it, in the words of the shell's `ulimit`.
    pub(crate) fn serve_within(&self, limit: &str, env: &[(&str, &str)]) -> Server {
        let program = self.command(&["run", "--listen", "127.0.0.1:0"]);
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("ulimit {limit}; exec \"$0\" \"$@\"")).arg(program.get_program());
        command.args(program.get_args());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.envs(env.iter().copied());
        served(command)
    }
}

/// The program, once it says where it serves.
fn served(mut command: Command) -> Server {
    if command.get_envs().all(|(name, _)| name != "ONEFOLD_LOG") {
        command.env("ONEFOLD_LOG", "error");
    }
    command.stderr(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn().expect("the program starts");
    let mut err = BufReader::new(child.stderr.take().expect("its standard error"));
    let (mut said, mut line) = (String::new(), String::new());
    while err.read_line(&mut line).unwrap_or(0) > 0 {
        if let Some((_, rest)) = line.split_once("http://") {
            let address = rest.split(';').next().unwrap_or_default().trim().to_owned();
            // Whatever it says later must be read.
            let later = Arc::new(Mutex::new(String::new()));
            let heard = Arc::clone(&later);
            std::thread::spawn(move || {
                let mut line = String::new();
                while err.read_line(&mut line).unwrap_or(0) > 0 {
                    heard.lock().expect("what it said").push_str(&line);
                    line.clear();
                }
            });
            return Server { child, url: format!("http://{address}"), later };
        }
        said.push_str(&line);
        line.clear();
    }
    panic!("the server did not start ({:?}): {said}", child.wait());
}

/// The program serving.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    /// What it has said since it began to serve.
    later: Arc<Mutex<String>>,
}

impl Server {
    pub(crate) fn get(&self, path: &str) -> Reply {
        Reply::of(agent().get(format!("{}{path}", self.url)).call())
    }

    pub(crate) fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let mut request = agent().post(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Reply::of(request.send(body))
    }

    /// Posts a batch of CloudEvents.
    pub(crate) fn batch(&self, events: &[Value]) -> Reply {
        let body = Value::Array(events.to_vec()).to_string();
        self.post("/v1/events", &[("content-type", "application/cloudevents-batch+json")], body.as_bytes())
    }

    /// Waits until a path answers as wanted.
    pub(crate) fn until(&self, path: &str, wanted: impl Fn(&Reply) -> bool) -> Reply {
        let began = Instant::now();
        loop {
            let reply = self.get(path);
            if wanted(&reply) {
                return reply;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "{path} answers {} {}", reply.status, reply.body);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until the views show all that was acknowledged, of which nothing is added meanwhile.
    pub(crate) fn settle(&self) {
        const WAITING: [&str; 3] = ["onefold_lag_events{", "onefold_inbox_waiting ", "onefold_marks_waiting "];
        self.until("/metrics", |reply| {
            let text = reply.body.as_str().unwrap_or_default();
            let waiting: Vec<&str> = text.lines().filter(|line| WAITING.iter().any(|w| line.starts_with(w))).collect();
            waiting.len() > 2 && waiting.iter().all(|line| line.ends_with(" 0"))
        });
    }

    /// Waits until that is published too.
    pub(crate) fn publish(&self) {
        const WAITING: [&str; 3] =
            ["onefold_publish_lag_events{", "onefold_outbox_waiting ", "onefold_publish_sweeping "];
        self.settle();
        self.until("/metrics", |reply| {
            let text = reply.body.as_str().unwrap_or_default();
            let waiting: Vec<&str> = text.lines().filter(|line| WAITING.iter().any(|w| line.starts_with(w))).collect();
            waiting.len() > 2 && waiting.iter().all(|line| line.ends_with(" 0"))
        });
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop, as a service manager would; answers its exit code.
    pub(crate) fn stop(self) -> i32 {
        self.ask_to_stop();
        self.end()
    }

    /// The same without waiting for its end.
    pub(crate) fn ask_to_stop(&self) {
        let stopped = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill");
        assert!(stopped.success());
    }

    /// Waits for its end; answers its exit code.
    pub(crate) fn end(mut self) -> i32 {
        self.child.wait().expect("it ends").code().unwrap_or(-1)
    }

    /// What it has said since it began to serve.
    pub(crate) fn said(&self) -> String {
        self.later.lock().expect("what it said").clone()
    }

    /// Where it listens, as sockets want it.
    pub(crate) fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Whether it has ended by itself.
    pub(crate) fn is_over(&mut self) -> bool {
        self.child.try_wait().expect("its state").is_some()
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it is killed");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What HTTP answered.
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Seconds after which one may ask again.
    pub(crate) retry_after: Option<String>,
    pub(crate) media: String,
    pub(crate) body: Value,
}

impl Reply {
    fn of(answered: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Self {
        let mut response = answered.expect("an answer");
        let header = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let (media, retry_after) = (header("content-type").unwrap_or_default(), header("retry-after"));
        let text = response.body_mut().read_to_string().expect("a body");
        Self {
            status: response.status().as_u16(),
            retry_after,
            media,
            body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
        }
    }

    /// A problem detail of this status.
    pub(crate) fn is_problem(&self, status: u16) {
        assert_eq!((self.status, self.media.as_str()), (status, "application/problem+json"), "{}", self.body);
        assert_eq!(self.body["status"], status, "{}", self.body);
        for member in ["type", "title", "detail", "code"] {
            assert!(self.body[member].as_str().is_some_and(|text| !text.is_empty()), "{member}: {}", self.body);
        }
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(30)))
        .build()
        .into()
}

/// A party as a CloudEvent.
pub(crate) fn party(number: &str, name: &str, identifiers: &[(&str, &str, &str)]) -> Value {
    let identifiers: Vec<Value> = identifiers
        .iter()
        .map(|(kind, text, issuer)| serde_json::json!({ "kind": kind, "text": text, "issuer": issuer }))
        .collect();
    event(
        "party.recorded.v1",
        &format!("party:{number}"),
        "2026-01-02T08:00:00Z",
        serde_json::json!({ "name": { "full": name }, "identifiers": identifiers }),
    )
}

/// An invoice of a buyer as a CloudEvent.
pub(crate) fn invoice(number: &str, buyer: &str, amount: &str) -> Value {
    let data = serde_json::json!({
        "issued_on": "2026-02-03", "due_on": "2026-03-05", "total": { "amount": amount, "currency": "CNY" },
        "references": [{ "role": "buyer", "subject": format!("party:{buyer}") }]
    });
    event("finance.invoice_issued.v1", &format!("invoice:{number}"), "2026-02-03T09:00:00Z", data)
}

/// The stock of one product, counted once more.
pub(crate) fn count(times: usize) -> Value {
    let data = serde_json::json!({ "product": "product:erp:P1", "quantity": times.to_string() });
    let mut event = event("warehouse.stock_counted.v1", "stock:wms:P1", "2026-02-03T09:00:00Z", data);
    event["id"] = format!("count {times}").into();
    event
}

/// Any event as a CloudEvent; its id is type and subject.
pub(crate) fn event(ty: &str, subject: &str, time: &str, data: Value) -> Value {
    let source = subject.split(':').nth(1).unwrap_or("erp");
    serde_json::json!({ "specversion": "1.0", "id": format!("{ty}/{subject}"), "source": source, "type": ty, "subject": subject, "time": time, "data": data })
}
