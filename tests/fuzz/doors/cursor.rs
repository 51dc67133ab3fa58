//! What a caller says of a list: the query with its cursor, the reference in the path, the words that are looked for.

use hyper::Uri;
use onefold_api::PageQuery;
use onefold_service::{Cursor, CustomerReference};
use onefold_view::{SearchTerm, search_words};

use super::Fate;

/// Bytes of what is looked for, from where there may be more words than bytes.
const SPELLINGS: usize = 64;

/// A line that is the target of a request, one that is a reference, and one that is words.
pub(super) fn page(bytes: &[u8]) -> Fate {
    let mut lines = bytes.splitn(3, |byte| *byte == b'\n');
    let target = lines.next().unwrap_or_default();
    let mut fate = Fate::Refused;
    if let Ok(uri) = Uri::try_from(target)
        && let Ok(paged) = PageQuery::read(&uri)
        && let Some(Ok(cursor)) = paged.cursor.as_deref().map(str::parse::<Cursor>)
    {
        let again: Cursor = cursor.to_string().parse().unwrap_or_else(|error| panic!("{cursor}: {error}"));
        assert_eq!(again, cursor, "{cursor}");
        fate = Fate::Taken;
    }
    if let Some(Ok(Ok(reference))) =
        lines.next().map(|line| std::str::from_utf8(line).map(str::parse::<CustomerReference>))
    {
        let again: CustomerReference =
            reference.to_string().parse().unwrap_or_else(|error| panic!("{reference}: {error}"));
        assert_eq!(again, reference, "{reference}");
        fate = Fate::Taken;
    }
    if let Some(Ok(words)) = lines.next().map(std::str::from_utf8) {
        let count = search_words(words).len() + SearchTerm::all(words).len();
        assert!(count <= SPELLINGS * (1 + words.len()), "{count} words of {} bytes", words.len());
    }
    fate
}
