//! What readers find wrong, in the words of the mapping's own problems (codes `R03..`; the README lists them).

use onefold_event::Problem;

use crate::charset::{BadBytes, Charset, CharsetContradiction, hex_start};
use crate::evidence::Utf8Sample;

/// R0301: a byte order mark that contradicts the mapping, or none where one must be.
pub(crate) fn mark(wrong: &CharsetContradiction, start: &[u8]) -> Problem {
    let mut problem = match wrong.found {
        Some(found) => {
            let problem = Problem::new("R0301", format!("these bytes are not {}", wrong.expected)).instead(
                format!("{}: the byte order mark of {found}", hex_start(start, 10)),
                format!("charset = \"{}\"", wrong.expected),
            );
            let marked = format!("{}-bom", found.to_ascii_lowercase());
            problem
                .help(format!("if the exports have changed for good: charset = \"{}\"", found.to_ascii_lowercase()))
                .help(format!("if both will come: charset = [\"{}\", \"{marked}\"] (chosen per file by its mark, never by guessing)", wrong.expected))
        }
        None => Problem::new("R0301", "the file has no byte order mark")
            .instead(hex_start(start, 10), format!("a mark of one of {}", wrong.expected))
            .help("name a charset without `-bom` for files that have none"),
    };
    problem.lines = vec![1];
    problem.help("nothing of this file was taken in")
}

/// R0302: bytes that are not of the charset.
pub(crate) fn bytes(charset: Charset, bad: &BadBytes, line: u64) -> Problem {
    let name = charset.encoding.name();
    let mut problem = Problem::new("R0302", format!("these bytes are not {name}")).instead(
        format!("{} at byte {} of the line", hex_start(&bad.bytes, 16), bad.at + 1),
        format!("text in {name}"),
    );
    problem.lines = vec![line];
    problem
}

/// R0303: a row with more or fewer fields than the heading.
pub(crate) fn ragged(found: usize, expected: usize, line: u64) -> Problem {
    let mut problem = Problem::new("R0303", "the row has another number of fields than the heading")
        .instead(format!("{found} fields"), format!("{expected} fields"));
    problem.lines = vec![line];
    if found < expected {
        return problem.help("if the source leaves out empty fields at the end: [read] ragged = \"pad\"");
    }
    problem.help("a field that holds the delimiter must stand in quotes")
}

/// R0304: a row beyond the limit.
pub(crate) fn long(length: u64, limit: usize, line: u64) -> Problem {
    let mut problem = Problem::new("R0304", "the row is longer than the limit")
        .instead(format!("{length} bytes"), format!("at most {limit} bytes"))
        .help("it was read through and is kept cut off, with its length and the SHA-256 of all its bytes");
    problem.lines = vec![line];
    problem
}

/// R0305: a quote that the file never closes.
pub(crate) fn open_quote(first: u64, last: u64) -> Problem {
    let mut problem = Problem::new("R0305", "a quote is opened and never closed")
        .instead(format!("lines {first} to {last} as one row"), "a closing quote");
    problem.lines = vec![first, last];
    problem
}

/// R0320: a quote that is not closed where a row must have ended.
pub(crate) fn unclosed_quote(first: u64, last: u64, limit: u64) -> Problem {
    let mut problem = Problem::new(
        "R0320",
        "a quote is opened and not closed for so long that the rest of the file would be lost in it",
    )
    .instead(
        format!("lines {first} to {last} as one row"),
        format!("a row of at most {limit} lines and no more than record_bytes"),
    )
    .help(format!(
        "close the quote that line {first} opens and read the file again: what is known already is not taken in twice"
    ))
    .help("or raise [read] limits = { record_lines = ... }, where rows are that long")
    .help(format!("what was whole before line {first} was taken in, and nothing from there on"));
    problem.lines = vec![first];
    problem
}

/// R0306: no JSON.
pub fn json_problem(error: &serde_json::Error, line: u64) -> Problem {
    let mut problem =
        Problem::new("R0306", "the line is not one JSON value").instead(error.to_string(), "one JSON value per line");
    problem.lines = vec![line];
    problem
}

/// R0315: a file that reads as UTF-8 and is declared as something else.
pub(crate) fn utf8(sample: &Utf8Sample, charset: Charset, seen_late: bool) -> Problem {
    let name = charset.encoding.name();
    let mut problem = Problem::new("R0315", format!("these bytes are UTF-8, and the mapping says {name}"))
        .instead(format!("{} in UTF-8, {} in {name}", sample.utf8, sample.declared), "one charset, said as it is")
        .help("if the first of the two is right: [read] charset = \"utf-8\"")
        .help(format!("if the second is: [read] charset_sure = true, and every file is read as {name}"));
    problem.lines = vec![sample.line];
    problem.help(match seen_late {
        false => "nothing of this file was taken in",
        true => "what came before this line is ASCII, the same in both, and was taken in",
    })
}

/// R0317: rows with one delimiter more than the heading.
pub(crate) fn closed(rows: u64, first: u64, delimiter: u8) -> Problem {
    let mut problem =
        Problem::new("R0317", "rows end in a delimiter that the heading does not have; it was passed over").instead(
            format!("{rows} rows with `{}` at their end", char::from(delimiter)),
            "as many delimiters as in the heading",
        );
    problem.lines = vec![first];
    problem
}

/// R0318: backslashes before quotes, which escape nothing.
pub(crate) fn backslash(rows: u64, first: u64) -> Problem {
    let mut problem = Problem::new("R0318", "quotes seem to be escaped by a backslash, which the mapping does not say")
        .instead(format!("{rows} rows with \\\" within a field"), "a doubled quote")
        .help("if they are: [read] escape = \"\\\\\"");
    problem.lines = vec![first];
    problem
}

/// R0306: a record of a document that is no JSON.
pub(crate) fn no_record(error: &serde_json::Error, line: u64) -> Problem {
    let mut problem = Problem::new("R0306", "the record is not JSON").instead(error.to_string(), "a JSON value");
    problem.lines = vec![line];
    problem
}

/// R0306: a document that is no JSON from here on.
pub(crate) fn no_document(found: u8, wanted: &str, line: u64) -> Problem {
    let found = match found {
        b' '..=b'~' => format!("`{}`", char::from(found)),
        other => hex_start(&[other], 1),
    };
    let mut problem = Problem::new("R0306", "the document is not JSON from here on")
        .instead(found, format!("{wanted} in line {line}"));
    problem.lines = vec![line];
    problem.help("what was whole before was taken in, and nothing from there on")
}

/// R0304: brackets within brackets, without an end.
pub(crate) fn deep(most: usize, line: u64) -> Problem {
    let mut problem = Problem::new("R0304", "the document goes deeper than the limit")
        .instead(format!("more than {most} brackets within each other"), format!("at most {most}"));
    problem.lines = vec![line];
    problem.help("what was whole before was taken in, and nothing from there on")
}

/// R0304: more around a document's records than is held in memory.
pub(crate) fn much_around(limit: usize) -> Problem {
    Problem::new("R0304", "what stands around the records is longer than the limit")
        .instead(format!("more than {limit} bytes"), format!("at most {limit} bytes beside the list of records"))
        .help("it is held in memory since the mapping reads `$.` paths, or selects by `only`")
        .help("nothing of this file was taken in")
}

/// R0311: a document in a charset that documents are not read in.
pub(crate) fn json_charset(charset: Charset) -> Problem {
    Problem::new("R0311", "a JSON document in a file is read as UTF-8")
        .instead(format!("charset = \"{}\"", charset.name().to_lowercase()), "charset = \"utf-8\"")
        .help("lines of JSON may be in any charset: [read] format = \"ndjson\"")
}

/// R0322: a record that was kept without what stood around it.
pub(crate) fn not_around() -> Problem {
    Problem::new("R0322", "the record was kept without the document around it, which the mapping reads now")
        .instead("a record alone", "the document: read its file again")
}
