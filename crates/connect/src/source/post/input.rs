//! Posted events: what they say, with the bytes that said it.

use std::borrow::Cow;
use std::io::{self, Read};
use std::sync::Arc;

use onefold_event::{CloudEventError, Event, from_cloudevent};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::source::file::open_bytes;

/// One event as it was sent, whether it is one or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Posted {
    /// The bytes that were sent; what is refused is kept as these.
    pub raw: Vec<u8>,
    /// What they say.
    pub value: Value,
}

/// Begins bytes that are packed by gzip (RFC 1952, section 2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xEF\xBB\xBF";

impl Posted {
    /// A body as text: unpacked where it is packed, and without a byte order mark, as files are read.
    ///
    /// # Errors
    /// It is damaged or ends too early; or of kind `FileTooLarge`, it unpacks to more than so many bytes.
    pub fn unpacked(body: &[u8], most: usize) -> io::Result<Cow<'_, [u8]>> {
        if !body.starts_with(&GZIP) {
            return Ok(Cow::Borrowed(body.strip_prefix(MARK).unwrap_or(body)));
        }
        let mut whole = Vec::new();
        // One byte more than allowed tells that there is more.
        open_bytes(&Arc::from(body))?.reader.take(most as u64 + 1).read_to_end(&mut whole)?;
        if whole.len() > most {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        if whole.starts_with(MARK) {
            whole.drain(..MARK.len());
        }
        Ok(Cow::Owned(whole))
    }

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
    use std::io::Write;

    #[test]
    fn a_packed_or_marked_body_is_read_as_the_plain_one_and_never_grows_beyond_its_bound() {
        let plain = b"{\"a\": \"caf\xc3\xa9\"}";
        let marked = [MARK, plain].concat();
        assert_eq!(&*Posted::unpacked(plain, 100).unwrap(), plain);
        assert_eq!(&*Posted::unpacked(&marked, 100).unwrap(), plain);
        assert_eq!(&*Posted::unpacked(&gzip(&marked), 100).unwrap(), plain);
        let bomb = gzip(&vec![b' '; 1 << 20]);
        assert_eq!(Posted::unpacked(&bomb, 1 << 19).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(Posted::unpacked(&bomb, 1 << 20).unwrap().len(), 1 << 20);
        assert!(Posted::unpacked(&bomb[..bomb.len() / 2], 1 << 20).is_err());
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    }

    #[test]
    fn each_event_of_a_list_keeps_its_own_bytes() {
        let items = Posted::batch(b" [ {\"b\" : 1.50,\n \"a\":\t\"\\u0041\"} ,7, [ ]]\n").unwrap();
        let raw: Vec<&[u8]> = items.iter().map(|item| item.raw.as_slice()).collect();
        assert_eq!(raw, [&b"{\"b\" : 1.50,\n \"a\":\t\"\\u0041\"}"[..], b"7", b"[ ]"]);
        assert_eq!(items.first().map(|item| item.value["a"].clone()), Some("A".into()));
        assert!(Posted::batch(b"{}").is_err() && Posted::batch(b"[1,").is_err());
    }
}
