//! Checkpoints beside whoever writes and reads.

use std::time::{Duration, Instant};

use onefold_store::{ProjectStore, VerifyStore};
use onefold_store_sqlite::{SqliteOptions, SqliteStore};

/// The file's own patience with whoever is in the way, unless told otherwise.
const ENGINES: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_reader_does_not_hold_the_writer() {
    let directory = tempfile::tempdir().unwrap();
    let options = SqliteOptions { checkpoint_pages: 1, ..SqliteOptions::default() };
    let store = SqliteStore::open(&directory.path().join("views.db"), options).unwrap();
    write(&store, 0).await;
    let reading = store.snapshot().await.unwrap();
    let (began, mut longest) = (Instant::now(), Duration::ZERO);
    // Several rounds of the checkpoint, each of which would like to begin the WAL anew.
    for n in 1.. {
        let before = Instant::now();
        write(&store, n).await;
        longest = longest.max(before.elapsed());
        if began.elapsed() > Duration::from_secs(2) {
            break;
        }
    }
    assert!(longest < ENGINES / 2, "{longest:?}");
    assert_eq!(reading.kept().positions[0], 1);
}

async fn write(store: &SqliteStore, from: u64) {
    store.begin(&[(0, from, from + 1)]).await.unwrap().commit().await.unwrap();
}
