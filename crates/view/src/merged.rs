//! The bundles of one customer as one: a merge of customers adds bundles, not documents.

use std::collections::BTreeMap;

use onefold_event::SubjectKind;

use crate::Bundle;
use crate::bundle::{CONTACTS, LATEST, add_rating, least_time};
use crate::contribution::{BundleCounter, TimelineRow, add_counts, count_of};
use crate::finding::add_codes;
use crate::tally::PurchaseTallies;

/// Adds bundles. Of the ordered rows only what all together decide is kept; `None` for tallies that are too many.
pub(crate) fn merge_bundles<'a>(bundles: impl IntoIterator<Item = &'a Bundle>) -> (Bundle, Option<PurchaseTallies>) {
    let mut sum = Bundle::default();
    let mut tallies = Some(PurchaseTallies::default());
    let (mut latest, mut contacts) = (BTreeMap::new(), BTreeMap::new());
    for bundle in bundles {
        add_counts(&mut sum.counts, &bundle.counts, 1);
        sum.money.get_or_insert_default().add(&bundle.money_totals());
        sum.first_at = least_time(sum.first_at, bundle.first_at);
        sum.last_at = sum.last_at.max(bundle.last_at);
        bundle.promised.iter().for_each(|(day, n)| *sum.promised.entry(*day).or_default() += n);
        bundle.ratings.iter().for_each(|rating| add_rating(&mut sum.ratings, rating, 1));
        sum.cases.extend_from_slice(&bundle.cases);
        add_codes(&mut sum.findings, &bundle.findings, 1);
        sum.found.extend_from_slice(&bundle.found);
        bundle.latest.iter().for_each(|row| put_row(&mut latest, row));
        bundle.contacts.iter().for_each(|row| put_row(&mut contacts, row));
        // One bundle without tallies makes the sum a part of the truth, which would read as the whole.
        if bundle.has_many_lines() {
            tallies = None;
        }
        if let (Some(tallies), Some(more)) = (&mut tallies, &bundle.tallies) {
            tallies.add(more);
        }
    }
    sum.latest = newest_rows(latest, LATEST);
    sum.contacts = newest_rows(contacts, CONTACTS);
    sum.cases.sort_by(|a, b| (b.opened_at.at, &b.subject).cmp(&(a.opened_at.at, &a.subject)));
    sum.cases.truncate(crate::bundle::CASES);
    sum.found.sort_by(|a, b| (b.at, &b.subject).cmp(&(a.at, &a.subject)));
    sum.found.truncate(crate::bundle::FOUND);
    (sum, tallies)
}

/// A document that stands in several of the bundles stands once in the view. Of a payment each has its part.
fn put_row(rows: &mut BTreeMap<String, TimelineRow>, row: &TimelineRow) {
    let Some(known) = rows.get_mut(&row.subject) else {
        rows.insert(row.subject.clone(), row.clone());
        return;
    };
    let is_payment = row.subject.starts_with(SubjectKind::Payment.word());
    match (&known.amount, &row.amount) {
        (Some(known_amount), Some(amount)) if is_payment => known.amount = Some(known_amount.plus(amount)),
        (None, Some(amount)) => known.amount = Some(*amount),
        _ => {}
    }
    // It is a reference only if nowhere it stands as the owner's own.
    known.reference &= row.reference;
}

fn newest_rows(rows: BTreeMap<String, TimelineRow>, keep: usize) -> Vec<TimelineRow> {
    let mut rows: Vec<TimelineRow> = rows.into_values().collect();
    rows.sort_by(|a, b| (b.at(), &b.subject).cmp(&(a.at(), &a.subject)));
    rows.truncate(keep);
    rows
}

impl Bundle {
    pub(crate) fn count_of(&self, counter: BundleCounter) -> i64 {
        count_of(&self.counts, counter)
    }
}
