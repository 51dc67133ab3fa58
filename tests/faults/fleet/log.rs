//! The log harmed behind the hub's back: bytes that are no event, partitions that nobody asked for.

use std::time::{Duration, Instant};

use onefold_log::{Log, Record, partition_of};
use onefold_testkit::Kafka;

use crate::company::Company;
use crate::fleet::{Fleet, PARTITIONS, until};

const SOON: Duration = Duration::from_secs(40);

/// The subject with most events, and how many.
fn hottest(company: &Company) -> (&Record, usize) {
    let count = |record: &Record| company.records.iter().filter(|other| other.key == record.key).count();
    let counted = company.records.iter().map(|record| (record, count(record)));
    counted.max_by_key(|(_, count)| *count).expect("events")
}

#[test]
fn a_poison_record_amid_a_hot_subject_is_named_and_stops_nobody() {
    let Some(fleet) = Fleet::shared("a_poison_record_amid_a_hot_subject_is_named_and_stops_nobody") else { return };
    let company = Company::get();
    let (record, count) = hottest(company);
    assert!(count > 3, "{count} events");
    let roles = fleet.start("project,resolve,assemble,serve");
    let of: Vec<usize> = (0..company.records.len()).filter(|n| company.records[*n].key == record.key).collect();
    let (before, after) = company.records.split_at(of[count / 2]);
    fleet.pour(before);
    fleet.settle(&roles);
    let partition = partition_of(&record.key, PARTITIONS);
    let poison = Record::new(record.key.clone(), vec![0xFF; 40], record.time);
    let offset = fleet.runtime.block_on(fleet.log.append("events", vec![(partition, poison)])).expect("an append")[0];
    fleet.pour(after);
    fleet.settle(&roles);
    let named = format!("partition={partition} offset={offset}");
    assert!(roles.said().contains("is no event") && roles.said().contains(&named), "{named}: {}", roles.said());
    assert_eq!(roles.health().0, 200);
    fleet.is_as_beside(company, 1);
}

#[test]
fn partitions_added_behind_the_hubs_back_are_said_and_lose_nothing() {
    let test = "partitions_added_behind_the_hubs_back_are_said_and_lose_nothing";
    let (Some(kafka), Some(fleet)) = (Kafka::shared(test), Fleet::shared(test)) else { return };
    let company = Company::get();
    let (watch, roles) = (fleet.start("serve"), fleet.start("project,resolve,assemble"));
    let (first, rest) = company.records.split_at(company.records.len() / 2);
    fleet.pour(first);
    kafka.add_partitions(&format!("{}events", fleet.prefix), PARTITIONS + 2);
    let added = Instant::now();
    fleet.pour(rest);
    // Looked at every ten seconds.
    until("it is said", SOON, || roles.said().contains("was made with 12 partitions and has 14"));
    assert!(added.elapsed() < SOON);
    let told = fleet.home.run(&["topics", "check"]).exits(1);
    told.tells(&["events", "it was made with 12 partitions and has 14"]);
    // Whoever comes later keeps to the twelve, too.
    let _late = fleet.start("project");
    fleet.settle(&watch);
    fleet.is_as(company);
}
