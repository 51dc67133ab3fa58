//! Who is killed next, how, and that there is a next one in the place.

use std::time::Duration;

use onefold_testkit::{Dice, Kafka, Own, Postgres};

use crate::fleet::Fleet;
use crate::load::Load;
use crate::place::Place;
use crate::tally::Tally;

/// Killed or armed at once, at most.
const AT_ONCE: u64 = 4;
/// Longest pause between two rounds, in milliseconds.
const PAUSE: u64 = 1_200;
const POSTGRES: Turn = Turn { name: "postgres", of: 40, at: 9 };
/// Less often, since it takes longer.
const KAFKA: Turn = Turn { name: "kafka", of: 100, at: 14 };
/// Frozen at a time, at most.
const FROZEN: usize = 2;

/// Roles in which one works at a time.
const ALONE: [&str; 2] = ["resolve", "publish"];
/// Where those end that come to no border.
pub(crate) const RANDOM: &str = "at random";

/// When a server beneath is killed: once in so many kills, and the first time after so many.
#[derive(Clone, Copy)]
pub(crate) struct Turn {
    pub(crate) name: &'static str,
    pub(crate) of: u64,
    pub(crate) at: u64,
}

/// What becomes of a victim.
enum Plan {
    Random,
    Border,
    Freeze,
    FreezeAtBorder,
}

/// The fleet and whoever kills it.
pub(crate) struct Kills<'a> {
    fleet: &'a Fleet,
    servers: (&'a Own<Kafka>, &'a Own<Postgres>),
    pub(crate) load: &'a Load<'a>,
    dice: Dice,
    places: Vec<Place>,
    /// Whose turn is still to come: all are shuffled whenever it is through, so that none is spared.
    deck: Vec<usize>,
}

impl<'a> Kills<'a> {
    pub(crate) fn begin(
        fleet: &'a Fleet,
        servers: (&'a Own<Kafka>, &'a Own<Postgres>),
        load: &'a Load<'a>,
        seed: u64,
    ) -> Self {
        let mut dice = Dice::new(seed);
        let places = Place::all(fleet, &mut dice);
        let kills = Self { fleet, servers, load, dice, places, deck: Vec::new() };
        kills.open();
        kills
    }

    /// Whom the load may post to.
    fn open(&self) {
        let serving = self.places.iter().filter(|place| place.role == "serve");
        self.load.doors(serving.map(|place| place.process.url.clone()).collect());
    }

    /// Somebody who answers.
    pub(crate) fn serving(&self) -> &Place {
        self.places.iter().find(|place| place.role == "serve").expect("a server")
    }

    /// Kills a few at once, or a server beneath, and starts anew whoever is dead by then.
    pub(crate) fn round(&mut self, tally: &mut Tally) {
        std::thread::sleep(Duration::from_millis(self.dice.below(PAUSE)));
        let (kafka, postgres) = self.servers;
        if tally.is_due(POSTGRES) {
            postgres.kill();
            std::thread::sleep(Duration::from_millis(self.dice.below(1_000)));
            postgres.start();
            return tally.killed(POSTGRES.name, RANDOM);
        }
        if tally.is_due(KAFKA) {
            kafka.kill();
            std::thread::sleep(Duration::from_millis(self.dice.below(1_000)));
            kafka.start();
            return tally.killed(KAFKA.name, RANDOM);
        }
        for at in 0..self.places.len() {
            self.places[at].thaw_in_time();
            // Others have its work, or there is none.
            if self.places[at].waits_in_vain() {
                self.kill(at, tally);
            }
        }
        for at in self.victims(AT_ONCE) {
            match self.plan(at) {
                Plan::Random => self.kill(at, tally),
                Plan::Border => self.arm(at),
                Plan::Freeze => {
                    self.places[at].freeze();
                    tally.froze(self.places[at].role, RANDOM);
                }
                Plan::FreezeAtBorder => self.places[at].arm_to_freeze(),
            }
        }
        self.start_again(tally);
    }

    /// Has a victim kill itself at a border; of roles in which one works at a time and the others stand by, whoever comes there.
    fn arm(&mut self, victim: usize) {
        let role = self.places[victim].role;
        let border = self.places[victim].border(&mut self.dice);
        for (at, place) in self.places.iter_mut().enumerate() {
            if at == victim || ALONE.contains(&role) && place.role == role {
                place.arm(border);
            }
        }
    }

    fn kill(&mut self, at: usize, tally: &mut Tally) {
        let place = &mut self.places[at];
        tally.memory(place.role, place.process.memory());
        if !place.is_dead() {
            place.process.kill();
            place.killed = Some(RANDOM);
        }
    }

    /// Those whose turn it is, each once.
    fn victims(&mut self, most: u64) -> Vec<usize> {
        let count = 1 + self.dice.below(most);
        let mut victims = Vec::new();
        for _ in 0..2 * self.places.len() {
            if victims.len() as u64 == count {
                break;
            }
            if self.deck.is_empty() {
                self.deck.extend(0..self.places.len());
            }
            let at = self.deck.swap_remove(self.dice.place(self.deck.len()));
            if victims.contains(&at) || self.places[at].is_armed() || self.places[at].is_away() {
                continue;
            }
            victims.push(at);
        }
        victims
    }

    fn plan(&mut self, at: usize) -> Plan {
        let role = self.places[at].role;
        let frozen: Vec<&Place> = self.places.iter().filter(|place| place.is_frozen()).collect();
        let may_freeze = frozen.len() < FROZEN && frozen.iter().all(|place| place.role != role);
        match self.dice.below(12) {
            0 if may_freeze => Plan::Freeze,
            1 if may_freeze => Plan::FreezeAtBorder,
            0..6 => Plan::Random,
            _ => Plan::Border,
        }
    }

    /// All that are dead, side by side.
    fn start_again(&mut self, tally: &mut Tally) {
        let fleet = self.fleet;
        let mut dead: Vec<(&mut Place, u64)> = Vec::new();
        for place in &mut self.places {
            if !place.is_frozen() && place.freezes() {
                tally.froze(place.role, "at a border");
            }
            if place.is_dead() {
                let how = match place.killed {
                    Some(how) => how,
                    None => place.border_reached(),
                };
                tally.killed(place.role, how);
                dead.push((place, self.dice.below(u64::MAX)));
            }
        }
        tally.restarted(dead.len());
        std::thread::scope(|scope| {
            for (place, lot) in dead {
                scope.spawn(move || *place = Place::start(fleet, place.role, lot));
            }
        });
        self.open();
    }

    /// Everybody there, nobody frozen and nobody armed.
    pub(crate) fn rest(&mut self, tally: &mut Tally) {
        for place in &mut self.places {
            place.freezes();
            place.thaw();
        }
        // Who has come to a border by now is about to die.
        std::thread::sleep(Duration::from_millis(300));
        self.start_again(tally);
        for place in &self.places {
            tally.memory(place.role, place.process.memory());
        }
    }
}
