//! A hub of many processes on a real Kafka and a real PostgreSQL, of which something is killed all the time while all that a
//! company does comes in: 1,000 kills over all roles and stages, where as many are asked for.
//!
//! In between and in the end: views equal to a rebuild, all that was acknowledged is in the log, every event counts once, and
//! what is published is what the views say. The last word is that of one directory that was told the same without a fault.
//!
//! 20 kills unless `ONEFOLD_SOAK_KILLS` says otherwise, within `ONEFOLD_SOAK_MINUTES` (10), from `ONEFOLD_SOAK_SEED` (1):
//! `ONEFOLD_SOAK_KILLS=1000 ONEFOLD_SOAK_MINUTES=60 cargo test -p onefold --test soak -- --nocapture`

#[path = "../faults/fleet/borders.rs"]
mod borders;
mod checks;
#[path = "../faults/fleet/fleet.rs"]
mod fleet;
#[path = "../e2e/harness.rs"]
mod harness;
mod kills;
mod load;
mod place;
#[path = "../faults/fleet/process.rs"]
mod process;
#[path = "../e2e/published.rs"]
mod published;
mod source;
mod tally;

use std::time::{Duration, Instant};

use onefold_testkit::{Kafka, Postgres, asked};

use crate::checks::Checks;
use crate::fleet::Fleet;
use crate::kills::Kills;
use crate::load::Load;
use crate::tally::Tally;

/// Kills between two looks at all that must hold.
const BETWEEN_CHECKS: u64 = 100;

#[test]
fn whatever_is_killed_under_load_loses_nothing_and_counts_nothing_twice() {
    let test = "whatever_is_killed_under_load_loses_nothing_and_counts_nothing_twice";
    let (Some(kafka), Some(postgres)) = (Kafka::own(test), Postgres::own(test)) else { return };
    let (wanted, seed) = (asked("ONEFOLD_SOAK_KILLS", 20), asked("ONEFOLD_SOAK_SEED", 1));
    let bound = Duration::from_secs(60 * asked("ONEFOLD_SOAK_MINUTES", 10));
    eprintln!("{wanted} kills within {bound:?}; seed {seed} (ONEFOLD_SOAK_SEED)");
    let fleet = Fleet::on(&kafka, postgres.database()).publishing();
    let connectors = load::topics(&fleet);
    let fleet = fleet.connecting(connectors);
    let load = Load::new(&fleet);
    let (mut tally, mut checks) = (Tally::new(wanted), Checks::new(&fleet));
    let began = Instant::now();
    std::thread::scope(|scope| {
        let _holder = load.holder();
        let mut kills = Kills::begin(&fleet, (&kafka, &postgres), &load, seed);
        load.begin(scope, seed);
        while tally.kills() < wanted && began.elapsed() < bound {
            let before = tally.kills();
            assert!(load.goes_on(), "the load has failed, and says above why");
            kills.round(&mut tally);
            if tally.kills() / BETWEEN_CHECKS > before / BETWEEN_CHECKS && tally.kills() < wanted {
                checks.look(&mut kills, &mut tally);
            }
            tally.progress(&load);
        }
        load.end();
        checks.look(&mut kills, &mut tally);
        checks.published(&kills);
        checks.is_as_one_directory(&kills, &mut tally);
        tally.print(&load, checks.copies());
    });
    assert!(tally.kills() >= wanted, "{} kills of {wanted} in {bound:?}", tally.kills());
}
