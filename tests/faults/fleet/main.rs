//! Faults of a hub of many processes, on a real Kafka and a real PostgreSQL: its processes killed and frozen, its servers
//! killed, frozen and full, races forced one by one.
//!
//! Each test ends with the same: digests, ids, counts and money are those of one directory that was told the same, the log
//! folded again says so too, and in quarantine is what belongs there.

mod company;
mod door;
mod faulty;
mod fleet;
#[path = "../../e2e/harness.rs"]
mod harness;
mod log;
mod process;
mod races;
mod roles;
mod servers;
mod zombies;
