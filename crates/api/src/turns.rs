//! Whose turn it is: what is worked on at a time is bounded, and who cannot wait any longer is told when to come back.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, TryAcquireError};

use crate::Options;
use crate::connection::{Connection, Phase};
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
pub(crate) struct Turns {
    reads: Arc<Semaphore>,
    large_reads: Arc<Semaphore>,
    large_posts: Arc<Semaphore>,
    bodies: Arc<Semaphore>,
    thrown_away: Mutex<()>,
    wait: Duration,
}

/// Held while something is worked on.
#[derive(Debug)]
pub(crate) struct Turn {
    _permit: OwnedSemaphorePermit,
}

/// Bytes that are held for one body.
#[derive(Debug, Default)]
pub(crate) struct Room {
    units: usize,
    permit: Option<OwnedSemaphorePermit>,
}

impl Turns {
    pub(crate) fn new(options: &Options) -> Self {
        let at_a_time = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        Self {
            reads: at_a_time(options.reads),
            large_reads: at_a_time(Options::large(options.large_reads)),
            large_posts: at_a_time(Options::large(options.large_posts)),
            bodies: at_a_time(options.bodies_bytes / UNIT),
            thrown_away: Mutex::new(()),
            wait: options.wait(),
        }
    }

    /// A read of so many items.
    pub(crate) async fn read(&self, items: usize, connection: &Connection) -> Result<Turn, ProblemDetails> {
        let (turns, what) = match is_large(items) {
            true => (&self.large_reads, "reads of large pages"),
            false => (&self.reads, "reads"),
        };
        self.turn(turns, what, connection).await
    }

    /// The body of more than a few events.
    pub(crate) async fn large_post(&self, connection: &Connection) -> Result<Turn, ProblemDetails> {
        self.turn(&self.large_posts, "large bodies of events", connection).await
    }

    /// Between two pieces of bodies that are thrown away: all of them together come no faster than one each millisecond.
    pub(crate) async fn throw_away(&self) {
        let _turn = self.thrown_away.lock().await;
        tokio::time::sleep(PIECE).await;
    }

    async fn turn(&self, of: &Arc<Semaphore>, what: &str, connection: &Connection) -> Result<Turn, ProblemDetails> {
        if let Ok(permit) = Arc::clone(of).try_acquire_owned() {
            return Ok(Turn { _permit: permit });
        }
        connection.begin(Phase::Turn);
        let waited = tokio::select! {
            permit = Arc::clone(of).acquire_owned() => permit.ok(),
            () = tokio::time::sleep(self.wait) => None,
            () = connection.hurried() => None,
        };
        connection.begin(Phase::Work);
        waited.map(|permit| Turn { _permit: permit }).ok_or_else(|| {
            let most = self.wait.as_millis();
            ProblemDetails::busy(format!(
                "as many {what} are worked on as may be at a time, and none has ended within {most} ms"
            ))
        })
    }

    /// Makes a body's room at least so many bytes; a body that there is none for is refused at once, since whoever holds it
    /// may be slow.
    pub(crate) fn grow(&self, room: &mut Room, bytes: usize) -> Result<(), ProblemDetails> {
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

    fn turns() -> Turns {
        let options = Options { reads: 1, large_reads: 1, bodies_bytes: 10 << 10, wait_ms: 10, ..Options::default() };
        Turns::new(&options)
    }

    #[tokio::test]
    async fn who_waits_too_long_for_a_turn_is_told_so_and_small_reads_do_not_wait_for_large_ones() {
        let (turns, one) = (turns(), Connection::new([127, 0, 0, 1].into(), false));
        let large = turns.read(500, &one).await.unwrap();
        assert!(turns.read(500, &one).await.is_err());
        let small = turns.read(50, &one).await.unwrap();
        assert!(turns.read(50, &one).await.is_err());
        drop((large, small));
        assert!(turns.read(500, &one).await.is_ok() && turns.read(50, &one).await.is_ok());
    }

    #[test]
    fn bodies_share_one_room_and_give_it_back() {
        let turns = turns();
        let (mut one, mut other) = (Room::default(), Room::default());
        turns.grow(&mut one, 6 << 10).unwrap();
        turns.grow(&mut one, 6 << 10).unwrap();
        turns.grow(&mut other, 4 << 10).unwrap();
        assert!(turns.grow(&mut other, 5 << 10).is_err());
        drop(one);
        turns.grow(&mut other, 10 << 10).unwrap();
    }
}
