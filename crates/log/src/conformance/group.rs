//! Claims about sharing partitions out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{done, topic};
use crate::{GroupMembership, Log, LogError};

/// How long a group may take to agree.
const SOON: Duration = Duration::from_secs(60);

/// How long a group takes at most to give on what nobody holds any more.
const GIVEN: Duration = Duration::from_secs(4);

type Member = Box<dyn GroupMembership>;

pub(super) async fn a_lone_member_has_every_partition(log: Arc<dyn Log>, n: u32) {
    topic(&*log, "events", n).await;
    let member = done(log.join("events", "projector").await, "join");
    settled(&[&member], |members| members[0].mine() == all(n)).await;
    let began = Instant::now();
    assert!(done(member.changed(&[], SOON).await, "changed"), "what is not known yet is told at once");
    assert!(began.elapsed() < SOON);
    let short = Duration::from_millis(80);
    assert!(!done(member.changed(&all(n), short).await, "changed"), "nothing has changed");
    assert!(matches!(log.join("none", "projector").await.err(), Some(LogError::UnknownTopic(_))));
}

pub(super) async fn every_partition_is_some_members(log: Arc<dyn Log>, n: u32) {
    topic(&*log, "events", n).await;
    let one = done(log.join("events", "projector").await, "join");
    settled(&[&one], |members| members[0].mine() == all(n)).await;
    let other = done(log.join("events", "projector").await, "join");
    // Whoever shares them out leaves none out and is fair; whoever does not gives all to both.
    settled(&[&one, &other], |members| {
        let (one, other) = (members[0].mine(), members[1].mine());
        let mut held = [one.clone(), other.clone()].concat();
        held.sort_unstable();
        let shared = held == all(n) && one.len().abs_diff(other.len()) <= 1;
        shared || (one == all(n) && other == all(n))
    })
    .await;
    drop(one);
    settled(&[&other], |members| members[0].mine() == all(n)).await;
}

pub(super) async fn a_partition_moves_when_its_holder_has_been_told(log: Arc<dyn Log>, n: u32) {
    topic(&*log, "events", n).await;
    let one = done(log.join("events", "projector").await, "join");
    settled(&[&one], |members| members[0].mine() == all(n)).await;
    if n == 1 {
        // It stays where it is.
        return;
    }
    let other = done(log.join("events", "projector").await, "join");
    let began = Instant::now();
    while !done(one.changed(&all(n), Duration::from_millis(50)).await, "changed") {
        assert!(began.elapsed() < SOON, "the group does not agree");
        if !other.mine().is_empty() {
            assert_eq!(other.mine(), all(n), "given to another before its holder heard of it");
            // They are not shared out: both have all.
            return;
        }
    }
    assert!(!done(other.changed(&[], GIVEN).await, "changed"), "given away under its holder's hands");
    let kept = one.mine();
    settled(&[&other], |members| [members[0].mine(), kept.clone()].concat().len() == n as usize).await;
}

pub(super) async fn groups_do_not_share(log: Arc<dyn Log>, n: u32) {
    topic(&*log, "events", n).await;
    let one = done(log.join("events", "projector").await, "join");
    let other = done(log.join("events", "sealer").await, "join");
    settled(&[&one, &other], |members| members.iter().all(|member| member.mine() == all(n))).await;
}

fn all(n: u32) -> Vec<u32> {
    (0..n).collect()
}

async fn settled(members: &[&Member], agreed: impl Fn(&[&Member]) -> bool) {
    let began = Instant::now();
    while !agreed(members) {
        let told: Vec<_> = members.iter().map(|member| member.mine()).collect();
        assert!(began.elapsed() < SOON, "the group does not agree: {told:?}");
        let _ = done(members[0].changed(&told[0], Duration::from_millis(50)).await, "changed");
    }
}
