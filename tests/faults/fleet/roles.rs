//! Processes killed: at random while events come in, and at each border of what they commit.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::company::Company;
use crate::fleet::{Fleet, Waiting, until};
use crate::process::Process;

/// The roles that work, and on which sides of what they commit they can be killed.
const ROLES: [(&str, &[&str]); 3] = [
    ("project", &["project.before_begin", "project.before_commit", "project.after_commit"]),
    ("resolve", &["resolve.claimed", "resolve.before_commit", "resolve.after_commit"]),
    ("assemble", &["assemble.claimed", "assemble.read", "assemble.before_commit", "assemble.after_commit"]),
];
const ROUNDS: usize = 20;
/// Appends per kill.
const PER_ROUND: usize = 4;

/// SplitMix64: the same kills for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % limit.max(1) as u64).unwrap_or_default()
    }
}

/// Every other one that is started again carries a failpoint at which it will kill itself before long.
fn again(fleet: &Fleet, role: &'static str, dice: &mut Dice) -> Process {
    let borders = ROLES.iter().find(|(name, _)| *name == role).map_or(&[][..], |(_, borders)| borders);
    if dice.below(2) == 0 {
        return fleet.start(role);
    }
    let border = borders[dice.below(borders.len())];
    fleet.start_with(role, &format!("{border}={}*off->kill", dice.below(3)))
}

#[test]
fn twenty_kills_of_any_process_under_load_lose_nothing_and_count_nothing_twice() {
    let test = "twenty_kills_of_any_process_under_load_lose_nothing_and_count_nothing_twice";
    let Some(fleet) = Fleet::shared(test) else { return };
    let company = Company::get();
    let seed = std::env::var("ONEFOLD_KILL_SEED").map_or(1, |text| text.parse().expect("ONEFOLD_KILL_SEED: a number"));
    let mut dice = Dice(seed);
    let watch = fleet.start("serve");
    let mut all: Vec<Process> = ROLES.iter().flat_map(|(role, _)| [*role; 2]).map(|role| fleet.start(role)).collect();
    let (poured, rounds) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let mut landed: BTreeMap<&str, usize> = BTreeMap::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let size = company.records.len().div_ceil((ROUNDS + 1) * PER_ROUND);
            for (n, records) in company.records.chunks(size).enumerate() {
                // Events come all the time: never many more than the kills let through, never none while one goes on.
                while n > (rounds.load(Ordering::Acquire) + 2) * PER_ROUND {
                    std::thread::sleep(Duration::from_millis(10));
                }
                fleet.pour(records);
                poured.store(n + 1, Ordering::Release);
                std::thread::sleep(Duration::from_millis(60));
            }
        });
        for round in 0..ROUNDS {
            until("events come in", Duration::from_secs(60), || poured.load(Ordering::Acquire) > round * PER_ROUND);
            for process in &mut all {
                if process.ended_by().is_none() {
                    continue;
                }
                *landed.entry("at a border").or_default() += 1;
                *process = again(&fleet, process.role, &mut dice);
            }
            let victim = dice.below(all.len());
            let process = &mut all[victim];
            process.kill();
            *landed.entry(process.role).or_default() += 1;
            *process = again(&fleet, process.role, &mut dice);
            rounds.store(round + 1, Ordering::Release);
        }
    });
    // Those that have not come to their failpoint yet come to it now, or never.
    for process in &mut all {
        process.kill();
        *process = fleet.start(process.role);
    }
    fleet.settle(&watch);
    eprintln!("killed: {landed:?}");
    fleet.is_as(company);
}

#[test]
fn a_process_killed_on_any_side_of_its_commit_leaves_its_work_to_the_next() {
    let test = "a_process_killed_on_any_side_of_its_commit_leaves_its_work_to_the_next";
    let Some(fleet) = Fleet::shared(test) else { return };
    let company = Company::get();
    let borders: Vec<(&str, &str)> =
        ROLES.iter().flat_map(|(role, borders)| borders.iter().map(|border| (*role, *border))).collect();
    let mut chunks = company.records.chunks(company.records.len().div_ceil(borders.len()));
    let watch = fleet.start("serve");
    // The others are always there; of a role that is killed the next comes when all its borders are through.
    let mut others: Vec<Process> = Vec::new();
    for (role, borders) in ROLES {
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
