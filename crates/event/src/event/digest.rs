//! Content digests judge whether two copies of an event say the same.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::Event;

/// First 16 bytes of an HMAC-SHA256 (RFC 2104) over what an event says.
pub type ContentDigest = [u8; 16];

/// The hub's own key, so that digests of personal content cannot be guessed at.
#[derive(Clone)]
pub struct HubKey(Hmac<Sha256>);

impl HubKey {
    /// Takes the key's bytes.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length"))
    }

    /// Says which key this is and nothing of it: kept beside what it was used for, so that another one is noticed.
    pub fn check_number(&self) -> i64 {
        let mut mac = self.0.clone();
        mac.update(b"which key this is");
        let full = mac.finalize().into_bytes();
        let mut short = [0; 8];
        short.copy_from_slice(&full[..8]);
        i64::from_be_bytes(short)
    }

    /// Digest of what the event says: not where it was read, when it was taken in, or by which mapping. Nor on which clock
    /// its time was read: an event that was kept before offsets were is the same as the one that is read with it now.
    pub fn digest_event(&self, event: &Event) -> ContentDigest {
        let mut mac = self.0.clone();
        let mut put = |bytes: &[u8]| {
            mac.update(&(bytes.len() as u64).to_be_bytes());
            mac.update(bytes);
        };
        let (header, payload) = (&event.header, event.payload());
        put(payload.ty().name.as_bytes());
        put(header.subject.as_str().as_bytes());
        put(&header.occurred_at.to_be_bytes());
        put(&[u8::from(header.day)]);
        for reference in &header.references {
            put(reference.role.word().as_bytes());
            put(reference.subject.as_str().as_bytes());
        }
        put(payload.open());
        put(payload.personal());
        let full = mac.finalize().into_bytes();
        let mut short = [0; 16];
        short.copy_from_slice(&full[..16]);
        short
    }
}

impl std::fmt::Debug for HubKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HubKey(***)")
    }
}
