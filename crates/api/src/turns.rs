//! Whose turn it is: what is worked on at a time is bounded, and who cannot wait any longer is told when to come back.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use crate::Options;
use crate::problem::Problem;

/// Items of a page at most that is read among the small ones.
const SMALL_PAGE: usize = 100;
/// The unit in which the bytes of bodies are counted.
const UNIT: usize = 1 << 10;

/// What may be held and worked on at a time, for all requests together.
#[derive(Debug)]
pub(crate) struct Turns {
    reads: Arc<Semaphore>,
    large_reads: Arc<Semaphore>,
    large_posts: Arc<Semaphore>,
    bodies: Arc<Semaphore>,
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
            large_reads: at_a_time(options.large_reads),
            large_posts: at_a_time(options.large_posts),
            bodies: at_a_time(options.bodies_bytes / UNIT),
            wait: options.wait(),
        }
    }

    /// A read of so many items.
    pub(crate) async fn read(&self, items: usize) -> Result<Turn, Problem> {
        let (turns, what) = match items > SMALL_PAGE {
            true => (&self.large_reads, "reads of large pages"),
            false => (&self.reads, "reads"),
        };
        self.turn(turns, what).await
    }

    /// The body of more than a few events.
    pub(crate) async fn large_post(&self) -> Result<Turn, Problem> {
        self.turn(&self.large_posts, "large bodies of events").await
    }

    async fn turn(&self, of: &Arc<Semaphore>, what: &str) -> Result<Turn, Problem> {
        match tokio::time::timeout(self.wait, Arc::clone(of).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Turn { _permit: permit }),
            Ok(Err(_)) | Err(_) => Err(Problem::busy(format!(
                "as many {what} are worked on as may be at a time, and none has ended within {} ms",
                self.wait.as_millis()
            ))),
        }
    }

    /// Makes a body's room at least so many bytes; a body that there is none for is refused at once, since whoever holds it
    /// may be slow.
    pub(crate) fn grow(&self, room: &mut Room, bytes: usize) -> Result<(), Problem> {
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
                Err(Problem::busy("the bodies of other requests take all the room that there is for them"))
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
        let turns = turns();
        let large = turns.read(500).await.unwrap();
        assert!(turns.read(500).await.is_err());
        let small = turns.read(50).await.unwrap();
        assert!(turns.read(50).await.is_err());
        drop((large, small));
        assert!(turns.read(500).await.is_ok() && turns.read(50).await.is_ok());
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
