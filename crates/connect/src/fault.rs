//! What readers find wrong, in the words of the mapping's own problems (codes `R03..`; the README lists them).

use onefold_door::EarlierCopy;
use onefold_event::{CloudEventError, EventError, EventId, Problem};

use crate::charset::{BadBytes, Charset, Contradiction, hex};
use crate::evidence::Sample;
use crate::lines::Endless;
use crate::source::file::Trailing;

/// R0301: a byte order mark that contradicts the mapping, or none where one must be.
pub(crate) fn mark(wrong: &Contradiction, start: &[u8]) -> Problem {
    let mut problem = match wrong.found {
        Some(found) => {
            let problem = Problem::new("R0301", format!("these bytes are not {}", wrong.expected)).instead(
                format!("{}: the byte order mark of {found}", hex(start, 10)),
                format!("charset = \"{}\"", wrong.expected),
            );
            let marked = format!("{}-bom", found.to_ascii_lowercase());
            problem
                .help(format!("if the exports have changed for good: charset = \"{}\"", found.to_ascii_lowercase()))
                .help(format!("if both will come: charset = [\"{}\", \"{marked}\"] (chosen per file by its mark, never by guessing)", wrong.expected))
        }
        None => Problem::new("R0301", "the file has no byte order mark")
            .instead(hex(start, 10), format!("a mark of one of {}", wrong.expected))
            .help("name a charset without `-bom` for files that have none"),
    };
    problem.lines = vec![1];
    problem.help("nothing of this file was taken in")
}

/// R0302: bytes that are not of the charset.
pub(crate) fn bytes(charset: Charset, bad: &BadBytes, line: u64) -> Problem {
    let name = charset.encoding.name();
    let mut problem = Problem::new("R0302", format!("these bytes are not {name}"))
        .instead(format!("{} at byte {} of the line", hex(&bad.bytes, 16), bad.at + 1), format!("text in {name}"));
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

/// R0321: a file without an end.
pub(crate) fn endless(error: &Endless, line: u64, open: usize) -> Problem {
    let mut problem = Problem::new("R0321", "the file does not end")
        .instead(format!("{error} after line {line}"), "a file that is written to its end")
        .help(format!("what was whole up to there was taken in; {open} documents that were still open were not"))
        .help("read it again once it is written: what is known already is not taken in twice");
    problem.lines = vec![line];
    problem
}

/// R0306: no JSON.
pub(crate) fn json(error: &serde_json::Error, line: u64) -> Problem {
    let mut problem =
        Problem::new("R0306", "the line is not one JSON value").instead(error.to_string(), "one JSON value per line");
    problem.lines = vec![line];
    problem
}

/// R0307: rows of a document that had been complete.
pub(crate) fn late(key: &str, line: u64, within: u64, after: u64) -> Problem {
    let mut problem = Problem::new("R0307", "a document goes on after it was taken to be whole")
        .instead(
            format!("document {key} continues at line {line}, more than {within} rows after line {after}"),
            format!("all rows of a document within {within} rows of each other"),
        )
        .help("raise [read] group_within, or set it to \"file\"")
        .help(format!("what was taken in of {key} up to line {after} stays and lacks these rows"));
    problem.lines = vec![line];
    problem
}

/// R0308: a row that cannot be read and may belong to this document.
pub(crate) fn neighbour(line: u64, cause: &Problem) -> Problem {
    let mut problem = Problem::new("R0308", "a row that may belong to this document cannot be read")
        .instead(format!("line {line}: {}", cause.message), "every row of a document, since part of one is false");
    problem.lines = vec![line];
    problem
}

/// R0309: a file that ends too early or is damaged; R0321 where it does not end.
pub(crate) fn cut_off(error: &std::io::Error, lines: u64, open: usize) -> Problem {
    if let Some(error) = error.get_ref().and_then(|error| error.downcast_ref::<Endless>()) {
        return endless(error, lines, open);
    }
    let mut problem = Problem::new("R0309", "the file ends too early or is damaged")
        .instead(format!("{error} after line {lines}"), "a whole file")
        .help(format!("what was whole up to there was taken in; {open} documents that were still open were not"))
        .help("get the file again and read it once more: what is known already is not taken in twice");
    problem.lines = vec![lines];
    problem
}

/// R0313: more is held back than memory is allowed for.
pub(crate) fn held(limit: u64, line: u64, open: usize) -> Problem {
    let mut problem = Problem::new("R0313", "more of the file is held back than the limit allows")
        .instead(format!("{open} documents still open at line {line}"), format!("at most {limit} bytes of memory"))
        .help("sort the file by its [read] group_by columns and let group_within say so many rows")
        .help("or raise [read] limits = { open_bytes = ... }, where there is memory")
        .help("what was whole up to there was taken in, and is not taken in twice");
    problem.lines = vec![line];
    problem
}

/// R0310: more in quarantine than the mapping allows.
pub(crate) fn fuse(bad: u64, of: u64, line: u64, why: &str) -> Problem {
    let mut problem = Problem::new("R0310", "this file is not what the mapping expects")
        .instead(format!("{bad} of {of} records fail: {why}"), "fewer, as [read] stop_after says")
        .help("correct the mapping or the file and read it again: what is known already is not taken in twice");
    problem.lines = vec![line];
    problem
}

/// R0314: a row of no document, with the document above it where that is known.
pub(crate) fn keyless(line: u64, columns: &[String], above: bool) -> Problem {
    let names = columns.join(", ");
    let listed = columns.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    let message = match above {
        true => "a row without a key stands below this document and may belong to it",
        false => "a row without a key stands below no document",
    };
    let mut problem = Problem::new("R0314", message)
        .instead(format!("line {line} has nothing in {names}"), format!("a value in {names} in every row"))
        .help(format!(
            "if the source writes only once what its rows share (merged cells): [read] fill_down = [{listed}]"
        ))
        .help("if such rows belong to no document (totals, remarks): name the reason in [skip]");
    problem.lines = vec![line];
    if above {
        problem.help("the document is kept whole, since part of one is false: `quarantine retry` takes it in")
    } else {
        problem
    }
}

/// R0315: a file that reads as UTF-8 and is declared as something else.
pub(crate) fn utf8(sample: &Sample, charset: Charset, seen_late: bool) -> Problem {
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

/// R0316: bytes after the last packed member.
pub(crate) fn trailing(trailing: &Trailing) -> Problem {
    Problem::new("R0316", "bytes stand after the end of the packed file and were passed over")
        .instead(
            format!("{} bytes: {}", trailing.length, hex(&trailing.first, 12)),
            "nothing, zeros, or another packed member",
        )
        .help("what was packed is whole; if something was appended to the file, pack it together with the rest")
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

/// R0319: a record that is not whole without the rows of another.
pub(crate) fn taken_from_above(line: u64) -> Problem {
    let mut problem = Problem::new("R0319", "the record takes values from a row of another record (`fill_down`)")
        .instead(format!("blank cells from line {line} on"), "a record that is whole by itself")
        .help("ingest the file as it is, or have its source write the values in every row");
    problem.lines = vec![line];
    problem
}

/// `conflict`: the same id with other content under the same mapping.
pub(crate) fn conflict(subject: &str, id: EventId, earlier: &EarlierCopy) -> Problem {
    let mut problem = Problem::new("conflict", "an earlier event with this id says something else")
        .instead(format!("{subject}, event {id}, with other content than {}", place(earlier)), "the same content, or a revision that tells the versions apart")
        .help("the earlier one stands; if the source may change its records, let [common] revision say which column tells");
    subject.clone_into(&mut problem.target);
    problem
}

/// `older-mapping`: an earlier mapping made another event of this record.
pub(crate) fn older_mapping(subject: &str, id: EventId, earlier: &EarlierCopy) -> Problem {
    let mut problem = Problem::new("older-mapping", "already mapped by an older mapping").instead(
        format!("{subject}, event {id}, which an older mapping made of {}", place(earlier)),
        "an event that is not known yet",
    );
    subject.clone_into(&mut problem.target);
    problem
}

fn place(earlier: &EarlierCopy) -> String {
    match &earlier.locator {
        Some(at) if at.first_line == at.last_line => format!("{}:{}", at.resource, at.first_line),
        Some(at) => format!("{}:{}-{}", at.resource, at.first_line, at.last_line),
        None => format!("the one posted before, at {}/{} of the log", earlier.partition, earlier.offset),
    }
}

/// What is wrong with a posted event: values under the codes that files have for them, all else under R0312.
pub(crate) fn posted(error: &CloudEventError) -> Vec<Problem> {
    event(&error.0)
}

/// The same of any event.
pub(crate) fn event(errors: &[EventError]) -> Vec<Problem> {
    errors
        .iter()
        .map(|e| match e {
            EventError::Value { field, fault } => {
                let mut problem = Problem::new(fault.code, fault.message).instead(&fault.found, &fault.expected);
                problem.target.clone_from(field);
                problem.help.clone_from(&fault.help);
                problem
            }
            other => Problem::new("R0312", "this is not an event of the catalogue")
                .instead(other.to_string(), "a CloudEvents object of a type in the catalogue"),
        })
        .collect()
}
