//! A record in the log that was no event to the program that met it, once more.

use onefold_door::Door;
use onefold_event::{CodecError, EmptyKeyRing, decode};
use onefold_store::{Quarantine, QuarantineEntry};

use crate::{RetryError, RetryOutcome};

/// Whether it is an event to this program, and the views show it. Nothing is taken in: it stands in the log already, and a
/// copy at the log's end would have another time than the record has wherever the views are made again.
pub(crate) async fn again(
    entry: &QuarantineEntry,
    door: &Door,
    quarantine: &dyn Quarantine,
) -> Result<RetryOutcome, RetryError> {
    let number = entry.number;
    // Whether it stays sealed is the projector's to find out; that it decodes is what was wrong with it.
    let decoded =
        decode(&entry.raw).and_then(|event| event.read(&EmptyKeyRing).map(|_| event).map_err(CodecError::from));
    let event = match decoded {
        Ok(event) => event,
        Err(error) => {
            return Err(RetryError::Refused { number, resource: entry.resource.clone(), problem: error.to_string() });
        }
    };
    if !door.shows(&event).await? {
        return Err(RetryError::Unfolded { number, resource: entry.resource.clone() });
    }
    let why = "it is an event to this program, and the views show it";
    quarantine.decide(number, "retried", why).await?;
    Ok(RetryOutcome::Skipped(why.to_owned()))
}
