//! Reading numbers and hashes as C2SP writes them.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::TreeHash;

/// A number: decimal, without sign and leading zeros.
pub(crate) fn read_number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// A hash in base64.
pub(crate) fn read_hash(text: &str) -> Option<TreeHash> {
    BASE64_STANDARD.decode(text).ok()?.try_into().ok()
}
