//! The rows that are stored against the rows that must be.

use std::collections::HashSet;

use onefold_event::{Subject, party_id};
use onefold_store::{StoreError, Table, TableRow, VerifyStore};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::Book;

/// Mismatches that are named; the rest is counted.
const NAMED: usize = 100;

/// A row that is not what the log says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Mismatch {
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

/// Compares a table; answers the mismatches that are named, and how many there are.
pub(crate) async fn compare(
    book: &Book,
    store: &dyn VerifyStore,
    table: Table,
) -> Result<(Vec<Mismatch>, u64), StoreError> {
    let mut expected: HashSet<u128> = HashSet::new();
    book.rows(table, &mut |row| {
        expected.insert(fingerprint(&row));
    });
    let (mut wrong, mut count) = (Vec::new(), 0);
    let mut each = |row: TableRow| {
        if !expected.remove(&fingerprint(&row)) {
            count += 1;
            if wrong.len() < NAMED {
                wrong.push((row.key, "altered or extra"));
            }
        }
    };
    store.scan(table, &mut each).await?;
    if !expected.is_empty() {
        book.rows(table, &mut |row| {
            if expected.contains(&fingerprint(&row)) {
                count += 1;
                if wrong.len() < NAMED {
                    wrong.push((row.key, "missing"));
                }
            }
        });
    }
    Ok((wrong.into_iter().map(|(key, what)| name(book, table, key, what)).collect(), count))
}

/// First 16 bytes of SHA-256 of a row with its key.
fn fingerprint(row: &TableRow) -> u128 {
    let mut hash = Sha256::new();
    hash.update((row.key.len() as u64).to_be_bytes());
    hash.update(row.key.as_bytes());
    hash.update(&row.bytes);
    let mut short = [0; 16];
    short.copy_from_slice(&hash.finalize()[..16]);
    u128::from_be_bytes(short)
}

/// Says whom a row concerns: the owner of what its key names.
fn name(book: &Book, table: Table, key: String, what: &'static str) -> Mismatch {
    let owners = match key.parse::<Subject>() {
        Ok(subject) if subject.kind().is_document() => {
            let state = book.states.iter().find_map(|states| states.get(&subject));
            state.map(|s| s.keys()).map(|keys| vec![keys.trade, keys.receivable]).unwrap_or_default()
        }
        _ => vec![key.clone()],
    };
    let party = owners.iter().find_map(|owner| book.customer_of(owner));
    let customer = party.as_deref().map(|party| party_id(party).to_string());
    Mismatch { table: table.name(), key, what, party, customer }
}
