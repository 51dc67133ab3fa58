//! Races, each forced: one process held at a failpoint within its transaction while another does what it must not miss.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use onefold_log::partition_of;
use serde_json::{Value, json};

use crate::fleet::{Fleet, PARTITIONS, Waiting, same, until};
use crate::harness::{Home, invoice, party};
use crate::process::Process;

const SOON: Duration = Duration::from_secs(30);

/// A fleet that is told by HTTP, and remembers what.
struct Told {
    fleet: Fleet,
    serve: Process,
    batches: Vec<Vec<Value>>,
}

impl Told {
    fn begin(test: &str) -> Option<Self> {
        let fleet = Fleet::shared(test)?;
        let serve = fleet.start("serve");
        Some(Self { fleet, serve, batches: Vec::new() })
    }

    /// A process that freezes itself at a failpoint, once the file is there that this makes.
    fn armed(&self, role: &'static str, failpoint: &str) -> (Process, impl Fn() + use<>) {
        let file = self.fleet.trigger(failpoint);
        let process = self.fleet.start_with(role, &format!("{failpoint}=stop@{}", file.display()));
        (process, move || std::fs::write(&file, "").expect("a trigger"))
    }

    fn tell(&mut self, batch: Vec<Value>) {
        let answer = self.serve.post(&batch).expect("an answer");
        assert_eq!(answer["accepted"], batch.len(), "{answer}");
        self.batches.push(batch);
    }

    fn settle(&self) {
        self.fleet.settle(&self.serve);
    }

    /// Waits until all is folded, whatever else is held up.
    fn folded(&self) {
        until("all is folded", SOON, || Waiting::of(&self.serve).is_some_and(|waiting| waiting.lag == 0.0));
    }

    /// Whether words find anybody.
    fn finds(&self, words: &str) -> bool {
        let (status, text) = self.serve.get(&format!("/v1/customers?q={words}")).expect("an answer");
        assert_eq!(status, 200, "{text}");
        let found: Value = serde_json::from_str(&text).expect("JSON");
        !found["items"].as_array().expect("items").is_empty()
    }

    fn customer(&self, reference: &str) -> Value {
        let (status, text) = self.serve.get(&format!("/v1/customers/{reference}")).expect("an answer");
        assert_eq!(status, 200, "{text}");
        serde_json::from_str(&text).expect("JSON")
    }

    /// One directory that is told the same says the same.
    fn is_as_one_directory(&self) {
        self.settle();
        let status = self.fleet.is_sound();
        let alone = Home::new();
        let server = alone.serve();
        for batch in &self.batches {
            assert_eq!(server.batch(batch).status, 200);
        }
        server.settle();
        assert_eq!(server.stop(), 0);
        let wanted = alone.run(&["status", "--json"]).exits(0).json();
        same(&status, &wanted);
        for name in ["events", "conflicts", "quarantined"] {
            assert_eq!(status[name], wanted[name], "{name}");
        }
    }
}

/// A party as its source has it now.
pub(crate) fn revised(number: &str, revision: u32, name: &str, phone: &str) -> Value {
    let mut event = party(number, name, &[("phone", phone, "CN")]);
    event["id"] = json!(format!("party/{number}/{revision}"));
    event["fact"] = json!(format!("party/{number}"));
    event["revision"] = json!(revision.to_string());
    event
}

#[test]
fn a_mark_that_is_set_while_its_customer_is_assembled_is_not_lost() {
    let Some(mut told) = Told::begin("a_mark_that_is_set_while_its_customer_is_assembled_is_not_lost") else { return };
    let _others = told.fleet.start("project,resolve");
    let (assembler, arm) = told.armed("assemble", "assemble.read");
    told.tell(vec![revised("erp:1", 1, "first", "13800138000")]);
    told.settle();
    arm();
    told.tell(vec![revised("erp:1", 2, "second", "13800138000")]);
    // It has read what the second event made of the customer, and holds it.
    assembler.stops(SOON);
    told.tell(vec![revised("erp:1", 3, "third", "13800138000")]);
    told.folded();
    assembler.thaw();
    told.settle();
    assert!(told.finds("third") && !told.finds("second") && !told.finds("first"));
    told.is_as_one_directory();
}

#[test]
fn an_old_assembler_behind_a_newer_one_writes_nothing_old() {
    let Some(mut told) = Told::begin("an_old_assembler_behind_a_newer_one_writes_nothing_old") else { return };
    let _others = told.fleet.start("project,resolve");
    let (old, arm) = told.armed("assemble", "assemble.claimed");
    told.tell(vec![revised("erp:1", 1, "first", "13800138000")]);
    told.settle();
    arm();
    told.tell(vec![revised("erp:1", 2, "second", "13800138000")]);
    // It has claimed the mark of the second event.
    old.stops(SOON);
    let _newer = told.fleet.start("assemble");
    told.tell(vec![revised("erp:1", 3, "third", "13800138000")]);
    until("the newer one has written", SOON, || told.finds("third"));
    old.thaw();
    told.settle();
    assert!(told.finds("third") && !told.finds("second") && !told.finds("first"));
    told.is_as_one_directory();
}

#[test]
fn a_subject_that_changes_while_its_party_moves_to_another_customer_moves_with_it() {
    let test = "a_subject_that_changes_while_its_party_moves_to_another_customer_moves_with_it";
    let Some(mut told) = Told::begin(test) else { return };
    let _others = told.fleet.start("project,assemble");
    let (resolver, arm) = told.armed("resolve", "resolve.before_commit");
    told.tell(vec![revised("erp:1", 1, "王伟", "13800138000"), revised("erp:2", 1, "王伟", "13900139000")]);
    told.tell(vec![invoice("erp:I1", "erp:2", "100.00")]);
    told.settle();
    assert_ne!(told.customer("party:erp:1")["id"], told.customer("party:erp:2")["id"]);
    arm();
    // The second joins the first.
    told.tell(vec![revised("erp:2", 2, "王伟", "13800138000")]);
    resolver.stops(SOON);
    let mut more = invoice("erp:I1", "erp:2", "250.00");
    more["id"] = json!("invoice/1/2");
    more["fact"] = json!("finance.invoice_issued.v1/invoice:erp:I1");
    more["revision"] = json!("2");
    told.tell(vec![more, invoice("erp:I2", "erp:2", "7.00"), invoice("erp:I3", "erp:1", "1.00")]);
    told.folded();
    resolver.thaw();
    told.settle();
    let (one, two) = (told.customer("party:erp:1"), told.customer("party:erp:2"));
    assert_eq!(one, two);
    assert!(one.to_string().contains("258.00"), "{one}");
    told.is_as_one_directory();
}

/// A session of somebody else in the database.
pub(crate) struct Session(Child);

impl Session {
    /// Begins to hold something, and waits until it does by the word of a query that counts it.
    pub(crate) fn begin(url: &str, hold: &str, held: &str) -> Self {
        let child = Command::new("psql").args(["-qXAt", "-c", hold, url]).stdout(Stdio::null()).spawn().expect("psql");
        until("the lock is held", SOON, || {
            let told = Command::new("psql").args(["-qXAt", "-c", held, url]).output().expect("psql");
            told.stdout.starts_with(b"1")
        });
        Self(child)
    }

    /// Somebody who takes part as a projector does, so that none is alone and all work side by side.
    fn beside(url: &str) -> Self {
        let hold =
            "SELECT pg_advisory_lock_shared(61469, hashtext(current_schema())); SELECT 'held'; SELECT pg_sleep(120)";
        let held = "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database \
                    WHERE d.datname = current_database() AND classid = 61469 AND granted AND mode = 'ShareLock'";
        Self::begin(url, hold, held)
    }

    /// Whether it has let go.
    pub(crate) fn is_over(&mut self) -> bool {
        self.0.try_wait().expect("psql").is_some()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A party number whose events come into that partition.
fn number_in(partition: u32, from: u32) -> String {
    let number = |n: u32| format!("erp:H{n}");
    let is_there = |number: &String| partition_of(format!("party:{number}").as_bytes(), PARTITIONS) == partition;
    (from..).map(number).find(is_there).expect("a number")
}

#[test]
fn two_new_holders_of_one_phone_in_two_transactions_become_one_customer() {
    let test = "two_new_holders_of_one_phone_in_two_transactions_become_one_customer";
    let Some(mut told) = Told::begin(test) else { return };
    let _others = told.fleet.start("resolve,assemble");
    let (files, failpoint) = (["one", "two"].map(|name| told.fleet.trigger(name)), "project.before_commit");
    let projectors =
        [0, 1].map(|n| told.fleet.start_with("project", &format!("{failpoint}=stop@{}", files[n].display())));
    // Whose each partition is.
    let mut of: Vec<Option<usize>> = Vec::new();
    until("two share the partitions out", SOON, || {
        of.clear();
        let from = told.batches.len() as u32 * 1_000;
        for partition in 0..PARTITIONS {
            let before = projectors.each_ref().map(Process::handled);
            told.tell(vec![party(&number_in(partition, from), "李娜", &[])]);
            told.folded();
            let after = projectors.each_ref().map(Process::handled);
            of.push((0..2).find(|n| after[*n] > before[*n]));
        }
        of.contains(&Some(0)) && of.contains(&Some(1))
    });
    told.settle();
    let place = |n: usize| of.iter().position(|owner| *owner == Some(n)).expect("a partition of each") as u32;
    let [one, two] = [0, 1].map(|n| number_in(place(n), 900_000));

    let beside = Session::beside(told.fleet.database.url());
    files.iter().for_each(|file| std::fs::write(file, "").expect("a trigger"));
    let holder = |number: &str| party(number, "王伟", &[("phone", "13800138000", "CN")]);
    told.tell(vec![holder(&one), holder(&two)]);
    // Both have written who holds the phone, neither sees what the other wrote.
    projectors.iter().for_each(|projector| projector.stops(SOON));
    drop(beside);
    projectors[0].thaw();
    // The first is looked at while the second is still on its way.
    let reference = format!("/v1/customers/party:{one}");
    until("the first is resolved", SOON, || {
        told.serve.get(&reference).is_some_and(|(status, _)| status == 200)
            && Waiting::of(&told.serve).is_some_and(|waiting| waiting.inbox == 0.0)
    });
    projectors[1].thaw();
    told.settle();
    let [one, two] = [one, two].map(|number| told.customer(&format!("party:{number}")));
    assert_eq!(one["id"], two["id"]);
    told.is_as_one_directory();
}
