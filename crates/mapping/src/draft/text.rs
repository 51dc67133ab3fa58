//! The draft as text.

use std::fmt::Write;

use crate::draft::column::{ColumnSample, without_controls};
use crate::draft::guess::{ColumnRole, DraftGuess};
use crate::language::toml_text::quoted;

/// A sample that was read, and how.
#[derive(Debug)]
pub struct DraftSource {
    /// Name of the connector, and of its source.
    pub name: String,
    /// File that the sample is, for people.
    pub file: String,
    /// `csv`, `json` or `ndjson`.
    pub format: &'static str,
    /// Charset, where it is not UTF-8.
    pub charset: Option<&'static str>,
    /// How its rows are parted, of a CSV.
    pub table: Option<DraftTable>,
    /// Where the records stand, of a JSON document; none: the body, or each item of a list.
    pub records: Option<String>,
    /// Records read.
    pub count: u64,
    /// The sample goes on beyond what was read.
    pub is_part: bool,
    /// Its columns.
    pub columns: Vec<ColumnSample>,
}

/// How the rows of a table are parted, and what speaks for it.
#[derive(Debug)]
pub struct DraftTable {
    /// Between cells, as a connector file writes it: one character, or `blanks` for runs of them.
    pub delimiter: String,
    /// Row of the heading.
    pub header: u32,
    /// Cells of a row.
    pub cells: usize,
    /// Rows that have so many.
    pub fitting: usize,
    /// Of so many, the first of the sample.
    pub looked_at: usize,
}

/// A first connector file of a sample: it can be used as it stands, every guess says that it is one, and every column stands in it as a
/// candidate with examples.
pub fn draft_connector(source: &DraftSource) -> String {
    let guess = DraftGuess::of(&source.columns, source.count);
    let mut text = String::new();
    head(source, &mut text);
    assumptions(source, &guess, &mut text);
    keys(source, &guess, &mut text);
    events(source, &guess, &mut text);
    candidates(source, &guess, &mut text);
    text
}

// Writing to a string does not fail.
macro_rules! put {
    ($text:expr, $($parts:tt)*) => { let _ = writeln!($text, $($parts)*); };
}

fn head(source: &DraftSource, text: &mut String) {
    let DraftSource { name, file, format, count, .. } = source;
    let of = if source.is_part { "first " } else { "" };
    let file = without_controls(file);
    let records = if *count == 1 { "record" } else { "records" };
    put!(
        text,
        "# A first connector file, drafted from the {of}{count} {records} of {file}. What is guessed says so: look at it with"
    );
    put!(text, "#   onefold connector try FILE {file}");
    put!(text, "# and at every option and event type with `onefold connector reference`.\n");
    put!(text, "[connector]\nname    = {}", quoted(name));
    put!(
        text,
        "source  = {}    # guess: the system that speaks; part of every id, never changed once live",
        quoted(name)
    );
    put!(text, "mapping = 1\n\n[from]\nkind = \"file\"\n\n[read]\nformat = \"{format}\"");
    if let Some(charset) = source.charset {
        put!(text, "charset = \"{charset}\"    # guess: the bytes are no UTF-8, and read so they are sound");
    }
    if let Some(table) = &source.table {
        delimiter(table, text);
    }
    if let Some(records) = &source.records {
        put!(text, "records = {}    # guess: where most records stand", quoted(records));
    }
}

fn delimiter(table: &DraftTable, text: &mut String) {
    let DraftTable { delimiter, header, cells, fitting, looked_at } = table;
    let parts = format!("{fitting} of the first {looked_at} rows into {cells} cells");
    match delimiter.as_str() {
        "," if *cells > 1 => {}
        "," => {
            put!(
                text,
                "# guess: one column, for no delimiter parts its rows; if runs of blanks do, and no text has a blank: delimiter = \"blanks\""
            );
        }
        "blanks" => {
            put!(
                text,
                "delimiter = \"blanks\"    # guess: runs of spaces and tabs part {parts}; texts with blanks stand in quotes"
            );
        }
        other => {
            put!(text, "delimiter = {}    # guess: it parts {parts}", quoted(other));
        }
    }
    if *header > 1 {
        put!(text, "header = {header}    # guess: the first row with as many cells as the others");
    }
}

fn assumptions(source: &DraftSource, guess: &DraftGuess, text: &mut String) {
    put!(
        text,
        "\n[assume]\nzone = \"UTC\"    # guess: nothing in the sample says it; such as \"Europe/Berlin\", with dst = \"earlier\""
    );
    if let Some(moment) = column(source, guess.moment) {
        let (key, found) = match moment.times() {
            times if times.is_empty() => ("date", moment.days()),
            times => ("time", times),
        };
        let first = found.first().copied().unwrap_or_default();
        let others = found.get(1..).unwrap_or_default().join(" or ");
        let also = if others.is_empty() { String::new() } else { format!("; they could be {others} as well") };
        let reads = format!(
            "{} of {} values of {}",
            moment.present - moment.misses(),
            moment.present,
            without_controls(&moment.path)
        );
        put!(text, "{key} = \"{first}\"    # guess: so are {reads}{also}");
    }
    if let Some(style) = guess.number {
        put!(text, "number = \"{style}\"    # guess: every amount of the sample can be read so");
    }
    match column(source, guess.currency) {
        Some(currency) => {
            put!(text, "currency = {{ from = {} }}    # guess", quoted(&currency.path));
        }
        None => {
            put!(text, "currency = \"EUR\"    # guess: nothing in the sample says it");
        }
    }
    put!(text, "# region = \"DE\"    # whose phones are written without a country code");
}

fn keys(source: &DraftSource, guess: &DraftGuess, text: &mut String) {
    let unique: Vec<&str> =
        source.columns.iter().filter(|c| !c.is_list && c.is_unique(source.count)).map(|c| c.path.as_str()).collect();
    put!(
        text,
        "\n# Keys. What tells one record from all others makes its id: the same record read again is known by it."
    );
    match unique.is_empty() {
        true => {
            put!(
                text,
                "# No column has another value in every record. If records with one value are one document: [read] group_by = [\"...\"]."
            );
        }
        false => {
            put!(
                text,
                "# Another value in every record of the sample, so that it may serve: {}",
                without_controls(&unique.join(", "))
            );
        }
    }
    for c in source.columns.iter().filter(|c| !c.is_list && c.present > 0 && !c.is_unique(source.count)).take(20) {
        let path = without_controls(&c.path);
        put!(text, "# It may not: {path} ({} different in {} of {})", c.distinct(), c.present, source.count);
    }
    if !guess.key_is_unique {
        put!(
            text,
            "# So ids are made of the place in the file: good for a look, not for a file that comes again with other rows."
        );
    }
}

fn events(source: &DraftSource, guess: &DraftGuess, text: &mut String) {
    let path = |place: Option<usize>| column(source, place).map(|c| quoted(&c.path));
    let Some(key) = path(guess.key) else {
        put!(text, "\n# No column has a value that could be a key: name one.");
        put!(text, "[event.record]\ntype = \"party.recorded.v1\"\nsubject = \"#line\"\nid = [\"#file\", \"#line\"]");
        put!(text, "occurred_at = {{ value = \"2000-01-01T00:00:00Z\" }}    # guess: no column is a time");
        return;
    };
    let id = if guess.key_is_unique { key.clone() } else { "\"#file\", \"#line\", \"#index\"".to_owned() };
    let moment = match column(source, guess.moment) {
        Some(c) if c.times().is_empty() => format!("{{ from = {}, at = \"00:00\" }}    # guess", quoted(&c.path)),
        Some(c) => format!("{}    # guess", quoted(&c.path)),
        None => {
            "{ value = \"2000-01-01T00:00:00Z\" }    # no column is a time: say which tells when it happened".to_owned()
        }
    };
    put!(text, "\n[common]\nid = [{id}]    # guess\noccurred_at = {moment}");
    let total = path(guess.total);
    // Whom it is about, where it is an order; the record itself, where it is none.
    let party = if total.is_some() { path(guess.customer) } else { path(guess.customer).or_else(|| Some(key.clone())) };
    if let Some(party) = &party {
        put!(
            text,
            "\n[event.customer]    # guess\ntype = \"party.recorded.v1\"\nsubject = {party}\npart = \"customer\"    # tells it from others of the same record"
        );
        let refs: Vec<(&str, Option<String>)> = vec![
            ("email", path(guess.email)),
            ("phone", path(guess.phone).filter(|_| column(source, guess.phone).is_some_and(|c| c.is_global))),
        ];
        if refs.iter().any(|(_, path)| path.is_some()) {
            put!(text, "\n[event.customer.refs]");
            for (role, path) in refs {
                if let Some(path) = path {
                    put!(text, "{role} = {path}    # guess");
                }
            }
        }
        if let Some(name) = path(guess.name) {
            put!(text, "\n[event.customer.set]\nname.full = {name}    # guess");
        }
    }
    if let Some(total) = total {
        put!(
            text,
            "\n[event.order]    # guess: what it is, if it is no order, `onefold connector reference` lists\ntype = \"sales.order_placed.v1\"\nsubject = {key}"
        );
        if let Some(party) = &party {
            put!(text, "\n[event.order.refs]\nbuyer = {party}    # guess");
        }
        put!(text, "\n[event.order.set]\nnumber = {key}    # guess\ntotal = {total}    # guess: tax included");
    }
}

fn candidates(source: &DraftSource, guess: &DraftGuess, text: &mut String) {
    put!(text, "\n# Every column, for the fields that it may fill:");
    for (n, c) in source.columns.iter().enumerate() {
        let role = guess.role(n);
        let kind = match role {
            ColumnRole::Key => "id",
            ColumnRole::Customer => "id of a customer",
            ColumnRole::Moment => "when it happened",
            ColumnRole::Total => "amount",
            ColumnRole::Currency => "currency",
            ColumnRole::Name => "name",
            ColumnRole::Email => "email",
            ColumnRole::Phone => "phone",
            ColumnRole::Other if c.present == 0 => "never has a value",
            ColumnRole::Other if c.is_list => "several values",
            ColumnRole::Other if c.is_email => "email",
            ColumnRole::Other if c.is_code => "code: digits, and no number",
            ColumnRole::Other if !c.times().is_empty() => "time",
            ColumnRole::Other if !c.days().is_empty() => "date",
            ColumnRole::Other if !c.numbers().is_empty() => "number",
            ColumnRole::Other => "text",
        };
        let used = match role {
            ColumnRole::Other => "",
            ColumnRole::Phone if !c.is_global => ": say [assume] region, then refs.phone",
            _ => ", used above",
        };
        let share = format!("{} of {}, {} different", c.present, source.count, c.distinct());
        let examples = if c.examples.is_empty() { String::new() } else { format!(": {}", c.examples.join(" | ")) };
        put!(text, "# FIELD = {}    # {kind}{used}; {share}{examples}", quoted(&c.path));
    }
}

fn column(source: &DraftSource, place: Option<usize>) -> Option<&ColumnSample> {
    source.columns.get(place?)
}
