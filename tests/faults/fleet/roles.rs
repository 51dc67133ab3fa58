//! Processes killed: at random while events come in, and at each border of what they commit.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use onefold_testkit::Dice;

use crate::borders::{BESIDE, STAGES};
use crate::company::Company;
use crate::fleet::{Fleet, Waiting, until};
use crate::intake::Intake;
use crate::process::Process;
use crate::races::Session;

const ROUNDS: usize = 20;
/// Appends per kill.
const PER_ROUND: usize = 4;

/// Lets the events that are still to come go on once there are no more rounds, also where one failed.
struct Ended<'a>(&'a AtomicUsize);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.store(ROUNDS, Ordering::Release);
    }
}

/// Every other one that is started again carries a failpoint at which it will kill itself before long.
fn again(fleet: &Fleet, role: &'static str, dice: &mut Dice) -> Process {
    let borders = STAGES.iter().chain(&BESIDE).find(|(name, _)| *name == role).map_or(&[][..], |(_, borders)| borders);
    if dice.below(2) == 0 {
        return fleet.start(role);
    }
    let border = borders[dice.place(borders.len())];
    fleet.start_with(role, &format!("{border}={}*off->kill", dice.below(3)))
}

/// Whose turn it is to be killed: all in a deck that is shuffled whenever it is through, so that none is spared.
fn victim(deck: &mut Vec<usize>, of: usize, dice: &mut Dice) -> usize {
    if deck.is_empty() {
        deck.extend(0..of);
    }
    deck.swap_remove(dice.place(deck.len()))
}

#[test]
fn twenty_kills_of_any_process_under_load_lose_nothing_and_count_nothing_twice() {
    let test = "twenty_kills_of_any_process_under_load_lose_nothing_and_count_nothing_twice";
    let Some(fleet) = Fleet::shared(test) else { return };
    let company = Company::get();
    let intake = Intake::of(company);
    let connectors = intake.begin(&fleet.home, &fleet.log, &fleet.runtime);
    let fleet = fleet.publishing().connecting(connectors);
    let seed = std::env::var("ONEFOLD_KILL_SEED").map_or(1, |text| text.parse().expect("ONEFOLD_KILL_SEED: a number"));
    let mut dice = Dice::new(seed);
    let watch = fleet.start("serve");
    // Two of each role, and each will kill itself at a border before long.
    let roles = STAGES.iter().chain(&BESIDE).flat_map(|(role, borders)| borders.iter().take(2).map(|at| (*role, *at)));
    let mut all: Vec<Process> = roles.map(|(role, at)| fleet.start_with(role, &format!("{at}=1*off->kill"))).collect();
    let (poured, rounds) = (AtomicUsize::new(0), AtomicUsize::new(0));
    // A part is kept back for those who came to no border meanwhile.
    let (messages, messages_kept) = intake.messages.split_at(intake.messages.len() * 4 / 5);
    let (records, records_kept) = intake.rest.split_at(intake.rest.len() * 4 / 5);
    let (mut landed, mut deck): (BTreeMap<(&str, &str), usize>, _) = (BTreeMap::new(), Vec::new());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let share = |all: usize| all.div_ceil((ROUNDS + 1) * PER_ROUND);
            let mut messages = messages.chunks(share(messages.len()));
            for (n, records) in records.chunks(share(records.len())).enumerate() {
                // Events come all the time: never many more than the kills let through, never none while one goes on.
                while n > (rounds.load(Ordering::Acquire) + 2) * PER_ROUND {
                    std::thread::sleep(Duration::from_millis(10));
                }
                fleet.runtime.block_on(Intake::send(&fleet.log, messages.next().unwrap_or_default()));
                fleet.pour(records);
                poured.store(n + 1, Ordering::Release);
                std::thread::sleep(Duration::from_millis(60));
            }
            messages.for_each(|rest| fleet.runtime.block_on(Intake::send(&fleet.log, rest)));
        });
        let _end = Ended(&rounds);
        for round in 0..ROUNDS {
            until("events come in", Duration::from_secs(60), || poured.load(Ordering::Acquire) > round * PER_ROUND);
            for process in &mut all {
                if !process.is_killed() {
                    continue;
                }
                *landed.entry((process.role, "at a border")).or_default() += 1;
                *process = again(&fleet, process.role, &mut dice);
            }
            let process = &mut all[victim(&mut deck, 2 * (STAGES.len() + BESIDE.len()), &mut dice)];
            process.kill();
            *landed.entry((process.role, "at random")).or_default() += 1;
            *process = again(&fleet, process.role, &mut dice);
            rounds.store(round + 1, Ordering::Release);
        }
    });
    for process in &mut all {
        process.kill();
        *process = fleet.start(process.role);
    }
    // On a slow machine a role may have had too little to do: now it has, and ends at the first border that it comes to.
    let roles = STAGES.len() + BESIDE.len();
    let (mut messages, mut records) = (
        messages_kept.chunks(messages_kept.len().div_ceil(roles)),
        records_kept.chunks(records_kept.len().div_ceil(roles)),
    );
    for (role, borders) in STAGES.iter().chain(&BESIDE) {
        let mut pour = || {
            fleet.runtime.block_on(Intake::send(&fleet.log, messages.next().unwrap_or_default()));
            fleet.pour(records.next().unwrap_or_default());
        };
        if landed.contains_key(&(*role, "at a border")) {
            pour();
            continue;
        }
        let mut own: Vec<&mut Process> = all.iter_mut().filter(|process| process.role == *role).collect();
        for process in &mut own {
            process.kill();
            **process = fleet.start_with(role, &format!("{}=kill", borders[0]));
        }
        pour();
        until("one ends at its border", Duration::from_secs(60), || own.iter_mut().any(|p| p.is_killed()));
        landed.insert((*role, "at a border"), 1);
        for process in own {
            process.kill();
            *process = fleet.start(role);
        }
    }
    assert!(messages.next().is_none() && records.next().is_none(), "all is sent");
    fleet.runtime.block_on(intake.drained(&fleet.log, &fleet.database));
    fleet.settle(&watch);
    eprintln!("killed: {landed:?}");
    for (role, _) in STAGES.iter().chain(&BESIDE) {
        assert!(landed.contains_key(&(*role, "at a border")) && landed.contains_key(&(*role, "at random")), "{role}");
    }
    fleet.is_as_with(company, &intake);
}

#[test]
fn a_process_killed_on_any_side_of_its_commit_leaves_its_work_to_the_next() {
    let test = "a_process_killed_on_any_side_of_its_commit_leaves_its_work_to_the_next";
    let Some(fleet) = Fleet::shared(test) else { return };
    let company = Company::get();
    let borders: Vec<(&str, &str)> =
        STAGES.iter().flat_map(|(role, borders)| borders.iter().map(|border| (*role, *border))).collect();
    let mut chunks = company.records.chunks(company.records.len().div_ceil(borders.len()));
    let watch = fleet.start("serve");
    // The others are always there; of a role that is killed the next comes when all its borders are through.
    let mut others: Vec<Process> = Vec::new();
    for (role, borders) in STAGES {
        for border in borders {
            let mut process = fleet.start_with(role, &format!("{border}=kill"));
            fleet.pour(chunks.next().expect("events for each border"));
            // A projector has its partitions once the group knows that the last one is dead.
            process.dies(Duration::from_secs(40));
        }
        others.push(fleet.start(role));
    }
    assert!(chunks.next().is_none());
    fleet.settle(&watch);
    fleet.is_as(company);
}

#[test]
fn of_two_projectors_one_is_killed_and_the_others_fold_the_rest() {
    let Some(fleet) = Fleet::shared("of_two_projectors_one_is_killed_and_the_others_fold_the_rest") else { return };
    let company = Company::get();
    let (watch, _others) = (fleet.start("serve"), [fleet.start("resolve"), fleet.start("assemble")]);
    let (mut first, second) = (fleet.start("project"), fleet.start("project"));
    let mut chunks = company.records.chunks(company.records.len().div_ceil(200));
    // Until both have their share.
    until("two share the partitions out", Duration::from_secs(40), || {
        chunks.next().iter().for_each(|records| fleet.pour(records));
        first.handled() > 0 && second.handled() > 0
    });
    first.kill();
    let _third = fleet.start("project");
    for records in chunks {
        fleet.pour(records);
    }
    fleet.settle(&watch);
    let waiting = Waiting::of(&watch).expect("figures");
    assert_eq!(waiting.lag, 0.0);
    fleet.is_as(company);
}

/// Whether a process has the turn to publish.
fn has_turn(process: &Process) -> bool {
    process.get("/metrics").is_some_and(|(_, text)| text.lines().any(|line| line == "onefold_publisher_active 1"))
}

#[test]
fn a_batch_that_takes_longer_than_a_turn_lasts_is_not_taken_over_by_a_standby() {
    let test = "a_batch_that_takes_longer_than_a_turn_lasts_is_not_taken_over_by_a_standby";
    let Some(fleet) = Fleet::shared(test) else { return };
    let (fleet, company) = (fleet.publishing(), Company::get());
    let (watch, _others) = (fleet.start("serve"), fleet.start("project,resolve,assemble"));
    fleet.pour(&company.records);
    until("all is folded", Duration::from_secs(90), || {
        Waiting::of(&watch).is_some_and(|waiting| waiting.lag + waiting.inbox + waiting.marks == 0.0)
    });
    // Who reads customers waits, three times as long as a turn lasts.
    let hold = "BEGIN; LOCK TABLE member IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(15)";
    let held = "SELECT count(*) FROM pg_locks WHERE relation = 'member'::regclass AND granted \
                AND mode = 'AccessExclusiveLock'";
    let mut slow = Session::begin(fleet.database.url(), hold, held);
    let active = fleet.start("publish");
    until("it has the turn", Duration::from_secs(10), || has_turn(&active));
    let standby = fleet.start("publish");
    let mut looked = 0;
    while !slow.is_over() {
        assert!(!has_turn(&standby), "the turn was taken from a publisher that is at work");
        looked += 1;
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(looked > 20, "the standby was there for {looked} looks alone");
    fleet.settle(&watch);
    assert!(has_turn(&active) && !active.said().contains("a step failed"), "{}", active.said());
    fleet.is_as(company);
}
