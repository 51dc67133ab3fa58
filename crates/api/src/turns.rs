//! Whose turn it is: what is worked on at a time is bounded, and who cannot wait any longer is told when to come back.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, TryAcquireError};

use crate::HttpOptions;
use crate::connection::{ConnectionPhase, OpenConnection};
use crate::problem::ProblemDetails;

/// Items of a page at most that is read among the small ones.
const SMALL_PAGE: usize = 100;
/// How long one piece of a body that is thrown away takes.
const PIECE: Duration = Duration::from_millis(1);
/// The unit in which the bytes of bodies are counted.
const UNIT: usize = 1 << 10;

/// Whether so many items are much work.
pub(crate) fn is_large(items: usize) -> bool {
    items > SMALL_PAGE
}

/// What may be held and worked on at a time, for all requests together.
#[derive(Debug)]
pub(crate) struct TurnLimits {
    reads: Arc<Semaphore>,
    large_reads: Arc<Semaphore>,
    large_posts: Arc<Semaphore>,
    bodies: Arc<Semaphore>,
    thrown_away: Mutex<()>,
    wait: Duration,
}

/// Held while something is worked on.
#[derive(Debug)]
pub(crate) struct RequestTurn {
    _permit: OwnedSemaphorePermit,
}

/// Bytes that are held for one body.
#[derive(Debug, Default)]
pub(crate) struct BodyRoom {
    units: usize,
    permit: Option<OwnedSemaphorePermit>,
}

impl TurnLimits {
    pub(crate) fn new(options: &HttpOptions) -> Self {
        let at_a_time = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        Self {
            reads: at_a_time(options.reads),
            large_reads: at_a_time(HttpOptions::large(options.large_reads)),
            large_posts: at_a_time(HttpOptions::large(options.large_posts)),
            bodies: at_a_time(options.bodies_bytes / UNIT),
            thrown_away: Mutex::new(()),
            wait: options.wait(),
        }
    }

    /// A read of so many items.
    pub(crate) async fn read_turn(
        &self,
        items: usize,
        connection: &OpenConnection,
    ) -> Result<RequestTurn, ProblemDetails> {
        let (turns, what) = match is_large(items) {
            true => (&self.large_reads, "reads of large pages"),
            false => (&self.reads, "reads"),
        };
        self.take_turn(turns, what, connection).await
    }

    /// The body of more than a few events.
    pub(crate) async fn large_post(&self, connection: &OpenConnection) -> Result<RequestTurn, ProblemDetails> {
        self.take_turn(&self.large_posts, "large bodies of events", connection).await
    }

    /// Between two pieces of bodies that are thrown away: all of them together come no faster than one each millisecond.
    pub(crate) async fn throw_away(&self) {
        let _turn = self.thrown_away.lock().await;
        tokio::time::sleep(PIECE).await;
    }

    async fn take_turn(
        &self,
        of: &Arc<Semaphore>,
        what: &str,
        connection: &OpenConnection,
    ) -> Result<RequestTurn, ProblemDetails> {
        if let Ok(permit) = Arc::clone(of).try_acquire_owned() {
            return Ok(RequestTurn { _permit: permit });
        }
        connection.begin_phase(ConnectionPhase::Turn);
        let waited = tokio::select! {
            permit = Arc::clone(of).acquire_owned() => permit.ok(),
            () = tokio::time::sleep(self.wait) => None,
            () = connection.wait_hurried() => None,
        };
        connection.begin_phase(ConnectionPhase::Work);
        waited.map(|permit| RequestTurn { _permit: permit }).ok_or_else(|| {
            let most = self.wait.as_millis();
            ProblemDetails::busy(format!(
                "as many {what} are worked on as may be at a time, and none has ended within {most} ms"
            ))
        })
    }

    /// Makes a body's room at least so many bytes; a body that there is none for is refused at once, since whoever holds it
    /// may be slow.
    pub(crate) fn grow_room(&self, room: &mut BodyRoom, bytes: usize) -> Result<(), ProblemDetails> {
        let units = bytes.div_ceil(UNIT);
        let more = u32::try_from(units.saturating_sub(room.units)).unwrap_or(u32::MAX);
        if more == 0 {
            return Ok(());
        }
        match Arc::clone(&self.bodies).try_acquire_many_owned(more) {
            Ok(permit) => {
                match &mut room.permit {
                    Some(held) => held.merge(permit),
                    none => *none = Some(permit),
                }
                room.units = units;
                Ok(())
            }
            Err(TryAcquireError::NoPermits | TryAcquireError::Closed) => {
                Err(ProblemDetails::busy("the bodies of other requests take all the room that there is for them"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns() -> TurnLimits {
        let options =
            HttpOptions { reads: 1, large_reads: 1, bodies_bytes: 10 << 10, wait_ms: 10, ..HttpOptions::default() };
        TurnLimits::new(&options)
    }

    #[tokio::test]
    async fn who_waits_too_long_for_a_turn_is_told_so_and_small_reads_do_not_wait_for_large_ones() {
        let (turns, one) = (turns(), OpenConnection::new([127, 0, 0, 1].into(), false));
        let large = turns.read_turn(500, &one).await.unwrap();
        assert!(turns.read_turn(500, &one).await.is_err());
        let small = turns.read_turn(50, &one).await.unwrap();
        assert!(turns.read_turn(50, &one).await.is_err());
        drop((large, small));
        assert!(turns.read_turn(500, &one).await.is_ok() && turns.read_turn(50, &one).await.is_ok());
    }

    #[test]
    fn bodies_share_one_room_and_give_it_back() {
        let turns = turns();
        let (mut one, mut other) = (BodyRoom::default(), BodyRoom::default());
        turns.grow_room(&mut one, 6 << 10).unwrap();
        turns.grow_room(&mut one, 6 << 10).unwrap();
        turns.grow_room(&mut other, 4 << 10).unwrap();
        assert!(turns.grow_room(&mut other, 5 << 10).is_err());
        drop(one);
        turns.grow_room(&mut other, 10 << 10).unwrap();
    }
}
