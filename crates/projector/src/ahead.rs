//! Rows asked for before they are needed: those that events name, then those that these lead to.
//!
//! This is speed alone. What is not foreseen is loaded when it is met.

use foldhash::{HashSet, HashSetExt};
use onefold_event::{Subject, SubjectKind};
use onefold_view::{documents_named, parties_named};

use crate::batch::Batch;
use crate::read::Taken;
use crate::table::Place;
use crate::transaction::{Broken, Coming, Wanted};

/// What is on its way: what the next portion's rows lead to, and what the events of the one after name. More would stand
/// before what is waited for.
pub(crate) struct Ahead<'a> {
    portions: &'a [&'a [Taken]],
    asked: HashSet<(bool, Subject)>,
    named: Option<Coming>,
    led_to: Option<Coming>,
}

impl<'a> Ahead<'a> {
    pub(crate) fn of(portions: &'a [&'a [Taken]]) -> Self {
        Self { portions, asked: HashSet::new(), named: None, led_to: None }
    }

    /// Takes in the rows that the events of the next portion name; asks for what these lead to, then for what the portion
    /// after it names.
    pub(crate) async fn ask(&mut self, batch: &mut Batch<'_>) -> Result<(), Broken> {
        let named = self.named.take().or_else(|| self.name(batch));
        if let Some(named) = named {
            let places = batch.arrive(named).await?;
            self.led_to = Some(batch.tx.ask(batch.leads_to(&places)));
            self.named = self.name(batch);
        }
        Ok(())
    }

    /// Takes in what the next portion's rows lead to.
    pub(crate) async fn take(&mut self, batch: &mut Batch<'_>) -> Result<(), Broken> {
        match self.led_to.take() {
            Some(led_to) => batch.arrive(led_to).await.map(drop),
            None => Ok(()),
        }
    }

    fn name(&mut self, batch: &Batch<'_>) -> Option<Coming> {
        let (portion, rest) = self.portions.split_first()?;
        self.portions = rest;
        Some(batch.tx.ask(named(portion, &mut self.asked)))
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
        want(false, &event.header.subject);
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
            wanted.owners.extend(row.state.owners_of(&row.subject));
            if row.subject.kind() != SubjectKind::Party {
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
