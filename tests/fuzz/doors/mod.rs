//! The doors through which bytes of others come in, each as a function of any bytes: the program's own code, with what must hold
//! whatever they are. It is called by the fuzz targets, and over the committed corpus by the test `fuzz_corpus`.

mod cloudevents;
mod connector;
mod cursor;
mod files;
mod log;
mod records;
mod rows;

/// What a door made of its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It took something in.
    Taken,
    /// It took nothing in, and said why.
    Refused,
}

/// A door.
pub(crate) type Door = fn(&[u8]) -> Fate;

/// All doors by name. Each has a target and a folder of the corpus of that name.
pub(crate) const DOORS: [(&str, Door); 7] = [
    ("cloudevents", cloudevents::post),
    ("connector", connector::compile),
    ("csv", files::csv),
    ("cursor", cursor::page),
    ("json", files::json),
    ("log", log::record),
    ("ndjson", files::ndjson),
];

/// The first byte, a letter, which chooses among ways of reading the rest.
fn chosen<'c, 'b, T>(ways: &'c [T], bytes: &'b [u8]) -> Option<(&'c T, &'b [u8])> {
    let (first, rest) = bytes.split_first()?;
    let way = ways.get(usize::from(first.to_ascii_lowercase().wrapping_sub(b'a')) % ways.len())?;
    Some((way, rest))
}
