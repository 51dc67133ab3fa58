//! The open transaction on a thread of its own: rows are read ahead and written there while the batch folds.

use std::sync::Arc;
use std::time::Instant;

use onefold_fold::{FactState, SubjectState};
use onefold_log::LogError;
use onefold_store::{FactsOf, OwnerRow, ProjectTx, RowChanges, StoreError};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::work::{WorkCounters, WorkPart};

/// Keys of rows that are wanted.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) subjects: Vec<String>,
    pub(crate) owners: Vec<String>,
}

/// Rows in the order in which they were asked for; none where there is no such row.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) subjects: Vec<(String, Option<SubjectState>)>,
    pub(crate) owners: Vec<(String, Option<OwnerRow>)>,
}

impl Rows {
    /// How many were there.
    fn found(&self) -> usize {
        let subjects = self.subjects.iter().filter(|(_, state)| state.is_some()).count();
        let owners = self.owners.iter().filter(|(_, row)| row.is_some()).count();
        subjects + owners
    }
}

/// Rows that are on their way.
pub(crate) struct Coming(oneshot::Receiver<Rows>);

/// What is done in order.
enum Turn {
    Documents(String, oneshot::Sender<Vec<String>>),
    Facts(Vec<FactsOf>, oneshot::Sender<Vec<Vec<FactState>>>),
    Save(Box<RowChanges>),
    Commit,
}

/// Why a batch cannot go on.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The store failed: [`Transaction::give_up`] says of what.
    Store,
    /// The log did not give what a fold afresh needs.
    Log(LogError),
}

impl From<LogError> for Broken {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

/// A transaction, spoken to from another thread. Dropped, it leaves no trace.
pub(crate) struct Transaction {
    wanted: mpsc::UnboundedSender<(Wanted, oneshot::Sender<Rows>)>,
    turns: mpsc::UnboundedSender<Turn>,
    thread: JoinHandle<Result<(), StoreError>>,
    publishes: bool,
}

impl Transaction {
    pub(crate) fn begin(tx: Box<dyn ProjectTx>, work: Arc<WorkCounters>) -> Self {
        let publishes = tx.publishes();
        let (wanted, asked) = mpsc::unbounded_channel();
        let (turns, taken) = mpsc::unbounded_channel();
        let runtime = Handle::current();
        let serve = move || runtime.block_on(serve(tx, asked, taken, &work));
        Self { wanted, turns, thread: tokio::task::spawn_blocking(serve), publishes }
    }

    pub(crate) fn publishes(&self) -> bool {
        self.publishes
    }

    /// Asks for rows. They come as they were before the transaction or as it saved them last: whoever changed a row and has
    /// not saved it knows better.
    pub(crate) fn ask(&self, wanted: Wanted) -> Coming {
        let (to, from) = oneshot::channel();
        // Where nobody hears it any more, nothing comes.
        let _ = self.wanted.send((wanted, to));
        Coming(from)
    }

    /// Subjects of an owner's documents, with all that was saved before.
    pub(crate) async fn documents(&self, owner: &str) -> Result<Vec<String>, Broken> {
        let (to, from) = oneshot::channel();
        let _ = self.turns.send(Turn::Documents(owner.to_owned(), to));
        from.await.map_err(|_| Broken::Store)
    }

    /// Further rows of long histories, in the order asked, with all that was saved before.
    pub(crate) async fn facts(&self, asked: Vec<FactsOf>) -> Result<Vec<Vec<FactState>>, Broken> {
        let (to, from) = oneshot::channel();
        let _ = self.turns.send(Turn::Facts(asked, to));
        from.await.map_err(|_| Broken::Store)
    }

    /// Has changes written, after those that came before, and does not wait for it.
    pub(crate) fn save(&self, changes: RowChanges) {
        let _ = self.turns.send(Turn::Save(Box::new(changes)));
    }

    /// Waits until all is written, and commits it.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        let _ = self.turns.send(Turn::Commit);
        self.thread.await.map_err(broken)?
    }

    /// Gives it up, and waits until it has left no trace. Answers what the store failed of, if it did.
    pub(crate) async fn give_up(self) -> Option<StoreError> {
        drop((self.wanted, self.turns));
        self.thread.await.map_err(broken).and_then(|done| done).err()
    }
}

impl Coming {
    pub(crate) async fn rows(self) -> Result<Rows, Broken> {
        self.0.await.map_err(|_| Broken::Store)
    }
}

fn broken(error: tokio::task::JoinError) -> StoreError {
    StoreError::Engine(format!("the thread of the projector's transaction broke off: {error}"))
}

/// Rows that are asked for go first: the batch waits for them, and they are not those that wait to be written.
async fn serve(
    mut tx: Box<dyn ProjectTx>,
    mut asked: mpsc::UnboundedReceiver<(Wanted, oneshot::Sender<Rows>)>,
    mut taken: mpsc::UnboundedReceiver<Turn>,
    work: &WorkCounters,
) -> Result<(), StoreError> {
    let mut refused = 0;
    loop {
        tokio::select! {
            biased;
            Some((wanted, to)) = asked.recv() => {
                let began = Instant::now();
                let rows = read(tx.as_mut(), wanted).await?;
                work.spent(WorkPart::Load, began);
                work.read(rows.found());
                // Who asked may have given up.
                let _ = to.send(rows);
            }
            turn = taken.recv() => match turn {
                Some(Turn::Documents(owner, to)) => {
                    let documents = tx.documents(&owner).await?;
                    work.read(documents.len());
                    let _ = to.send(documents);
                }
                Some(Turn::Facts(asked, to)) => {
                    let began = Instant::now();
                    let facts = tx.facts(&asked).await?;
                    work.spent(WorkPart::Load, began);
                    work.read(facts.iter().map(Vec::len).sum());
                    let _ = to.send(facts);
                }
                Some(Turn::Save(changes)) => {
                    let (began, rows) = (Instant::now(), changes.rows());
                    refused += changes.refused.len() as u64;
                    tx.save(*changes).await?;
                    work.spent(WorkPart::Save, began);
                    work.wrote(rows);
                }
                Some(Turn::Commit) => {
                    let began = Instant::now();
                    tx.commit().await?;
                    work.spent(WorkPart::Commit, began);
                    metrics::counter!("onefold_log_refused_total").increment(refused);
                    return Ok(());
                }
                None => return Ok(()),
            },
        }
    }
}

async fn read(tx: &mut dyn ProjectTx, wanted: Wanted) -> Result<Rows, StoreError> {
    let Wanted { subjects, owners } = wanted;
    let mut rows = Rows::default();
    if !subjects.is_empty() {
        let found = tx.subjects(&subjects).await?;
        rows.subjects = subjects.into_iter().zip(found).collect();
    }
    if !owners.is_empty() {
        let found = tx.owners(&owners).await?;
        rows.owners = owners.into_iter().zip(found).collect();
    }
    Ok(rows)
}
