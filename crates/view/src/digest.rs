//! Digests: what two paths are compared by.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::Bundle;

/// SHA-256 of something that views are made of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

/// A sum of digests modulo 2^256: the same in whatever order they are added, and any can be taken away again.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct DigestSum([u8; 32]);

impl Bundle {
    /// Digest of a bundle's canonical bytes under its owner key.
    pub fn digest(key: &str, bytes: &[u8]) -> Digest {
        let mut hash = Sha256::new();
        hash.update(b"bundle");
        hash.update(length_prefix(key.len()));
        hash.update(key.as_bytes());
        hash.update(bytes);
        Digest(hash.finalize().into())
    }
}

impl Digest {
    /// Of a cluster: its party keys, sorted here.
    pub fn of_cluster<'a>(parties: impl IntoIterator<Item = &'a str>) -> Self {
        of_parties("cluster", "", parties)
    }

    /// Of an id and the party keys of the customer that bears it.
    pub fn of_id<'a>(customer: &str, parties: impl IntoIterator<Item = &'a str>) -> Self {
        of_parties("id", customer, parties)
    }
}

fn of_parties<'a>(what: &str, id: &str, parties: impl IntoIterator<Item = &'a str>) -> Digest {
    let mut parties: Vec<&str> = parties.into_iter().collect();
    // The same parties are the same digest, in whatever order and however often an engine returns them.
    parties.sort_unstable();
    parties.dedup();
    let mut hash = Sha256::new();
    for text in [what, id].into_iter().chain(parties) {
        hash.update(length_prefix(text.len()));
        hash.update(text.as_bytes());
    }
    Digest(hash.finalize().into())
}

fn length_prefix(n: usize) -> [u8; 8] {
    (n as u64).to_be_bytes()
}

impl DigestSum {
    /// Adds a digest.
    pub fn add(&mut self, digest: &Digest) {
        self.add_bytes(&digest.0);
    }

    /// Takes a digest away.
    pub fn subtract(&mut self, digest: &Digest) {
        // a - b = a + (not b) + 1, in two's complement.
        let mut negated = digest.0.map(|byte| !byte);
        for byte in negated.iter_mut().rev() {
            let (sum, over) = byte.overflowing_add(1);
            *byte = sum;
            if !over {
                break;
            }
        }
        self.add_bytes(&negated);
    }

    /// Adds another sum, such as that of another table.
    pub fn merge(&mut self, other: &DigestSum) {
        self.add_bytes(&other.0);
    }

    /// Its bytes, to be stored.
    pub fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// Takes stored bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    fn add_bytes(&mut self, other: &[u8; 32]) {
        let mut carry = 0u16;
        for (byte, more) in self.0.iter_mut().zip(other).rev() {
            let sum = u16::from(*byte) + u16::from(*more) + carry;
            *byte = (sum & 0xff) as u8;
            carry = sum >> 8;
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Display for DigestSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for DigestSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn digests_of_clusters_do_not_run_into_each_other() {
        assert_ne!(Digest::of_cluster(["party:a:1", "party:a:2"]), Digest::of_cluster(["party:a:1party:a:2"]));
        assert_eq!(Digest::of_cluster(["party:a:2", "party:a:1"]), Digest::of_cluster(["party:a:1", "party:a:2"]));
        assert_ne!(Digest::of_id("x", ["party:a:1"]), Digest::of_cluster(["party:a:1"]));
    }

    proptest! {
        #[test]
        fn what_is_added_can_be_taken_away_in_any_order(digests in proptest::collection::vec(any::<[u8; 32]>(), 1..6)) {
            let mut sum = DigestSum::default();
            digests.iter().for_each(|d| sum.add(&Digest(*d)));
            let mut reversed = DigestSum::default();
            digests.iter().rev().for_each(|d| reversed.add(&Digest(*d)));
            prop_assert_eq!(sum, reversed);
            digests.iter().for_each(|d| sum.subtract(&Digest(*d)));
            prop_assert_eq!(sum, DigestSum::default());
        }
    }
}
