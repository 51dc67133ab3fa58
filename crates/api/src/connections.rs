//! All connections: how many there may be, and who gives way to whom.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::HttpOptions;
use crate::connection::{ConnectionPhase, OpenConnection};

/// Whoever reads a body says itself that it comes too slowly.
const SAYS_ITSELF: Duration = Duration::from_secs(1);

/// Whoever is waited for no longer than this is about to say something: it gives way last.
const AT_ONCE: Duration = Duration::from_millis(250);

/// The connections of a face.
#[derive(Debug)]
pub(crate) struct ConnectionTable {
    options: HttpOptions,
    open: Mutex<OpenConnections>,
}

#[derive(Debug, Default)]
struct OpenConnections {
    next: u64,
    all: HashMap<u64, Arc<OpenConnection>>,
}

/// A connection among the others, until it is dropped.
#[derive(Debug)]
pub(crate) struct AdmittedConnection {
    all: Arc<ConnectionTable>,
    number: u64,
    connection: Arc<OpenConnection>,
}

impl Deref for AdmittedConnection {
    type Target = Arc<OpenConnection>;

    fn deref(&self) -> &Arc<OpenConnection> {
        &self.connection
    }
}

impl Drop for AdmittedConnection {
    fn drop(&mut self) {
        self.all.lock_open().all.remove(&self.number);
    }
}

impl ConnectionTable {
    pub(crate) fn new(options: &HttpOptions) -> Arc<Self> {
        Arc::new(Self { options: options.clone(), open: Mutex::default() })
    }

    /// Lets a connection in. Where there are as many as there may be, the one that has kept the hub waiting the longest
    /// gives way, else the one that has waited for its turn the longest; where the hub works for all of them, it is a spare
    /// one. None where those are taken too.
    pub(crate) fn admit_connection(self: &Arc<Self>, address: IpAddr) -> Option<AdmittedConnection> {
        let mut open = self.lock_open();
        let usual = |one: &OpenConnection| !one.is_spare;
        let crowds =
            open.count_where(|one| usual(one) && one.address == address) >= self.options.connections_per_address;
        let is_full = crowds || open.count_where(usual) >= self.options.connections;
        let own = |one: &OpenConnection| usual(one) && (!crowds || one.address == address);
        let is_spare = is_full && !open.shed_one(&self.options, own);
        if is_spare
            && open.count_where(|one| one.is_spare) >= self.options.spare_connections
            && !open.shed_one(&self.options, |one| one.is_spare)
        {
            return None;
        }
        let connection = Arc::new(OpenConnection::new(address, is_spare));
        let number = open.next;
        open.next += 1;
        open.all.insert(number, Arc::clone(&connection));
        Some(AdmittedConnection { all: Arc::clone(self), number, connection })
    }

    /// Ends the connection that has kept the hub waiting the longest; answers whether there was one.
    pub(crate) fn shed_one(&self) -> bool {
        self.lock_open().shed_one(&self.options, |_| true)
    }

    /// Ends those that have kept the hub waiting for too long.
    pub(crate) fn sweep_late(&self) {
        let now = Instant::now();
        for one in self.lock_open().all.values() {
            let slack = if one.phase() == ConnectionPhase::Body { SAYS_ITSELF } else { Duration::ZERO };
            if one.deadline(&self.options).is_some_and(|deadline| deadline + slack < now) {
                one.end();
            }
        }
    }

    fn lock_open(&self) -> MutexGuard<'_, OpenConnections> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl OpenConnections {
    fn count_where(&self, of: impl Fn(&OpenConnection) -> bool) -> usize {
        self.all.values().filter(|one| !one.gives_way() && of(one)).count()
    }

    /// Of these, and of the address that has most of all, the one whose time is up first.
    fn shed_one(&self, options: &HttpOptions, of: impl Fn(&OpenConnection) -> bool) -> bool {
        let mut by_address: HashMap<IpAddr, usize> = HashMap::new();
        self.all
            .values()
            .filter(|one| !one.gives_way())
            .for_each(|one| *by_address.entry(one.address).or_default() += 1);
        let has_most = |one: &OpenConnection| by_address.get(&one.address).copied().unwrap_or(0);
        let own = || self.all.values().filter(|one| of(one));
        let waiting = |longer: Duration| {
            let waiting = own().filter(|one| one.age() >= longer);
            let waiting = waiting.filter_map(|one| Some((one, one.deadline(options)?)));
            waiting.max_by_key(|(one, deadline)| (has_most(one), Reverse(*deadline)))
        };
        if let Some((one, _)) = waiting(AT_ONCE) {
            return one.end();
        }
        let turns = own().filter_map(|one| Some((one, one.waits_since()?)));
        if let Some((one, _)) = turns.max_by_key(|(one, since)| (has_most(one), Reverse(*since))) {
            one.hurry();
            return true;
        }
        waiting(Duration::ZERO).is_some_and(|(one, _)| one.end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([127, 0, 0, last])
    }

    fn few(connections: usize, per_address: usize) -> Arc<ConnectionTable> {
        let options = HttpOptions { connections, connections_per_address: per_address, ..HttpOptions::default() };
        ConnectionTable::new(&HttpOptions { spare_connections: 1, ..options })
    }

    #[test]
    fn the_one_that_waits_the_longest_of_whoever_has_most_gives_way() {
        let all = few(3, 3);
        let other = all.admit_connection(address(2)).unwrap();
        let [first, second] = [(); 2].map(|()| all.admit_connection(address(1)).unwrap());
        let new = all.admit_connection(address(3)).unwrap();
        assert!(first.gives_way(), "of the two of one address the older");
        assert!(!other.gives_way() && !second.gives_way() && !new.gives_way() && !new.is_spare);
    }

    #[test]
    fn one_address_that_has_all_it_may_makes_way_for_itself() {
        let all = few(9, 2);
        let other = all.admit_connection(address(2)).unwrap();
        let [first, second, third] = [(); 3].map(|()| all.admit_connection(address(1)).unwrap());
        assert!(first.gives_way() && !second.gives_way() && !third.gives_way() && !other.gives_way());
    }

    #[test]
    fn nobody_gives_way_while_the_hub_works_for_all_and_one_more_is_spare() {
        let all = few(2, 2);
        let two = [(); 2].map(|()| all.admit_connection(address(1)).unwrap());
        two.iter().for_each(|one| one.begin_phase(ConnectionPhase::Work));
        let spare = all.admit_connection(address(1)).unwrap();
        assert!(spare.is_spare && two.iter().all(|one| !one.gives_way()));
        spare.begin_phase(ConnectionPhase::Work);
        assert!(all.admit_connection(address(1)).is_none(), "the one spare connection is taken");
        spare.begin_phase(ConnectionPhase::Idle);
        let next = all.admit_connection(address(1)).unwrap();
        assert!(next.is_spare && spare.gives_way(), "one that is done gives way to another of its kind");
        drop(two);
        assert!(!all.admit_connection(address(1)).unwrap().is_spare, "there is room again");
    }

    #[test]
    fn who_waits_for_a_turn_gives_way_where_nobody_keeps_the_hub_waiting() {
        let all = few(2, 2);
        let two = [(); 2].map(|()| all.admit_connection(address(1)).unwrap());
        two.iter().for_each(|one| one.begin_phase(ConnectionPhase::Turn));
        let new = all.admit_connection(address(1)).unwrap();
        assert!(two[0].is_hurried() && !two[1].is_hurried() && !new.is_spare, "it is still answered");
    }

    #[test]
    fn each_phase_has_a_time_of_its_own_and_work_has_none() {
        let options = HttpOptions {
            head_ms: 100_000,
            idle_ms: 300_000,
            body_ms: 200_000,
            bytes_per_second: 10,
            ..HttpOptions::default()
        };
        let one = OpenConnection::new(address(1), false);
        let left = || one.deadline(&options).map(|deadline| deadline.duration_since(Instant::now()).as_millis());
        let near = |least: u128, most: u128| left().is_some_and(|left| (least..=most).contains(&left));
        assert!(near(50_000, 100_000));
        one.begin_phase(ConnectionPhase::Work);
        assert_eq!(left(), None);
        one.begin_phase(ConnectionPhase::Body);
        one.note_received(1_000);
        assert!(near(250_000, 300_000), "a second for ten bytes");
        one.begin_phase(ConnectionPhase::Answer);
        one.note_flushed();
        assert_eq!(one.phase(), ConnectionPhase::Answer, "there is more to come");
        one.note_answered();
        one.note_flushed();
        assert_eq!(one.phase(), ConnectionPhase::Idle);
        one.note_received(1);
        assert_eq!(one.phase(), ConnectionPhase::Head);
    }
}
