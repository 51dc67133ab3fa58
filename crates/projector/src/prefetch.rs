//! Rows asked for before they are needed: those that events name, then those that these lead to.
//!
//! This is speed alone. What is not foreseen is loaded when it is met.

use foldhash::{HashSet, HashSetExt};
use onefold_event::{Subject, SubjectKind};
use onefold_view::{documents_named, parties_named};

use crate::batch::ProjectBatch;
use crate::read::DecodedRecord;
use crate::table::TablePlace;
use crate::transaction::{PendingRows, TransactionLost, WantedRows};

/// What is on its way: what the next portion's rows lead to, and what the events of the one after name. More would stand
/// before what is waited for.
pub(crate) struct RowPrefetch<'a> {
    portions: &'a [&'a [DecodedRecord]],
    asked: HashSet<(bool, Subject)>,
    named: Option<PendingRows>,
    led_to: Option<PendingRows>,
}

impl<'a> RowPrefetch<'a> {
    pub(crate) fn of_portions(portions: &'a [&'a [DecodedRecord]]) -> Self {
        Self { portions, asked: HashSet::new(), named: None, led_to: None }
    }

    /// Takes in the rows that the events of the next portion name; asks for what these lead to, then for what the portion
    /// after it names.
    pub(crate) async fn request_next(&mut self, batch: &mut ProjectBatch<'_>) -> Result<(), TransactionLost> {
        let named = self.named.take().or_else(|| self.next_request(batch));
        if let Some(named) = named {
            let places = batch.take_arrived(named).await?;
            self.led_to = Some(batch.tx.request_rows(batch.leads_to(&places)));
            self.named = self.next_request(batch);
        }
        Ok(())
    }

    /// Takes in what the next portion's rows lead to.
    pub(crate) async fn take_arrived(&mut self, batch: &mut ProjectBatch<'_>) -> Result<(), TransactionLost> {
        match self.led_to.take() {
            Some(led_to) => batch.take_arrived(led_to).await.map(drop),
            None => Ok(()),
        }
    }

    fn next_request(&mut self, batch: &ProjectBatch<'_>) -> Option<PendingRows> {
        let (portion, rest) = self.portions.split_first()?;
        self.portions = rest;
        Some(batch.tx.request_rows(wanted_rows(portion, &mut self.asked)))
    }
}

/// What events name and was not asked for yet. A party is wanted as an owner; as a subject too where it is a guest.
fn wanted_rows(portion: &[DecodedRecord], asked: &mut HashSet<(bool, Subject)>) -> WantedRows {
    let mut wanted = WantedRows::default();
    let mut want = |as_owner: bool, subject: &Subject| {
        if asked.insert((as_owner, subject.clone())) {
            let list = if as_owner { &mut wanted.owners } else { &mut wanted.subjects };
            list.push(subject.to_string());
        }
    };
    for DecodedRecord { event, .. } in portion {
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

impl ProjectBatch<'_> {
    /// Owners and parents of rows that have come.
    fn leads_to(&self, places: &[TablePlace]) -> WantedRows {
        let mut wanted = WantedRows::default();
        for place in places {
            let row = &self.subjects[*place];
            wanted.owners.extend(row.state.owners_of(&row.subject));
            if row.subject.kind() != SubjectKind::Party {
                wanted.subjects.extend(row.state.parents().iter().map(Subject::to_string));
            }
        }
        wanted.owners.retain(|owner| self.owners.place_of(owner).is_none());
        wanted.subjects.retain(|subject| self.subjects.place_of(subject).is_none());
        for list in [&mut wanted.owners, &mut wanted.subjects] {
            list.sort_unstable();
            list.dedup();
        }
        wanted
    }
}
