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
pub(crate) struct WantedRows {
    pub(crate) subjects: Vec<String>,
    pub(crate) owners: Vec<String>,
}

/// Rows in the order in which they were asked for; none where there is no such row.
#[derive(Debug, Default)]
pub(crate) struct FoundRows {
    pub(crate) subjects: Vec<(String, Option<SubjectState>)>,
    pub(crate) owners: Vec<(String, Option<OwnerRow>)>,
}

impl FoundRows {
    /// How many were there.
    fn row_count(&self) -> usize {
        let subjects = self.subjects.iter().filter(|(_, state)| state.is_some()).count();
        let owners = self.owners.iter().filter(|(_, row)| row.is_some()).count();
        subjects + owners
    }
}

/// Rows that are on their way.
pub(crate) struct PendingRows(oneshot::Receiver<FoundRows>);

/// What is done in order.
enum TransactionRequest {
    Documents(String, oneshot::Sender<Vec<String>>),
    Facts(Vec<FactsOf>, oneshot::Sender<Vec<Vec<FactState>>>),
    Save(Box<RowChanges>),
    Commit,
}

/// Why a batch cannot go on.
#[derive(Debug)]
pub(crate) enum TransactionLost {
    /// The store failed: [`ProjectTransaction::give_up`] says of what.
    Store,
    /// The log did not give what a fold afresh needs.
    Log(LogError),
}

impl From<LogError> for TransactionLost {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

/// A transaction, spoken to from another thread. Dropped, it leaves no trace.
pub(crate) struct ProjectTransaction {
    wanted: mpsc::UnboundedSender<(WantedRows, oneshot::Sender<FoundRows>)>,
    turns: mpsc::UnboundedSender<TransactionRequest>,
    thread: JoinHandle<Result<(), StoreError>>,
    publishes: bool,
}

impl ProjectTransaction {
    pub(crate) fn begin(tx: Box<dyn ProjectTx>, work: Arc<WorkCounters>) -> Self {
        let publishes = tx.publishes();
        let (wanted, asked) = mpsc::unbounded_channel();
        let (turns, taken) = mpsc::unbounded_channel();
        let runtime = Handle::current();
        let serve = move || runtime.block_on(serve_requests(tx, asked, taken, &work));
        Self { wanted, turns, thread: tokio::task::spawn_blocking(serve), publishes }
    }

    pub(crate) fn publishes(&self) -> bool {
        self.publishes
    }

    /// Asks for rows. They come as they were before the transaction or as it saved them last: whoever changed a row and has
    /// not saved it knows better.
    pub(crate) fn request_rows(&self, wanted: WantedRows) -> PendingRows {
        let (to, from) = oneshot::channel();
        // Where nobody hears it any more, nothing comes.
        let _ = self.wanted.send((wanted, to));
        PendingRows(from)
    }

    /// Subjects of an owner's documents, with all that was saved before.
    pub(crate) async fn owner_documents(&self, owner: &str) -> Result<Vec<String>, TransactionLost> {
        let (to, from) = oneshot::channel();
        let _ = self.turns.send(TransactionRequest::Documents(owner.to_owned(), to));
        from.await.map_err(|_| TransactionLost::Store)
    }

    /// Further rows of long histories, in the order asked, with all that was saved before.
    pub(crate) async fn subject_facts(&self, asked: Vec<FactsOf>) -> Result<Vec<Vec<FactState>>, TransactionLost> {
        let (to, from) = oneshot::channel();
        let _ = self.turns.send(TransactionRequest::Facts(asked, to));
        from.await.map_err(|_| TransactionLost::Store)
    }

    /// Has changes written, after those that came before, and does not wait for it.
    pub(crate) fn save_changes(&self, changes: RowChanges) {
        let _ = self.turns.send(TransactionRequest::Save(Box::new(changes)));
    }

    /// Waits until all is written, and commits it.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        let _ = self.turns.send(TransactionRequest::Commit);
        self.thread.await.map_err(join_error)?
    }

    /// Gives it up, and waits until it has left no trace. Answers what the store failed of, if it did.
    pub(crate) async fn give_up(self) -> Option<StoreError> {
        drop((self.wanted, self.turns));
        self.thread.await.map_err(join_error).and_then(|done| done).err()
    }
}

impl PendingRows {
    pub(crate) async fn into_rows(self) -> Result<FoundRows, TransactionLost> {
        self.0.await.map_err(|_| TransactionLost::Store)
    }
}

fn join_error(error: tokio::task::JoinError) -> StoreError {
    StoreError::Engine(format!("the thread of the projector's transaction broke off: {error}"))
}

/// Rows that are asked for go first: the batch waits for them, and they are not those that wait to be written.
async fn serve_requests(
    mut tx: Box<dyn ProjectTx>,
    mut asked: mpsc::UnboundedReceiver<(WantedRows, oneshot::Sender<FoundRows>)>,
    mut taken: mpsc::UnboundedReceiver<TransactionRequest>,
    work: &WorkCounters,
) -> Result<(), StoreError> {
    let mut refused = 0;
    loop {
        tokio::select! {
            biased;
            Some((wanted, to)) = asked.recv() => {
                let began = Instant::now();
                let rows = read_rows(tx.as_mut(), wanted).await?;
                work.note_spent(WorkPart::Load, began);
                work.add_read(rows.row_count());
                // Who asked may have given up.
                let _ = to.send(rows);
            }
            turn = taken.recv() => match turn {
                Some(TransactionRequest::Documents(owner, to)) => {
                    let documents = tx.documents(&owner).await?;
                    work.add_read(documents.len());
                    let _ = to.send(documents);
                }
                Some(TransactionRequest::Facts(asked, to)) => {
                    let began = Instant::now();
                    let facts = tx.facts(&asked).await?;
                    work.note_spent(WorkPart::Load, began);
                    work.add_read(facts.iter().map(Vec::len).sum());
                    let _ = to.send(facts);
                }
                Some(TransactionRequest::Save(changes)) => {
                    let (began, rows) = (Instant::now(), changes.rows());
                    refused += changes.refused.len() as u64;
                    tx.save(*changes).await?;
                    work.note_spent(WorkPart::Save, began);
                    work.add_written(rows);
                }
                Some(TransactionRequest::Commit) => {
                    let began = Instant::now();
                    tx.commit().await?;
                    work.note_spent(WorkPart::Commit, began);
                    metrics::counter!("onefold_log_refused_total").increment(refused);
                    return Ok(());
                }
                None => return Ok(()),
            },
        }
    }
}

async fn read_rows(tx: &mut dyn ProjectTx, wanted: WantedRows) -> Result<FoundRows, StoreError> {
    let WantedRows { subjects, owners } = wanted;
    let mut rows = FoundRows::default();
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
