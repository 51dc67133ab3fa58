//! Rows asked for before they are needed: those that events name, then those that these lead to.
//!
//! This is speed alone. What is not foreseen is loaded when it is met.

use std::collections::VecDeque;

use foldhash::{HashSet, HashSetExt};
use onefold_event::{Kind, Subject};
use onefold_view::{documents_named, parties_named};

use crate::batch::Batch;
use crate::read::Taken;
use crate::table::Place;
use crate::transaction::{Broken, Coming, Wanted};

/// What is on its way, by portion.
#[derive(Default)]
pub(crate) struct Ahead {
    named: VecDeque<Coming>,
    led_to: VecDeque<Coming>,
}

impl Ahead {
    /// Asks for what the events of all portions name.
    pub(crate) fn of(batch: &Batch<'_>, portions: &[&[Taken]]) -> Self {
        let mut asked = HashSet::new();
        let named = portions.iter().map(|portion| batch.tx.ask(named(portion, &mut asked))).collect();
        Self { named, led_to: VecDeque::new() }
    }

    /// Takes in the rows of the next portion, and asks on for the one after it.
    pub(crate) async fn next(&mut self, batch: &mut Batch<'_>) -> Result<(), Broken> {
        while self.led_to.len() < 2 {
            let Some(coming) = self.named.pop_front() else { break };
            let places = batch.arrive(coming).await?;
            self.led_to.push_back(batch.tx.ask(batch.leads_to(&places)));
        }
        if let Some(coming) = self.led_to.pop_front() {
            batch.arrive(coming).await?;
        }
        Ok(())
    }
}

/// What events name and was not asked for yet. A party is wanted as an owner; as a subject too where it is a guest.
fn named(portion: &[Taken], asked: &mut HashSet<(bool, Subject)>) -> Wanted {
    let mut wanted = Wanted::default();
    let mut want = |as_owner: bool, subject: &Subject| {
        if asked.insert((as_owner, subject.clone())) {
            let list = if as_owner { &mut wanted.owners } else { &mut wanted.subjects };
            list.push(subject.to_string());
        }
    };
    for Taken { event, .. } in portion {
        want(false, &event.subject);
        documents_named(event, &mut |document| want(false, document));
        parties_named(event, &mut |party, guest| {
            want(true, party);
            if guest.is_some() {
                want(false, party);
            }
        });
    }
    wanted
}

impl Batch<'_> {
    /// Owners and parents of rows that have come.
    fn leads_to(&self, places: &[Place]) -> Wanted {
        let mut wanted = Wanted::default();
        for place in places {
            let row = &self.subjects[*place];
            wanted.owners.extend(row.state.owners(&row.subject));
            if row.subject.kind() != Kind::Party {
                wanted.subjects.extend(row.state.parents().iter().map(Subject::to_string));
            }
        }
        wanted.owners.retain(|owner| self.owners.place(owner).is_none());
        wanted.subjects.retain(|subject| self.subjects.place(subject).is_none());
        for list in [&mut wanted.owners, &mut wanted.subjects] {
            list.sort_unstable();
            list.dedup();
        }
        wanted
    }
}
