//! Reading what has its length before it.

/// So many bytes, if there are.
pub(crate) fn take_bytes<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(taken)
}

/// A length or a number of 4 bytes, big-endian.
pub(crate) fn take_count(rest: &mut &[u8]) -> Option<usize> {
    Some(u32::from_be_bytes(take_bytes(rest, 4)?.try_into().ok()?) as usize)
}
