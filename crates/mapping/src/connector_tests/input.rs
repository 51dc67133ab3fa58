//! A record as the input of a test: the values that were read, in the source's own form, so that a test reads the same ones.

use serde_json::Value;

use crate::language::path::PathStep;
use crate::language::reading::{ReadSettings, TableHeading};
use crate::program::compiled::CompiledConnector;
use crate::run::source::record::{NumberedRow, SourceRow};

/// What stands in a test for a row above the heading, of which nothing is read.
const ABOVE_HEADING: &str = "above the heading";

/// Rows of a table below their heading. Written anew and not copied: a file may say its delimiter itself, end its rows in one more,
/// leave out cells that are merged, or be in another charset, and a test knows none of that.
pub(crate) fn table_input(read: &ReadSettings, heading: &[String], rows: &[NumberedRow]) -> String {
    let mut input = String::new();
    if let TableHeading::Row(n) = read.header {
        (1..n).for_each(|_| input.extend([ABOVE_HEADING, "\n"]));
        put_row(&mut input, read, heading.iter().map(String::as_str));
    }
    for row in rows {
        if let SourceRow::Table(cells) = row.row {
            put_row(&mut input, read, (0..cells.column_count()).map(|n| cells.cell(n).unwrap_or_default()));
        }
    }
    input
}

fn put_row<'c>(input: &mut String, read: &ReadSettings, cells: impl ExactSizeIterator<Item = &'c str>) {
    // A line without anything is no row, and between blanks nothing is no cell.
    let quotes_blank = read.blanks || cells.len() == 1;
    for (n, cell) in cells.enumerate() {
        if n > 0 {
            input.push(char::from(read.delimiter));
        }
        put_cell(input, read, cell, quotes_blank);
    }
    input.push('\n');
}

/// The crate `csv` writes cells too, but does not escape what escapes quotes, and knows no runs of blanks.
fn put_cell(input: &mut String, read: &ReadSettings, cell: &str, quotes_blank: bool) {
    let (delimiter, quote) = (char::from(read.delimiter), char::from(read.quote));
    let parts = |c: char| c == delimiter || c == quote || matches!(c, '\n' | '\r') || read.blanks && c == '\t';
    if !(cell.contains(parts) || quotes_blank && cell.is_empty()) {
        input.push_str(cell);
        return;
    }
    input.push(quote);
    for c in cell.chars() {
        match read.escape.map(char::from) {
            Some(escape) if c == quote || c == escape => input.push(escape),
            None if c == quote => input.push(quote),
            _ => {}
        }
        input.push(c);
    }
    input.push(quote);
}

/// A JSON record, alone where `[read] records` says that records stand, with what stands around it. `text` is how the source writes
/// it, whose order and layout people know again.
pub(crate) fn json_input(program: &CompiledConnector, item: &Value, body: &Value, text: Option<&str>) -> String {
    let same = |text: &&str| serde_json::from_str::<Value>(text).is_ok_and(|read| read == *item);
    let own = text.filter(same).map_or_else(|| item.to_string(), |text| text.trim().to_owned());
    let mut input = match &program.read.records {
        None => own,
        Some(steps) => {
            // Of a document that the mapping does not read around its records, nothing but these was kept.
            let around = if std::ptr::eq(item, body) { Value::Null } else { body.clone() };
            // Else a list of one does for one that stands there without a list, too.
            let is_one = item.is_object() && !std::ptr::eq(item, body);
            let place = Value::from("\0");
            around_record(around, steps, place.clone(), is_one).to_string().replacen(&place.to_string(), &own, 1)
        }
    };
    input.push('\n');
    input
}

/// A body with this one record where records stand: in a list, unless it `is_one` that stands there without.
fn around_record(body: Value, steps: &[PathStep], record: Value, is_one: bool) -> Value {
    let Some((step, rest)) = steps.split_first() else {
        return if is_one && !body.is_array() { record } else { Value::Array(vec![record]) };
    };
    match step {
        PathStep::Key(key) => {
            let mut fields = if let Value::Object(fields) = body { fields } else { serde_json::Map::new() };
            let inner = fields.remove(key).unwrap_or_default();
            fields.insert(key.clone(), around_record(inner, rest, record, is_one));
            Value::Object(fields)
        }
        PathStep::Index(_) | PathStep::Every => {
            let n = if let PathStep::Index(n) = step { *n } else { 0 };
            let mut list = if let Value::Array(list) = body { list } else { Vec::new() };
            list.resize(list.len().max(n + 1), Value::Null);
            if let Some(inner) = list.get_mut(n) {
                *inner = around_record(std::mem::take(inner), rest, record, is_one);
            }
            Value::Array(list)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(read: &ReadSettings, cells: &[&str]) -> String {
        let mut input = String::new();
        put_row(&mut input, read, cells.iter().copied());
        input
    }

    #[test]
    fn cells_stand_in_quotes_where_they_must() {
        let plain = ReadSettings::default();
        assert_eq!(row(&plain, &["a b", "", "1,5", "say \"so\"", " x "]), "a b,,\"1,5\",\"say \"\"so\"\"\", x \n");
        assert_eq!(row(&plain, &[""]), "\"\"\n");
        let escaped = ReadSettings { escape: Some(b'\\'), delimiter: b';', ..ReadSettings::default() };
        assert_eq!(row(&escaped, &["C:\\", "a;\\\""]), "C:\\;\"a;\\\\\\\"\"\n");
        let blanks = ReadSettings { blanks: true, delimiter: b' ', ..ReadSettings::default() };
        assert_eq!(row(&blanks, &["a", "0 5", "", "a\tb"]), "a \"0 5\" \"\" \"a\tb\"\n");
    }

    #[test]
    fn a_record_stands_where_records_stand_with_what_is_around() {
        let at = [PathStep::Key("data".into()), PathStep::Index(1), PathStep::Key("orders".into())];
        let body = json!({"page": 3, "data": [7, {"orders": [1, 2], "shop": "A"}]});
        assert_eq!(
            around_record(body, &at, json!(2), true),
            json!({"page": 3, "data": [7, {"orders": [2], "shop": "A"}]})
        );
        assert_eq!(around_record(Value::Null, &at, json!(2), false), json!({"data": [null, {"orders": [2]}]}));
        let one = json!({"data": {"object": null, "was": 1}});
        let at = [PathStep::Key("data".into()), PathStep::Key("object".into())];
        assert_eq!(around_record(one, &at, json!({}), true), json!({"data": {"object": {}, "was": 1}}));
    }
}
