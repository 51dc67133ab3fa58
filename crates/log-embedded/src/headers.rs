//! Headers as one column: for each its name and its value, each after its length (LEB128).

use bytes::Bytes;

/// Appends the encoding of the headers to `out`.
pub(crate) fn encode(headers: &[(String, Bytes)], out: &mut Vec<u8>) {
    for (name, value) in headers {
        for part in [name.as_bytes(), value.as_ref()] {
            put_length(part.len() as u64, out);
            out.extend_from_slice(part);
        }
    }
}

/// The headers of a column, or nothing when it is damaged.
pub(crate) fn decode(column: &[u8]) -> Option<Vec<(String, Bytes)>> {
    if column.is_empty() {
        return Some(Vec::new());
    }
    // One copy of the column; the values are parts of it.
    let mut rest = Bytes::copy_from_slice(column);
    let mut headers = Vec::new();
    while !rest.is_empty() {
        let name = take_part(&mut rest)?;
        let name = std::str::from_utf8(&name).ok()?.to_owned();
        headers.push((name, take_part(&mut rest)?));
    }
    Some(headers)
}

fn put_length(mut n: u64, out: &mut Vec<u8>) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn take_part(rest: &mut Bytes) -> Option<Bytes> {
    let mut n = 0u64;
    for (at, byte) in rest.iter().take(9).enumerate() {
        n |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            let _ = rest.split_to(at + 1);
            let n = usize::try_from(n).ok().filter(|n| *n <= rest.len())?;
            return Some(rest.split_to(n));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encoded(headers: &[(String, Bytes)]) -> Vec<u8> {
        let mut out = Vec::new();
        encode(headers, &mut out);
        out
    }

    #[test]
    fn the_encoding_is_frozen() {
        let headers = vec![
            ("ce_id".to_owned(), Bytes::from_static(b"1")),
            ("名".to_owned(), Bytes::from(vec![7; 200])),
            (String::new(), Bytes::new()),
        ];
        let mut expected = b"\x05ce_id\x011\x03\xe5\x90\x8d\xc8\x01".to_vec();
        expected.extend([7; 200]);
        expected.extend([0, 0]);
        assert_eq!(encoded(&headers), expected);
        assert_eq!(decode(&expected), Some(headers));
    }

    #[test]
    fn a_cut_column_is_found_out() {
        let whole = encoded(&[("name".to_owned(), Bytes::from_static(b"value"))]);
        for end in 1..whole.len() {
            assert_eq!(decode(&whole[..end]), None, "cut at {end}");
        }
        assert_eq!(decode(&[0xff; 40]), None);
        assert_eq!(decode(&[0x01, 0xff, 0x00]), None, "a name is UTF-8");
    }

    proptest! {
        #[test]
        fn headers_come_back_as_they_went(
            headers in prop::collection::vec((".{0,40}", prop::collection::vec(any::<u8>(), 0..400)), 0..12)
        ) {
            let headers: Vec<_> = headers.into_iter().map(|(n, v)| (n, Bytes::from(v))).collect();
            prop_assert_eq!(decode(&encoded(&headers)), Some(headers));
        }

        #[test]
        fn decoding_never_panics(column in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some(headers) = decode(&column) {
                prop_assert_eq!(decode(&encoded(&headers)), Some(headers));
            }
        }
    }
}
