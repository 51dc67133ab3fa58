//! Faults of a hub of many processes, on a real Kafka and a real PostgreSQL: its processes killed and frozen, its servers
//! killed, frozen and full, races forced one by one.
//!
//! Each test ends with the same: digests, ids, counts and money are those of one directory that was told the same, the log
//! folded again says so too, in quarantine is what belongs there, and where the hub publishes the last record of each
//! customer is its view.

mod borders;
mod company;
mod door;
mod faulty;
mod fleet;
#[path = "../../e2e/harness.rs"]
mod harness;
mod intake;
mod log;
mod process;
#[path = "../../e2e/published.rs"]
mod published;
mod races;
mod roles;
mod servers;
mod zombies;
