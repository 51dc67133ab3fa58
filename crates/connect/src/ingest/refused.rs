//! A record in the log that was no event to the program that met it, once more.

use onefold_door::Door;
use onefold_event::{CodecError, EmptyKeyRing, decode};
use onefold_store::QuarantineEntry;

use crate::RetryError;

/// Whether it is an event to this program, and the views show it: then why the entry may be closed. Nothing is taken in: it stands
/// in the log already, and a copy at the log's end would have another time than the record has wherever the views are made again.
///
/// # Errors
/// It is none, or they do not; or the world fails.
pub(crate) async fn again(entry: &QuarantineEntry, door: &Door) -> Result<String, RetryError> {
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
    Ok("it is an event to this program, and the views show it".to_owned())
}
