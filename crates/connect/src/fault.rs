//! What is wrong with records and files, beside what cannot be read of them, in the words of the mapping's own problems (codes
//! `R03..`; the README lists them).

use onefold_door::EarlierCopy;
use onefold_event::{CloudEventError, EventError, EventId, Locator, Problem};
use onefold_format::{EndlessError, hex_start};

use crate::source::file::Trailing;

/// R0321: a file without an end.
pub(crate) fn endless(error: &EndlessError, line: u64, open: usize) -> Problem {
    let mut problem = Problem::new("R0321", "the file does not end")
        .instead(format!("{error} after line {line}"), "a file that is written to its end")
        .help(format!("what was whole up to there was taken in; {open} documents that were still open were not"))
        .help("read it again once it is written: what is known already is not taken in twice");
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
    if let Some(error) = error.get_ref().and_then(|error| error.downcast_ref::<EndlessError>()) {
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

/// R0316: bytes after the last packed member.
pub(crate) fn trailing(trailing: &Trailing) -> Problem {
    Problem::new("R0316", "bytes stand after the end of the packed file and were passed over")
        .instead(
            format!("{} bytes: {}", trailing.length, hex_start(&trailing.first, 12)),
            "nothing, zeros, or another packed member",
        )
        .help("what was packed is whole; if something was appended to the file, pack it together with the rest")
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
pub(crate) fn conflict(subject: &str, id: EventId, earlier: &str) -> Problem {
    let mut problem = Problem::new("conflict", "an earlier event with this id says something else")
        .instead(format!("{subject}, event {id}, with other content than {earlier}"), "the same content, or a revision that tells the versions apart")
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

/// Where an earlier copy came from.
pub(crate) fn place(earlier: &EarlierCopy) -> String {
    match &earlier.locator {
        Some(at) => locator_place(at),
        None => format!("the one posted before, at {}/{} of the log", earlier.partition, earlier.offset),
    }
}

/// Where a record stands.
pub(crate) fn locator_place(at: &Locator) -> String {
    match at.first_line == at.last_line {
        true => format!("{}:{}", at.resource, at.first_line),
        false => format!("{}:{}-{}", at.resource, at.first_line, at.last_line),
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
