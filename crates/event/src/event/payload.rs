//! What an event says: in two parts, of which the personal one may be sealed.

use std::borrow::Cow;

use prost::encoding::{DecodeContext, decode_key, skip_field};

use crate::{Body, EventError, EventType, Subject, catalogue};

/// The message of an event as it stands in the log: the encoding of its open fields, unknown ones among them, and that of its
/// personal fields, in clear or sealed under a key of its subject. Whoever carries events (door, copy, log) moves it as it is;
/// whoever must know what it says asks [`Payload::read`].
#[derive(Debug, Clone, PartialEq)]
pub struct Payload {
    ty: &'static EventType,
    open: Vec<u8>,
    personal: Vec<u8>,
    /// Names the key under which the personal part is sealed; empty: it is in clear.
    sealed_by: Vec<u8>,
}

/// PORT: opens what was sealed. Keys can be destroyed, so that a part which could be opened once may not be any more.
pub trait KeyRing: Send + Sync {
    /// The clear bytes of a personal part: of which subject it is, the name of the key, and the sealed bytes. None where the
    /// key is not there, or no longer.
    fn unseal(&self, subject: &Subject, key: &[u8], sealed: &[u8]) -> Option<Vec<u8>>;
}

/// Opens nothing: of a hub that has no keys, every sealed part stays sealed.
#[derive(Debug, Clone, Copy, Default)]
pub struct EmptyKeyRing;

impl KeyRing for EmptyKeyRing {
    fn unseal(&self, _: &Subject, _: &[u8], _: &[u8]) -> Option<Vec<u8>> {
        None
    }
}

/// What a payload says to whoever holds these keys.
#[derive(Debug, Clone, PartialEq)]
pub struct PayloadContent {
    /// The message; of a sealed payload its open fields alone, personal ones as if they were not there.
    pub body: Body,
    /// The personal part could not be opened.
    pub is_sealed: bool,
}

impl Payload {
    /// Of a message in clear.
    pub fn of_body(body: &Body) -> Result<Self, EventError> {
        Self::split_message(catalogue().type_of(body), &body.encode_to_vec())
    }

    /// Of an encoded message in clear, whose unknown fields are kept, with what it says.
    pub(crate) fn of_message(name: &str, message: &[u8]) -> Result<(Self, Body), EventError> {
        let payload = Self::split_message(catalogue().get(name)?, message)?;
        let body = payload.decode_body(&payload.personal)?;
        Ok((payload, body))
    }

    /// From its parts, as a record in the log holds them.
    pub(crate) fn of_parts(
        name: &str,
        open: Vec<u8>,
        personal: Vec<u8>,
        sealed_by: Vec<u8>,
    ) -> Result<Self, EventError> {
        let ty = catalogue().get(name)?;
        Ok(Self { ty, open, personal, sealed_by })
    }

    /// Its type in the catalogue.
    pub fn ty(&self) -> &'static EventType {
        self.ty
    }

    /// Encoding of the fields that are not personal, unknown ones among them.
    pub fn open(&self) -> &[u8] {
        &self.open
    }

    /// Encoding of the personal fields, or the sealed bytes of it.
    pub fn personal(&self) -> &[u8] {
        &self.personal
    }

    /// Names the key under which the personal part is sealed; empty: it is in clear.
    pub fn sealed_by(&self) -> &[u8] {
        &self.sealed_by
    }

    /// The personal part in clear, if it is.
    pub(crate) fn clear_personal(&self) -> Option<&[u8]> {
        self.sealed_by.is_empty().then_some(self.personal.as_slice())
    }

    /// The same with the personal part sealed, unless it is already or there is none.
    #[must_use]
    pub fn seal_with(self, key: &[u8], seal: impl FnOnce(&[u8]) -> Vec<u8>) -> Self {
        if !self.sealed_by.is_empty() || self.personal.is_empty() {
            return self;
        }
        Self { personal: seal(&self.personal), sealed_by: key.to_vec(), ..self }
    }

    /// What it says, as far as these keys open it.
    ///
    /// # Errors
    /// Bytes in clear, or opened ones, that do not decode.
    pub fn read(&self, subject: &Subject, keys: &dyn KeyRing) -> Result<PayloadContent, EventError> {
        let clear = self.open_personal(subject, keys);
        let body = self.decode_body(clear.as_deref().unwrap_or_default())?;
        Ok(PayloadContent { body, is_sealed: clear.is_none() })
    }

    /// The encoded message, as far as these keys open it, and whether its personal part stayed sealed.
    pub(crate) fn clear_message(&self, subject: &Subject, keys: &dyn KeyRing) -> (Vec<u8>, bool) {
        let clear = self.open_personal(subject, keys);
        ([self.open.as_slice(), clear.as_deref().unwrap_or_default()].concat(), clear.is_none())
    }

    /// The personal part in clear; none where it stays sealed.
    fn open_personal(&self, subject: &Subject, keys: &dyn KeyRing) -> Option<Cow<'_, [u8]>> {
        match self.clear_personal() {
            Some(clear) => Some(Cow::Borrowed(clear)),
            None => keys.unseal(subject, &self.sealed_by, &self.personal).map(Cow::Owned),
        }
    }

    fn decode_body(&self, personal: &[u8]) -> Result<Body, EventError> {
        Body::decode(self.ty.name, &self.open, personal)
            .ok_or_else(|| catalogue().unknown_type(self.ty.name))?
            .map_err(|error| EventError::Decode(error.to_string()))
    }

    fn split_message(ty: &'static EventType, message: &[u8]) -> Result<Self, EventError> {
        let (open, personal) = split_fields(message, ty).map_err(|error| EventError::Decode(error.to_string()))?;
        Ok(Self { ty, open, personal, sealed_by: Vec::new() })
    }
}

/// Parts the encoding of a message into open and personal fields, each in its order; unknown fields are open.
fn split_fields(message: &[u8], ty: &EventType) -> Result<(Vec<u8>, Vec<u8>), prost::DecodeError> {
    let (mut open, mut personal) = (Vec::with_capacity(message.len()), Vec::new());
    let mut rest = message;
    while !rest.is_empty() {
        let start = rest;
        let (number, wire) = decode_key(&mut rest)?;
        // Skipped, not decoded: a field that this build does not know is kept byte for byte.
        skip_field(wire, number, &mut rest, DecodeContext::default())?;
        let field = &start[..start.len() - rest.len()];
        if ty.is_personal(number) { personal.extend_from_slice(field) } else { open.extend_from_slice(field) }
    }
    Ok((open, personal))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1;

    /// Holds one key, under which bytes are turned around.
    struct Reversing;

    impl KeyRing for Reversing {
        fn unseal(&self, subject: &Subject, key: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
            (subject.as_str() == "order:shop:1" && key == b"k1").then(|| sealed.iter().rev().copied().collect())
        }
    }

    fn order() -> Payload {
        let identifier = v1::Identifier { kind: "email".into(), text: "ann@example.org".into(), ..Default::default() };
        let order = v1::OrderPlaced {
            channel: "web".into(),
            identifiers: vec![identifier],
            buyer: Some(v1::Person { name: "Ann".into(), ..Default::default() }),
            ..Default::default()
        };
        Payload::of_body(&order.into()).unwrap()
    }

    #[test]
    fn a_sealed_part_that_cannot_be_opened_leaves_the_open_fields() {
        let subject: Subject = "order:shop:1".parse().unwrap();
        let clear = order();
        let sealed = clear.clone().seal_with(b"k1", |bytes| bytes.iter().rev().copied().collect());
        let read = sealed.read(&subject, &EmptyKeyRing).unwrap();
        let Body::OrderPlaced(order) = &read.body else { panic!("{read:?}") };
        assert!(read.is_sealed && order.identifiers.is_empty() && order.buyer.is_none());
        assert_eq!(order.channel, "web");
        assert_eq!(sealed.read(&subject, &Reversing).unwrap(), clear.read(&subject, &EmptyKeyRing).unwrap());
        let other: Subject = "order:shop:2".parse().unwrap();
        assert!(sealed.read(&other, &Reversing).unwrap().is_sealed, "a key is one subject's");
        assert_eq!(sealed.clone().seal_with(b"k2", |_| panic!("it is sealed already")), sealed);
    }

    #[test]
    fn what_is_in_clear_and_does_not_decode_is_an_error_and_not_sealed() {
        let subject: Subject = "order:shop:1".parse().unwrap();
        let broken = Payload { personal: vec![0xFF], ..order() };
        assert!(matches!(broken.read(&subject, &EmptyKeyRing), Err(EventError::Decode(_))));
    }
}
