//! Posted events: what they say, with the bytes that said it.

use onefold_event::{CloudEventError, Event, from_cloudevent};
use serde_json::Value;
use serde_json::value::RawValue;

/// One event as it was sent, whether it is one or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Posted {
    /// The bytes that were sent; what is refused is kept as these.
    pub raw: Vec<u8>,
    /// What they say.
    pub value: Value,
}

impl Posted {
    /// A body that is one event.
    ///
    /// # Errors
    /// It is no JSON.
    pub fn one(body: &[u8]) -> Result<Self, serde_json::Error> {
        Ok(Self { raw: body.to_vec(), value: serde_json::from_slice(body)? })
    }

    /// A body that is a list of events; each has its own bytes.
    ///
    /// # Errors
    /// It is no JSON, or no list.
    pub fn batch(body: &[u8]) -> Result<Vec<Self>, serde_json::Error> {
        let items: Vec<&RawValue> = serde_json::from_slice(body)?;
        items.into_iter().map(|item| Self::one(item.get().as_bytes())).collect()
    }

    /// The event in it.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn event(&self) -> Result<Event, CloudEventError> {
        from_cloudevent(&self.value)
    }
}

impl From<Value> for Posted {
    /// What was never bytes: as it is written now.
    fn from(value: Value) -> Self {
        Self { raw: value.to_string().into_bytes(), value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_of_a_list_keeps_its_own_bytes() {
        let items = Posted::batch(b" [ {\"b\" : 1.50,\n \"a\":\t\"\\u0041\"} ,7, [ ]]\n").unwrap();
        let raw: Vec<&[u8]> = items.iter().map(|item| item.raw.as_slice()).collect();
        assert_eq!(raw, [&b"{\"b\" : 1.50,\n \"a\":\t\"\\u0041\"}"[..], b"7", b"[ ]"]);
        assert_eq!(items.first().map(|item| item.value["a"].clone()), Some("A".into()));
        assert!(Posted::batch(b"{}").is_err() && Posted::batch(b"[1,").is_err());
    }
}
