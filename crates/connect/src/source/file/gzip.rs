//! The members of a gzip file (RFC 1952, section 2.2), and what stands after the last one.

use std::io::{self, BufRead, Read};
use std::sync::{Arc, Mutex, PoisonError};

use flate2::bufread::GzDecoder;

/// The first bytes of a member.
pub(crate) const MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Bytes after the last member that are kept to be shown.
const SHOWN: usize = 16;

/// Bytes after the last member that are no padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trailing {
    /// The first of them.
    pub(crate) first: Vec<u8>,
    /// All of them.
    pub(crate) length: u64,
}

/// Where they are told of, once the file was read to its end.
pub(crate) type Told = Arc<Mutex<Option<Trailing>>>;

/// Unpacks one member after the other. Zeros after a member are padding, as tapes and block devices leave it; other bytes
/// are passed over and told.
pub(crate) struct GzipMembers<R> {
    member: Option<GzDecoder<R>>,
    told: Told,
}

impl<R: BufRead> GzipMembers<R> {
    pub(crate) fn new(reader: R, told: Told) -> Self {
        Self { member: Some(GzDecoder::new(reader)), told }
    }

    /// Goes on behind a member that was read to its end.
    fn next(&mut self) -> io::Result<()> {
        let Some(mut rest) = self.member.take().map(GzDecoder::into_inner) else { return Ok(()) };
        loop {
            let buffer = rest.fill_buf()?;
            let zeros = buffer.iter().take_while(|byte| **byte == 0).count();
            if buffer.is_empty() {
                return Ok(());
            }
            let more = zeros < buffer.len();
            rest.consume(zeros);
            if more {
                break;
            }
        }
        // A magic number that is cut off is a member's that is cut off.
        let begins = match rest.fill_buf()? {
            [first] => *first == MAGIC[0],
            bytes => bytes.starts_with(&MAGIC),
        };
        if begins {
            self.member = Some(GzDecoder::new(rest));
            return Ok(());
        }
        let mut trailing = Trailing { first: Vec::new(), length: 0 };
        loop {
            let buffer = rest.fill_buf()?;
            if buffer.is_empty() {
                break;
            }
            let room = SHOWN.saturating_sub(trailing.first.len());
            trailing.first.extend(buffer.iter().take(room));
            let read = buffer.len();
            trailing.length += read as u64;
            rest.consume(read);
        }
        *self.told.lock().unwrap_or_else(PoisonError::into_inner) = Some(trailing);
        Ok(())
    }
}

impl<R: BufRead> Read for GzipMembers<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let read = member.read(into)?;
            if read > 0 || into.is_empty() {
                return Ok(read);
            }
            self.next()?;
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Write};

    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;

    use super::*;

    fn pack(bytes: &[u8]) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    }

    fn unpack(bytes: &[u8], buffer: usize) -> io::Result<(Vec<u8>, Option<Trailing>)> {
        let told = Told::default();
        let mut out = Vec::new();
        GzipMembers::new(BufReader::with_capacity(buffer, bytes), Arc::clone(&told)).read_to_end(&mut out)?;
        let trailing = told.lock().unwrap().clone();
        Ok((out, trailing))
    }

    proptest! {
        #[test]
        fn members_with_any_padding_give_all_their_bytes_and_the_rest_is_told(
            members in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..60), 0_usize..600), 1..4),
            rest in prop::collection::vec(any::<u8>(), 0..40),
            buffer in 1_usize..700,
        ) {
            let mut file: Vec<u8> = Vec::new();
            for (bytes, padding) in &members {
                file.extend(pack(bytes));
                file.resize(file.len() + padding, 0);
            }
            // What begins like a member is one, and a damaged one.
            let rest: Vec<u8> = rest.into_iter().skip_while(|byte| [0, MAGIC[0]].contains(byte)).collect();
            file.extend(&rest);
            let (bytes, trailing) = unpack(&file, buffer).unwrap();
            prop_assert_eq!(bytes, members.iter().flat_map(|(bytes, _)| bytes.clone()).collect::<Vec<_>>());
            let wanted = (!rest.is_empty())
                .then(|| Trailing { first: rest.iter().take(SHOWN).copied().collect(), length: rest.len() as u64 });
            prop_assert_eq!(trailing, wanted);
        }
    }

    #[test]
    fn a_member_that_is_cut_off_is_an_error_even_after_padding() {
        let whole = pack(b"a,b\n1,2\n");
        for cut in [1, 2, 12, whole.len() - 1] {
            let file = [&whole[..], &[0; 512], &whole[..cut]].concat();
            assert!(unpack(&file, 4096).is_err(), "{cut}");
        }
    }
}
