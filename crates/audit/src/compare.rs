//! The rows that are stored against the rows that must be.
//!
//! First by sums of their prints in buckets, so that neither side is ever in memory; then, where sums differ, row by row
//! within those buckets.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use onefold_event::{Subject, party_id};
use onefold_identity::{AtomHolder, OwnerAtom, OwnerKey, find_ownership};
use onefold_store::{RowPrint, StoredTable};
use serde::Serialize;

use crate::replay::ReplayResult;
use crate::row::{ExpectedRow, RowSink};

/// Mismatches of a table that are named; the rest is counted.
const NAMED: usize = 100;
/// Buckets of a table.
const BUCKETS: usize = 1 << 12;
/// Rows that are compared one by one, at most; a bucket beyond that counts as one mismatch.
const ONE_BY_ONE: u64 = 1_000_000;

/// A row that is not what the log says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RowMismatch {
    /// Derived table.
    pub table: &'static str,
    /// Key of the row.
    pub key: String,
    /// `altered or extra` or `missing`.
    pub what: &'static str,
    /// Party whose customer it concerns, where it concerns one.
    pub party: Option<String>,
    /// That customer's id, if the party is its earliest.
    pub customer: Option<String>,
}

fn bucket_of(print: RowPrint) -> usize {
    (print.0 as usize) % BUCKETS
}

/// Sums of prints modulo 2^128, by table and bucket, with how many they are.
pub(crate) struct BucketSums(Vec<Vec<RowSum>>);

#[derive(Default)]
struct RowSum {
    low: AtomicU64,
    high: AtomicU64,
    count: AtomicU64,
}

impl BucketSums {
    pub(crate) fn new() -> Self {
        let buckets = || (0..BUCKETS).map(|_| RowSum::default()).collect();
        Self(StoredTable::ALL.iter().map(|_| buckets()).collect())
    }

    pub(crate) fn add(&self, table: StoredTable, print: RowPrint) {
        let Some(sum) = self.0.get(table as usize).and_then(|buckets| buckets.get(bucket_of(print))) else { return };
        // Two sums modulo 2^64 each: halves of a print are as good as two prints.
        sum.low.fetch_add(print.0 as u64, Ordering::Relaxed);
        sum.high.fetch_add((print.0 >> 64) as u64, Ordering::Relaxed);
        sum.count.fetch_add(1, Ordering::Relaxed);
    }

    /// Buckets that differ, as far as their rows can be compared one by one, and how many more there are.
    pub(crate) fn find_differences(&self, other: &Self) -> (BTreeSet<(StoredTable, usize)>, u64) {
        let (mut wrong, mut beyond, mut rows) = (BTreeSet::new(), 0, 0);
        for ((table, ours), theirs) in StoredTable::ALL.into_iter().zip(&self.0).zip(&other.0) {
            for (n, (a, b)) in
                ours.iter().zip(theirs).enumerate().filter(|(_, (a, b))| a.counts_and_sum() != b.counts_and_sum())
            {
                rows += a.counts_and_sum().2 + b.counts_and_sum().2;
                // One bucket at least, however large: a difference that names no row helps nobody.
                if rows <= ONE_BY_ONE || wrong.is_empty() {
                    wrong.insert((table, n));
                } else {
                    beyond += 1;
                }
            }
        }
        (wrong, beyond)
    }
}

impl RowSum {
    fn counts_and_sum(&self) -> (u64, u64, u64) {
        let get = |n: &AtomicU64| n.load(Ordering::Relaxed);
        (get(&self.low), get(&self.high), get(&self.count))
    }
}

impl RowSink for BucketSums {
    fn take_row(&self, row: ExpectedRow<'_>) {
        self.add(row.row_table(), row.row_print());
    }
}

/// Rows of the buckets that differ: first those that are stored, then those that must be.
pub(crate) struct MismatchNames {
    buckets: BTreeSet<(StoredTable, usize)>,
    rows: Mutex<SeenRows>,
}

#[derive(Default)]
struct SeenRows {
    stored: HashMap<(StoredTable, RowPrint), Vec<String>>,
    missing: Vec<(StoredTable, String)>,
    /// Keys of rows that may be wrong.
    asked: BTreeSet<String>,
    /// Owner keys of the documents among these and among the rows that are missing.
    owners: HashMap<String, Vec<String>>,
}

impl MismatchNames {
    pub(crate) fn new(buckets: BTreeSet<(StoredTable, usize)>) -> Self {
        Self { buckets, rows: Mutex::default() }
    }

    fn lock_seen(&self) -> MutexGuard<'_, SeenRows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in a stored row.
    pub(crate) fn note_stored(&self, table: StoredTable, print: RowPrint, key: &dyn Fn() -> String) {
        if !self.buckets.contains(&(table, bucket_of(print))) {
            return;
        }
        let key = key();
        let mut rows = self.lock_seen();
        rows.asked.insert(key.clone());
        rows.stored.entry((table, print)).or_default().push(key);
    }

    /// Tables of which rows were asked for.
    pub(crate) fn seen_tables(&self) -> BTreeSet<StoredTable> {
        self.buckets.iter().map(|(table, _)| *table).collect()
    }

    /// Identifiers that own documents whose customer is to be named.
    pub(crate) fn identifiers(&self) -> BTreeSet<String> {
        let rows = self.lock_seen();
        let stored = rows.stored.values().flatten();
        let keys = rows.owners.values().flatten().chain(stored).chain(rows.missing.iter().map(|(_, key)| key));
        let owners = keys.filter_map(|key| OwnerKey::parse(key));
        let atoms: BTreeSet<String> =
            owners.flat_map(|owner| owner.leaves().into_iter().map(ToString::to_string).collect::<Vec<_>>()).collect();
        atoms.into_iter().filter(|atom| OwnerAtom::identifier_of(atom).is_some()).collect()
    }

    /// What is left on either side, named as far as it goes, and how many they are.
    pub(crate) fn find_mismatches(&self, replayed: &ReplayResult) -> (Vec<RowMismatch>, u64) {
        let rows = self.lock_seen();
        let extra = rows.stored.iter().flat_map(|((table, _), keys)| keys.iter().map(|key| (*table, key.clone())));
        let mut all: Vec<(StoredTable, String, &'static str)> =
            extra.map(|(table, key)| (table, key, "altered or extra")).collect();
        all.extend(rows.missing.iter().map(|(table, key)| (*table, key.clone(), "missing")));
        all.sort();
        let count = all.len() as u64;
        let mut named: HashMap<StoredTable, usize> = HashMap::new();
        all.retain(|(table, ..)| {
            let n = named.entry(*table).or_default();
            *n += 1;
            *n <= NAMED
        });
        let name = |(table, key, what): (StoredTable, String, &'static str)| {
            let own = vec![key.clone()];
            let owners = rows.owners.get(&key).unwrap_or(&own);
            let party = owners.iter().find_map(|owner| customer_of(owner, replayed));
            let customer = party.as_deref().map(|party| party_id(party).to_string());
            RowMismatch { table: table.name(), key, what, party, customer }
        };
        (all.into_iter().map(name).collect(), count)
    }
}

impl RowSink for MismatchNames {
    fn take_row(&self, row: ExpectedRow<'_>) {
        let (table, print, key) = (row.row_table(), row.row_print(), row.row_key().text);
        let mut wrong = self.buckets.contains(&(table, bucket_of(print)));
        if wrong {
            let mut rows = self.lock_seen();
            match rows.stored.get_mut(&(table, print)) {
                Some(keys) => {
                    // Equal prints are equal rows of one key, so it does not matter which of them is struck out.
                    keys.pop();
                    if keys.is_empty() {
                        rows.stored.remove(&(table, print));
                    }
                }
                None => {
                    rows.asked.insert(key.to_owned());
                    rows.missing.push((table, key.to_owned()));
                }
            }
        }
        if let ExpectedRow::Subject { keys: Some(keys), .. } = row {
            let mut rows = self.lock_seen();
            wrong |= rows.asked.contains(key);
            if wrong && key.parse::<Subject>().is_ok_and(|subject| subject.kind().is_document()) {
                let owners = keys.all();
                rows.owners.insert(key.to_owned(), owners.cloned().collect());
            }
        }
    }
}

/// The customer that an owner key is attributed to (rule C1), as its head's key; of the owners of parts the first. None where
/// nobody holds it.
fn customer_of(key: &str, replayed: &ReplayResult) -> Option<String> {
    let head = |party: &str| replayed.heads.get(party).cloned().unwrap_or_else(|| party.to_owned());
    let holder = |atom: &OwnerAtom| {
        let text = atom.to_string();
        let OwnerAtom::Identifier(_) = atom else { return AtomHolder::Customer(head(&text)) };
        AtomHolder::from_customers(replayed.holders.get(&text).into_iter().flatten().map(|party| head(party)))
    };
    find_ownership(&OwnerKey::parse(key)?, &holder).customers.into_iter().next()
}
