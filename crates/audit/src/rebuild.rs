//! The log folded again from nothing into a read model of its own, for good.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use onefold_identity::OwnerAtom;
use onefold_store::{LoadRow, LoadStore, Loaded, QuarantineEntry, StoreError, StoredTable, VerifySnapshot};

use crate::compare::BucketSums;
use crate::replay::{ReplaySource, replay_log};
use crate::row::{ExpectedRow, RowSink};
use crate::verify::{AuditError, VerificationReport, make_report, name_mismatches, scan_rows};

/// Rows that a thread gathers before it hands them over.
const GATHERED: usize = 2000;
/// Such portions that may wait for whoever writes them.
const WAITING: usize = 32;

/// Folds the log up to a position vector into a store that nobody reads yet. Where live is given, at the same positions,
/// every row is compared with it on the way, as [`verify`](crate::verify()) does. Answers once all is durable; whether it
/// takes the place of what live has is the caller's to decide.
///
/// # Errors
/// The log or one of the stores does not answer.
pub async fn rebuild(
    source: &ReplaySource,
    positions: &[u64],
    live: Option<Arc<dyn VerifySnapshot>>,
    into: Box<dyn LoadStore>,
) -> Result<VerificationReport, AuditError> {
    let started = Instant::now();
    let (must, are) = (Arc::new(BucketSums::new()), Arc::new(BucketSums::new()));
    let scanning = live.clone().map(|live| {
        let are = Arc::clone(&are);
        tokio::spawn(scan_rows(live, StoredTable::ALL.into(), move |table, print, _: &dyn Fn() -> String| {
            are.add(table, print)
        }))
    });
    let (to, from) = sync_channel(WAITING);
    let loading = tokio::task::spawn_blocking(move || load_rows(into, &from));
    let threads = rayon::current_num_threads() + 1;
    let rows = Arc::new(RowLoader {
        sums: live.is_some().then(|| Arc::clone(&must)),
        gathered: (0..threads).map(|_| Mutex::default()).collect(),
        to,
    });
    let replayed = replay_log(source, positions, rows.clone(), None).await;
    rows.finish();
    drop(rows);
    let (into, mut took) = loading.await??;
    let mut replayed = replayed?;
    let loaded = Loaded {
        positions: positions.to_vec(),
        bundles: replayed.bundles,
        clusters: replayed.clusters,
        ids: replayed.ids,
    };
    took += tokio::task::spawn_blocking(move || {
        let began = Instant::now();
        into.finish(&loaded).map(|()| began.elapsed())
    })
    .await??;
    replayed.split.load = took.as_secs_f64();
    if let Some(scanning) = scanning {
        replayed.split.compare = scanning.await??;
    }
    let (mismatches, count) = match &live {
        Some(live) => name_mismatches(source, live, &must, &are).await?,
        None => (Vec::new(), 0),
    };
    let verified = make_report(live.as_ref(), positions, &replayed, started.elapsed(), mismatches, count);
    match &live {
        Some(live) => verified.check_torn(live).await,
        None => Ok(verified),
    }
}

type LoadResult = (Box<dyn LoadStore>, Duration);

fn load_rows(mut into: Box<dyn LoadStore>, from: &Receiver<Vec<LoadRow>>) -> Result<LoadResult, StoreError> {
    let mut took = Duration::ZERO;
    while let Ok(rows) = from.recv() {
        let began = Instant::now();
        into.load(rows)?;
        took += began.elapsed();
    }
    Ok((into, took))
}

/// Hands rows on to one thread that writes them.
struct RowLoader {
    sums: Option<Arc<BucketSums>>,
    /// One for each thread of the pool, one for all others.
    gathered: Vec<Mutex<Vec<LoadRow>>>,
    to: SyncSender<Vec<LoadRow>>,
}

impl RowLoader {
    fn send_row(&self, row: LoadRow) {
        let at = rayon::current_thread_index().map_or(0, |n| n + 1);
        let Some(gathered) = self.gathered.get(at).or_else(|| self.gathered.first()) else { return };
        let mut gathered = gathered.lock().unwrap_or_else(PoisonError::into_inner);
        gathered.push(row);
        if gathered.len() >= GATHERED {
            let full = std::mem::replace(&mut *gathered, Vec::with_capacity(GATHERED));
            drop(gathered);
            // Whoever writes has failed and tells why.
            let _gone = self.to.send(full);
        }
    }

    fn finish(&self) {
        for gathered in &self.gathered {
            let rest = std::mem::take(&mut *gathered.lock().unwrap_or_else(PoisonError::into_inner));
            let _gone = self.to.send(rest);
        }
    }
}

impl RowSink for RowLoader {
    fn take_row(&self, row: ExpectedRow<'_>) {
        if let Some(sums) = &self.sums {
            sums.take_row(row);
        }
        let named = |key: &str| {
            // Parties are named by events, so they have a row of their own.
            if !OwnerAtom::is_party(key) {
                self.send_row(LoadRow::Named { key: key.to_owned() });
            }
        };
        let row = match row {
            ExpectedRow::Subject { key, state, .. } => {
                LoadRow::Subject { key: key.text.to_owned(), state: state.to_vec() }
            }
            ExpectedRow::Owner { key, bundle, digest, first_seen } => LoadRow::Owner {
                key: key.text.to_owned(),
                bundle: bundle.to_vec(),
                digest: digest.copied(),
                first_seen,
            },
            ExpectedRow::Document { owner, at, subject } => {
                named(owner.text);
                LoadRow::Document { owner: owner.print, at, subject: subject.print }
            }
            ExpectedRow::OpenItem { owner, invoice, due, item } => {
                LoadRow::OpenItem { owner: owner.print, invoice: invoice.print, due, item: item.to_vec() }
            }
            ExpectedRow::Holder { party, identifier, present } => {
                named(identifier.text);
                LoadRow::Holder { party: party.print, identifier: identifier.print, present }
            }
            ExpectedRow::Decision { party, decision } => {
                named(party.text);
                LoadRow::Decision { party: party.print, decision: decision.print }
            }
            ExpectedRow::Member { party, head } => {
                named(party.text);
                LoadRow::Member { party: party.print, head: head.print }
            }
            ExpectedRow::Search { party, text } => LoadRow::Search { party: party.print, text: text.to_owned() },
            ExpectedRow::SetMember { atom, set } => {
                named(atom.text);
                LoadRow::SetMember { atom: atom.print, set: set.print }
            }
            ExpectedRow::Decided { subject } => LoadRow::Decided { subject: subject.print },
            ExpectedRow::Former { key, subject } => {
                named(key.text);
                LoadRow::Former { key: key.print, subject: subject.print }
            }
            ExpectedRow::Number { subject, place, prefix } => {
                LoadRow::Number { place, prefix: prefix.to_owned(), subject: subject.print }
            }
            ExpectedRow::Fact { subject, id, state } => {
                LoadRow::Fact { subject: subject.text.to_owned(), id: *id, state: state.to_vec() }
            }
        };
        self.send_row(row);
    }

    fn refused(&self, entry: QuarantineEntry) {
        self.send_row(LoadRow::Refused(Box::new(entry)));
    }
}
