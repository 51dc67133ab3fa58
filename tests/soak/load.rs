//! Load that never ends by itself: systems that post through several doors, a bank that sends messages, a person who decides.
//! Each notes what it was told is taken in, and asks again where no answer came.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, RwLock, RwLockWriteGuard};
use std::thread::Scope;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use onefold_log::{Log, LogRecord, partition_of};
use onefold_testkit::Dice;
use serde_json::{Value, json};

use crate::fleet::{Fleet, Waiting};
use crate::source::{SYSTEMS, Source, Sums, near};

/// The bank's connector and its topic.
pub(crate) const CONNECTOR: &str = "bank-messages";
pub(crate) const TOPIC: &str = "intake.bank";
const BANK: &str = r##"
[connector]
name   = "bank-messages"
source = "bank"
[from]
kind   = ["file", "kafka"]
path   = "bank/*.ndjson"
topics = ["intake.bank"]
[read]
format = "ndjson"
[assume]
time     = "iso8601"
number   = "1234.56"
currency = { from = "currency" }
[common]
id          = ["no"]
occurred_at = "at"
[event.payment]
type    = "finance.payment_received.v1"
subject = "no"
[event.payment.refs]
payer = { from = "customer", source = "erp" }
[event.payment.set]
amount = "amount"
"##;
const TOPIC_PARTITIONS: u32 = 4;
/// What cannot be read and goes to quarantine.
pub(crate) const BAD: &str = "much";
/// Longest pause of a system between two requests, in milliseconds.
const PAUSE: u64 = 500;
/// How long a request may take until it is asked again elsewhere.
const ANSWER: Duration = Duration::from_secs(5);
/// How long it may take until somebody acknowledges, whatever is killed meanwhile.
const PATIENCE: Duration = Duration::from_secs(180);
/// How long a person waits for a decision, and between two.
const DECIDED: Duration = Duration::from_secs(40);
/// So much may wait for the views; beyond that the load waits for them.
const BEHIND: f64 = 3_000.0;

/// What was acknowledged.
#[derive(Default)]
pub(crate) struct Book {
    /// Bodies of requests, each of which was taken in.
    pub(crate) requests: Vec<String>,
    /// The hub's ids of their events.
    pub(crate) ids: BTreeSet<String>,
    /// What each system comes to.
    pub(crate) sums: [Sums; SYSTEMS.len()],
    /// Lines of the bank, each of which the topic has at least once.
    pub(crate) messages: Vec<String>,
    /// Decisions of the person that were acknowledged, by subject.
    pub(crate) decisions: Vec<String>,
    /// Parties of the first system.
    parties: usize,
}

/// The load on a fleet.
pub(crate) struct Load<'a> {
    fleet: &'a Fleet,
    doors: RwLock<Vec<String>>,
    /// Held to read while somebody asks for something, to write while all is to be quiet.
    gate: RwLock<()>,
    over: AtomicBool,
    failed: AtomicBool,
    book: Mutex<Book>,
    /// Requests without an answer.
    pub(crate) unanswered: AtomicU64,
    /// Decisions that were tried.
    pub(crate) tried: AtomicU64,
}

/// Makes the bank's topic; answers the directory of its connector.
pub(crate) fn topics(fleet: &Fleet) -> String {
    fleet.runtime.block_on(fleet.log.topic(TOPIC, TOPIC_PARTITIONS)).expect("a topic");
    let directory = fleet.home.path("connectors");
    std::fs::create_dir(&directory).expect("a directory");
    std::fs::write(directory.join(format!("{CONNECTOR}.toml")), BANK).expect("a connector file");
    directory.display().to_string()
}

/// Ends the load when its holder fails, so that nobody waits for anybody for ever.
pub(crate) struct Holder<'l>(&'l Load<'l>);

impl Drop for Holder<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.failed.store(true, Ordering::Release);
            self.0.end();
        }
    }
}

impl<'a> Load<'a> {
    pub(crate) fn new(fleet: &'a Fleet) -> Self {
        let (doors, gate, over, failed, book, unanswered, tried) = Default::default();
        Self { fleet, doors, gate, over, failed, book, unanswered, tried }
    }

    /// Begins all of it.
    pub(crate) fn begin<'s>(&'s self, scope: &'s Scope<'s, '_>, seed: u64) {
        for (n, system) in SYSTEMS.into_iter().enumerate() {
            let dice = Dice::new(seed.wrapping_add(1 + n as u64));
            scope.spawn(move || self.posts(n, Source::new(system, dice.clone()), dice));
        }
        scope.spawn(move || self.sends(Dice::new(seed.wrapping_add(101))));
        scope.spawn(move || self.decides(Dice::new(seed.wrapping_add(102))));
    }

    /// For whoever it must not outlive.
    pub(crate) fn holder(&self) -> Holder<'_> {
        Holder(self)
    }

    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Release);
    }

    /// What of it has failed has said so itself.
    pub(crate) fn goes_on(&self) -> bool {
        !self.failed.load(Ordering::Acquire)
    }

    /// Where one may post from now on.
    pub(crate) fn doors(&self, doors: Vec<String>) {
        *self.doors.write().expect("doors") = doors;
    }

    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().expect("a book")
    }

    /// As long as this is held, nobody asks for anything, and all that was asked for is acknowledged.
    pub(crate) fn quiet(&self) -> RwLockWriteGuard<'_, ()> {
        self.gate.write().expect("the gate")
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    fn door(&self, dice: &mut Dice) -> String {
        let doors = self.doors.read().expect("doors");
        doors[dice.place(doors.len())].clone()
    }

    /// One system.
    fn posts(&self, n: usize, mut source: Source, mut dice: Dice) {
        let _holder = self.holder();
        while !self.is_over() {
            self.waits_for_the_views(&mut dice);
            {
                let Ok(_turn) = self.gate.read() else { return };
                let batch = source.batch();
                let body = Value::from(batch).to_string();
                let ids = self.taken(&body, &mut dice);
                let mut book = self.book();
                book.requests.push(body);
                book.ids.extend(ids);
                book.sums[n] = source.sums();
                if n == 0 {
                    book.parties = source.parties();
                }
            }
            std::thread::sleep(Duration::from_millis(dice.below(PAUSE)));
        }
    }

    /// Posts until it is acknowledged, now and then twice: through two doors at once, or again through another.
    fn taken(&self, body: &str, dice: &mut Dice) -> Vec<String> {
        let choice = dice.below(8);
        let mut other = Dice::new(dice.below(u64::MAX));
        if choice == 0 {
            return std::thread::scope(|scope| {
                let at_once = scope.spawn(|| self.acknowledged(body, &mut other));
                let ids = self.acknowledged(body, dice);
                assert_eq!(at_once.join().expect("an answer"), ids, "two doors give an event one id");
                ids
            });
        }
        let ids = self.acknowledged(body, dice);
        if choice == 1 {
            assert_eq!(self.acknowledged(body, &mut other), ids, "an event that is told again keeps its id");
        }
        ids
    }

    fn acknowledged(&self, body: &str, dice: &mut Dice) -> Vec<String> {
        let began = Instant::now();
        loop {
            if let Some(ids) = post(&self.door(dice), body) {
                return ids;
            }
            self.unanswered.fetch_add(1, Ordering::Relaxed);
            assert!(self.goes_on(), "given up, since another has failed");
            assert!(began.elapsed() < PATIENCE, "nobody acknowledged within {PATIENCE:?}: {body}");
            std::thread::sleep(Duration::from_millis(50 + dice.below(200)));
        }
    }

    fn waits_for_the_views(&self, dice: &mut Dice) {
        if dice.below(10) > 0 {
            return;
        }
        let behind = |waiting: Waiting| waiting.lag + waiting.inbox + waiting.marks > BEHIND;
        while !self.is_over() && Waiting::at(&self.door(dice)).is_some_and(behind) {
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    /// The bank.
    fn sends(&self, mut dice: Dice) {
        let _holder = self.holder();
        let mut number = 0u64;
        while !self.is_over() {
            number += 1;
            {
                let Ok(_turn) = self.gate.read() else { return };
                let (customer, cents) = (dice.below(100), dice.below(100_000));
                let amount =
                    if dice.below(40) == 0 { BAD.to_owned() } else { format!("{}.{:02}", cents / 100, cents % 100) };
                let line = json!({
                    "no": format!("B{number}"), "customer": format!("P{customer}"), "at": "2026-03-01T10:00:00Z",
                    "currency": "CNY", "amount": amount
                });
                let line = line.to_string();
                for _ in 0..=u64::from(dice.below(6) == 0) {
                    self.sent(number, &line);
                }
                self.book().messages.push(line);
            }
            std::thread::sleep(Duration::from_millis(dice.below(2 * PAUSE)));
        }
    }

    fn sent(&self, number: u64, line: &str) {
        // Of today: such a topic forgets what is old.
        let record = LogRecord::new(format!("B{number}"), line.to_owned(), Timestamp::now().as_microsecond());
        let (partition, began) = (partition_of(&record.key, TOPIC_PARTITIONS), Instant::now());
        while let Err(error) =
            self.fleet.runtime.block_on(self.fleet.log.append(TOPIC, vec![(partition, record.clone())]))
        {
            assert!(error.retryable() && began.elapsed() < PATIENCE, "{error}");
            self.unanswered.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A person at the command line, who links, separates and takes back.
    fn decides(&self, mut dice: Dice) {
        let _holder = self.holder();
        while !self.is_over() {
            std::thread::sleep(Duration::from_millis(500));
            if dice.below(6) > 0 {
                continue;
            }
            let Ok(_turn) = self.gate.read() else { return };
            let (parties, last) = {
                let book = self.book();
                (book.parties, book.decisions.last().cloned())
            };
            if parties < 10 {
                continue;
            }
            let one = dice.place(parties);
            let (one, other) = (format!("party:erp:P{one}"), format!("party:erp:P{}", near(one, parties, &mut dice)));
            let words = match (dice.below(4), last) {
                (0, Some(last)) => vec!["undo".to_owned(), last],
                (1, _) => vec!["separate".to_owned(), one, "--from".to_owned(), other],
                _ => vec!["link".to_owned(), one, other],
            };
            self.tried.fetch_add(1, Ordering::Relaxed);
            if let Some(undo) = self.decided(&words) {
                let mut book = self.book();
                if !book.decisions.contains(&undo) {
                    book.decisions.push(undo);
                }
            }
        }
    }

    /// The subject of a decision that was acknowledged.
    fn decided(&self, words: &[String]) -> Option<String> {
        let mut command: Command = self.fleet.home.command(&["identity", "--json"]);
        command.args(words).args(["--why", "a test"]).stdin(Stdio::null()).stderr(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let began = Instant::now();
        while child.try_wait().expect("a process").is_none() {
            if began.elapsed() > DECIDED {
                // Somebody who loses patience.
                let _ = child.kill();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let output = child.wait_with_output().expect("its output");
        let said: Value = output.status.success().then(|| serde_json::from_slice(&output.stdout).expect("JSON"))?;
        Some(said["undo"].as_str().expect("a decision").to_owned())
    }
}

/// Ids of events that were taken in, or known; none where nobody answered, or asked for another try.
fn post(url: &str, body: &str) -> Option<Vec<String>> {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(ANSWER)).build().into();
    let request = agent.post(format!("{url}/v1/events")).header("content-type", "application/cloudevents-batch+json");
    let mut answer = request.send(body.as_bytes()).ok()?;
    let (status, text) = (answer.status().as_u16(), answer.body_mut().read_to_string().ok()?);
    if status >= 500 {
        return None;
    }
    assert_eq!(status, 200, "{text}\n{body}");
    let said: Value = serde_json::from_str(&text).ok()?;
    let id = |event: &Value| {
        assert!(event["status"] == "accepted" || event["status"] == "duplicate", "{text}");
        event["id"].as_str().expect("an id").to_owned()
    };
    Some(said["events"].as_array().expect("events").iter().map(id).collect())
}
