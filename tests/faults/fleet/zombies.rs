//! Processes frozen past all their timeouts, and thawed: what a zombie still wants to write is fenced off.

use std::time::{Duration, Instant};

use crate::company::Company;
use crate::fleet::{Fleet, until};

/// Past the session of a consumer group (6 s), a resolver's lease (5 s), and the time for which a transaction may idle (6 s).
const PAST_ALL: Duration = Duration::from_secs(10);
/// Within so much another takes over.
const TAKEN_OVER: Duration = Duration::from_secs(10);
const SOON: Duration = Duration::from_secs(40);

#[test]
fn a_standby_takes_over_within_ten_seconds_from_a_resolver_that_is_killed_and_from_one_that_is_frozen() {
    let test = "a_standby_takes_over_within_ten_seconds_from_a_resolver_that_is_killed_and_from_one_that_is_frozen";
    let Some(fleet) = Fleet::shared(test) else { return };
    let company = Company::get();
    let (watch, _others) = (fleet.start("serve"), [fleet.start("project"), fleet.start("assemble")]);
    let mut quarters = company.records.chunks(company.records.len().div_ceil(4));
    let mut pour = || fleet.pour(quarters.next().expect("four quarters"));

    // Killed.
    let mut active = fleet.start("resolve");
    pour();
    fleet.settle(&watch);
    assert!(active.handled() > 0);
    let trigger = fleet.trigger("freeze");
    let standby = fleet.start_with("resolve", &format!("resolve.before_commit=stop@{}", trigger.display()));
    active.kill();
    let killed = Instant::now();
    pour();
    until("the standby resolves", SOON, || standby.handled() > 0);
    assert!(killed.elapsed() < TAKEN_OVER, "{:?}", killed.elapsed());
    eprintln!("taken over from a killed resolver after {:?}", killed.elapsed());
    fleet.settle(&watch);

    // Frozen within its transaction, with the lease in its hand.
    let third = fleet.start("resolve");
    std::fs::write(&trigger, "").expect("a trigger");
    pour();
    standby.stops(SOON);
    let frozen = Instant::now();
    until("the third resolves", SOON, || third.handled() > 0);
    assert!(frozen.elapsed() < TAKEN_OVER, "{:?}", frozen.elapsed());
    eprintln!("taken over from a frozen resolver after {:?}", frozen.elapsed());
    fleet.settle(&watch);
    std::thread::sleep(PAST_ALL.saturating_sub(frozen.elapsed()));
    standby.thaw();
    until("it hears that its transaction is over", SOON, || standby.said().contains("a step failed"));

    // It stands by now, like any other.
    pour();
    fleet.settle(&watch);
    fleet.is_as(company);
}

#[test]
fn projectors_and_an_assembler_that_wake_after_their_sessions_ended_write_nothing() {
    let test = "projectors_and_an_assembler_that_wake_after_their_sessions_ended_write_nothing";
    let Some(fleet) = Fleet::shared(test) else { return };
    let company = Company::get();
    let (first, rest) = company.records.split_at(company.records.len() / 3);
    let (second, third) = rest.split_at(rest.len() / 2);
    let (watch, _resolver) = (fleet.start("serve"), fleet.start("resolve"));

    // One has read a batch and not begun to write it, one is about to commit; nobody else is there yet.
    let unbegun = fleet.start_with("project", "project.before_begin=stop");
    fleet.pour(first);
    unbegun.stops(SOON);
    let uncommitted = fleet.start_with("project", "project.before_commit=stop");
    uncommitted.stops(SOON);
    let assembler = fleet.start_with("assemble", "assemble.before_commit=stop");
    let _project = fleet.start("project");
    fleet.pour(second);
    assembler.stops(SOON);
    let frozen = Instant::now();
    let _assemble = fleet.start("assemble");
    fleet.settle(&watch);
    std::thread::sleep(PAST_ALL.saturating_sub(frozen.elapsed()));

    let zombies = [&unbegun, &uncommitted, &assembler];
    zombies.iter().for_each(|zombie| zombie.thaw());
    for zombie in zombies {
        until("it is fenced off", SOON, || zombie.said().contains("a step failed"));
    }
    assert!(unbegun.said().contains("fenced=true"), "{}", unbegun.said());
    // They work on, like any other.
    fleet.pour(third);
    fleet.settle(&watch);
    fleet.is_as(company);
}
