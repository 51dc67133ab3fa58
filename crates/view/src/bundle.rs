//! All contributions of one owner key: one small row, whatever the number of documents.

use std::collections::BTreeMap;
use std::ops::BitOrAssign;

use prost::Message;
use sha2::{Digest as _, Sha256};

use crate::EventTime;
use crate::contribution::{
    BundleCounter, Contribution, OpenCase, OpenItem, RatingSum, TimelineRow, add_counts, count_of,
};
use crate::digest::{Digest, DigestSum};
use crate::finding::{FindingList, add_codes};
use crate::money_totals::MoneyTotals;
use crate::profile::PartyProfile;
use crate::tally::PurchaseTallies;
use crate::top::{self, DatedRow};

/// Documents of the timeline that a bundle holds.
pub(crate) const LATEST: usize = 8;
/// Open cases that a bundle holds.
pub(crate) const CASES: usize = 16;
/// Contacts that a bundle holds.
pub(crate) const CONTACTS: usize = 4;
/// Documents with findings that a bundle holds.
pub(crate) const FOUND: usize = 4;
/// Products, and categories, times documents up to which a bundle holds their tallies. The bound is on what was added,
/// not on what is distinct, so that whether a bundle holds them does not depend on the order of adding.
pub(crate) const TALLIED: i64 = 64;

/// Which ordered rows a bundle cannot know after a change. The caller then gives all contributions of the owner to
/// [`Bundle::refill_from`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BundleRefill {
    /// The first or last purchase.
    pub dates: bool,
    /// The latest documents.
    pub latest: bool,
    /// The newest open cases.
    pub cases: bool,
    /// The latest contacts.
    pub contacts: bool,
    /// The tallies of products and categories, now that they are few again.
    pub tallies: bool,
    /// The latest findings.
    pub findings: bool,
}

impl BundleRefill {
    /// Whether anything is missing.
    pub fn is_needed(self) -> bool {
        self != Self::default()
    }
}

impl BitOrAssign for BundleRefill {
    fn bitor_assign(&mut self, other: Self) {
        self.dates |= other.dates;
        self.latest |= other.latest;
        self.cases |= other.cases;
        self.contacts |= other.contacts;
        self.tallies |= other.tallies;
        self.findings |= other.findings;
    }
}

/// All contributions of one owner key. Equal contents are equal bytes, in whatever order they were added.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Bundle {
    #[prost(sint64, repeated, tag = "1")]
    pub(crate) counts: Vec<i64>,
    #[prost(message, optional, tag = "2")]
    pub(crate) money: Option<MoneyTotals>,
    /// The latest documents, newest first.
    #[prost(message, repeated, tag = "5")]
    pub(crate) latest: Vec<TimelineRow>,
    /// Tallies, while they are few.
    #[prost(message, optional, tag = "6")]
    pub(crate) tallies: Option<PurchaseTallies>,
    /// Shipments under way by the day promised for them.
    #[prost(btree_map = "sint64, sint64", tag = "7")]
    pub(crate) promised: BTreeMap<i64, i64>,
    /// The newest open cases, newest first.
    #[prost(message, repeated, tag = "8")]
    pub(crate) cases: Vec<OpenCase>,
    /// The latest contacts, newest first.
    #[prost(message, repeated, tag = "9")]
    pub(crate) contacts: Vec<TimelineRow>,
    /// Ratings by their best possible score.
    #[prost(message, repeated, tag = "10")]
    pub(crate) ratings: Vec<RatingSum>,
    #[prost(message, optional, boxed, tag = "11")]
    pub(crate) profile: Option<Box<PartyProfile>>,
    /// Sum of the digests of the open items, which stand in an index of their own.
    #[prost(bytes = "vec", tag = "12")]
    pub(crate) open: Vec<u8>,
    /// Findings by code.
    #[prost(btree_map = "uint32, sint64", tag = "13")]
    pub(crate) findings: BTreeMap<u32, i64>,
    /// The latest documents with findings, newest first.
    #[prost(message, repeated, tag = "14")]
    pub(crate) found: Vec<FindingList>,
    /// The first order or invoice.
    #[prost(message, optional, tag = "15")]
    pub(crate) first_at: Option<EventTime>,
    /// The last order or invoice.
    #[prost(message, optional, tag = "16")]
    pub(crate) last_at: Option<EventTime>,
}

/// The first fields of a [`Bundle`].
#[derive(Clone, PartialEq, prost::Message)]
struct BundleSums {
    #[prost(sint64, repeated, tag = "1")]
    counts: Vec<i64>,
    #[prost(message, optional, tag = "2")]
    money: Option<MoneyTotals>,
}

impl Bundle {
    /// Adds a contribution of a document that is not in it.
    pub fn add(&mut self, contribution: &Contribution) {
        self.replace(None, Some(contribution));
    }

    /// Takes away a contribution that is in it.
    pub fn subtract(&mut self, contribution: &Contribution) -> BundleRefill {
        self.replace(Some(contribution), None)
    }

    /// Puts a subject's new contribution in the place of its old one: the same as taking away and adding, but what is
    /// ordered stays known where the new row takes the old one's place.
    pub fn replace(&mut self, old: Option<&Contribution>, new: Option<&Contribution>) -> BundleRefill {
        if old == new {
            return BundleRefill::default();
        }
        // Counted before anything is summed: whether a list held all rows, and so stays exact, depends on how many
        // there were.
        let before = |counter| count_of(&self.counts, counter);
        let totals = (before(BundleCounter::Rows), before(BundleCounter::CasesOpen), before(BundleCounter::Contacts));
        let (dated, lines) = (before(BundleCounter::Dated), self.line_count());
        let found = before(BundleCounter::DocumentsWithFindings);
        for (contribution, sign) in [(old, -1), (new, 1)] {
            let Some(contribution) = contribution else { continue };
            self.add_signed(contribution, sign);
        }
        BundleRefill {
            dates: self.update_dates(dated, old.and_then(|c| c.dated), new.and_then(|c| c.dated)),
            latest: change_top(&mut self.latest, LATEST, totals.0, old, new, |c| c.row.as_ref()),
            cases: change_top(&mut self.cases, CASES, totals.1, old, new, |c| c.case.as_deref()),
            contacts: change_top(&mut self.contacts, CONTACTS, totals.2, old, new, |c| c.contact.as_deref()),
            tallies: self.update_tallies(lines, old, new),
            findings: change_top(&mut self.found, FOUND, found, old, new, |c| c.findings.as_deref()),
        }
    }

    /// Fills in what is ordered from all contributions of the owner, whatever the bundle held of it. What is summed stays.
    pub fn refill_from<'a>(&mut self, contributions: impl IntoIterator<Item = &'a Contribution>) {
        // Judged by the counters, which are right already: tallies beyond the bound are not kept, so they are not
        // added up either.
        let few = self.line_count() <= TALLIED;
        let mut fresh = Bundle::default();
        let mut tallies = PurchaseTallies::default();
        for contribution in contributions {
            fresh.first_at = least_time(fresh.first_at, contribution.dated);
            fresh.last_at = fresh.last_at.max(contribution.dated);
            contribution.row.iter().for_each(|row| top::insert_top(&mut fresh.latest, LATEST, row));
            contribution.contact.iter().for_each(|row| top::insert_top(&mut fresh.contacts, CONTACTS, row));
            contribution.case.iter().for_each(|case| top::insert_top(&mut fresh.cases, CASES, case));
            contribution.findings.iter().for_each(|found| top::insert_top(&mut fresh.found, FOUND, found));
            contribution.tallies.iter().filter(|_| few).for_each(|t| tallies.add(t));
        }
        (self.first_at, self.last_at) = (fresh.first_at, fresh.last_at);
        (self.latest, self.cases, self.contacts) = (fresh.latest, fresh.cases, fresh.contacts);
        self.found = fresh.found;
        self.tallies = (!tallies.is_empty()).then_some(tallies);
    }

    /// Whether nothing is in it: such a bundle is not stored.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Documents that count here.
    pub fn document_count(&self) -> i64 {
        count_of(&self.counts, BundleCounter::Documents)
    }

    /// Its money in both facets.
    pub fn money_totals(&self) -> MoneyTotals {
        self.money.clone().unwrap_or_default()
    }

    /// Documents and money of a bundle's bytes, read without the rest.
    ///
    /// # Errors
    /// They are no bundle's.
    pub fn decode_sums(bytes: &[u8]) -> Result<(i64, MoneyTotals), prost::DecodeError> {
        let sums = BundleSums::decode(bytes)?;
        Ok((count_of(&sums.counts, BundleCounter::Documents), sums.money.unwrap_or_default()))
    }

    /// Whether the tallies are more than the bundle holds; [`PurchaseTallies`] of the documents then answer for them.
    pub fn has_many_lines(&self) -> bool {
        self.line_count() > TALLIED
    }

    fn line_count(&self) -> i64 {
        count_of(&self.counts, BundleCounter::ProductLines).max(count_of(&self.counts, BundleCounter::CategoryLines))
    }

    fn add_signed(&mut self, contribution: &Contribution, sign: i64) {
        add_counts(&mut self.counts, &contribution.counts, sign);
        if let Some(money) = &contribution.money {
            let sums = self.money.get_or_insert_default();
            if sign < 0 {
                sums.subtract(money)
            } else {
                sums.add(money)
            }
            self.money.take_if(|sums| sums.is_empty());
        }
        if let Some(item) = &contribution.open {
            self.open_item(item, sign);
        }
        if let Some(day) = contribution.promised {
            let n = self.promised.entry(day).or_default();
            *n = n.wrapping_add(sign);
            if *n == 0 {
                self.promised.remove(&day);
            }
        }
        if let Some(rating) = &contribution.rating {
            add_rating(&mut self.ratings, rating, sign);
        }
        if let Some(findings) = &contribution.findings {
            add_codes(&mut self.findings, &findings.counts, sign);
        }
        if let Some(profile) = &contribution.profile {
            // One party has one profile: its own.
            self.profile = (sign > 0).then(|| profile.clone());
        }
    }

    fn open_item(&mut self, item: &OpenItem, sign: i64) {
        // Only a sum of digests is kept, so that an owner with a million open items is as small as one with none.
        let digest = Digest(Sha256::digest(item.encode_to_vec()).into());
        let mut sum = self.open.as_slice().try_into().map(DigestSum::from_bytes).unwrap_or_default();
        if sign < 0 {
            sum.subtract(&digest)
        } else {
            sum.add(&digest)
        }
        self.open.clear();
        if sum != DigestSum::default() {
            self.open.extend_from_slice(&sum.to_bytes());
        }
    }

    /// First and last under a change. Two documents that were all there was are known without looking.
    fn update_dates(&mut self, n: i64, old: Option<EventTime>, new: Option<EventTime>) -> bool {
        let mut unknown = false;
        if let Some(old) = old.filter(|old| Some(*old) != new) {
            let (first, last) = (self.first_at, self.last_at);
            match n {
                ..=1 => (self.first_at, self.last_at) = (None, None),
                2 => {
                    let rest = if first == Some(old) { last } else { first };
                    (self.first_at, self.last_at) = (rest, rest);
                }
                _ => {
                    // Which of the other documents comes next is not in a bundle: it keeps the two ends alone.
                    unknown = first == Some(old) && new.is_none_or(|new| new > old)
                        || last == Some(old) && new.is_none_or(|new| new < old);
                }
            }
        }
        self.first_at = least_time(self.first_at, new);
        self.last_at = self.last_at.max(new);
        unknown
    }

    fn update_tallies(&mut self, lines: i64, old: Option<&Contribution>, new: Option<&Contribution>) -> bool {
        let (was_few, few) = (lines <= TALLIED, self.line_count() <= TALLIED);
        if !few {
            self.tallies = None;
            return false;
        }
        // Back under the bound: what was left out meanwhile can only be read from the documents again.
        if !was_few {
            return true;
        }
        let (old, new) = (old.and_then(Contribution::tallies), new.and_then(Contribution::tallies));
        if old == new {
            return false;
        }
        let tallies = self.tallies.get_or_insert_default();
        old.iter().for_each(|old| tallies.subtract(old));
        new.iter().for_each(|new| tallies.add(new));
        self.tallies.take_if(|t| t.is_empty());
        false
    }
}

fn change_top<'a, T: DatedRow + 'a>(
    list: &mut Vec<T>,
    keep: usize,
    total: i64,
    old: Option<&'a Contribution>,
    new: Option<&'a Contribution>,
    of: impl Fn(&'a Contribution) -> Option<&'a T>,
) -> bool {
    let (old, new) = (old.and_then(&of), new.and_then(&of));
    (old.is_some() || new.is_some()) && top::replace_top(list, keep, total, old, new)
}

pub(crate) fn least_time(a: Option<EventTime>, b: Option<EventTime>) -> Option<EventTime> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

pub(crate) fn add_rating(ratings: &mut Vec<RatingSum>, rating: &RatingSum, sign: i64) {
    let (n, sum) = (rating.n.wrapping_mul(sign), rating.sum.wrapping_mul(sign));
    match ratings.binary_search_by_key(&rating.of, |r| r.of) {
        Ok(at) => {
            let Some(known) = ratings.get_mut(at) else { return };
            known.n = known.n.wrapping_add(n);
            known.sum = known.sum.wrapping_add(sum);
            if known.n == 0 && known.sum == 0 {
                ratings.remove(at);
            }
        }
        Err(at) => ratings.insert(at, RatingSum { of: rating.of, n, sum }),
    }
}
