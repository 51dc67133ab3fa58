//! Bodies that are forms (`application/x-www-form-urlencoded`): the record in one of their fields, or all fields as one record.

use std::borrow::Cow;
use std::io::{self, Read};
use std::sync::Arc;

use onefold_event::Problem;
use onefold_mapping::HookBody;
use percent_encoding::percent_decode;
use serde_json::{Map, Value};

use crate::source::file::{Opened, open_bytes};

/// The record of an opened form, or why there is none. A form is held whole, so that it is refused beyond `most` bytes.
///
/// # Errors
/// The medium's.
pub(crate) fn unfold(mut opened: Opened, body: &HookBody, most: u64) -> io::Result<Result<Opened, Problem>> {
    let mut bytes = Vec::new();
    opened.reader.by_ref().take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let problem = Problem::new("R0323", "the form is larger than a record may be")
            .instead(format!("more than {most} bytes"), "at most so many, as [read] limits says (`record_bytes`)");
        return Ok(Err(problem));
    }
    match record(&bytes, body) {
        Ok(record) => open_bytes(&Arc::from(record)).map(Ok),
        Err(problem) => Ok(Err(*problem)),
    }
}

fn record(bytes: &[u8], body: &HookBody) -> Result<Vec<u8>, Box<Problem>> {
    // A line end behind it is of whoever saved it in a file.
    let text = bytes.trim_ascii();
    let pairs = text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        (decode(pair.get(..at).unwrap_or_default()), decode(pair.get(at + 1..).unwrap_or_default()))
    });
    match body {
        HookBody::Whole => Ok(bytes.to_vec()),
        HookBody::Field(name) => {
            let mut names = Vec::new();
            for (field, value) in pairs {
                if *field == *name.as_bytes() {
                    return Ok(value.into_owned());
                }
                names.push(String::from_utf8_lossy(&field).chars().take(40).collect::<String>());
            }
            names.truncate(10);
            let problem = Problem::new("R0323", "the form has no such field")
                .instead(format!("the fields {}", names.join(", ")), format!("a field `{name}`, as [from] body says"))
                .help("or is it no form? then take `body` out of [from]");
            Err(Box::new(problem))
        }
        HookBody::Fields => {
            let mut object = Map::new();
            for (field, value) in pairs {
                let (field, value) = (utf8(&field)?.to_owned(), Value::from(utf8(&value)?));
                match object.get_mut(&field) {
                    Some(Value::Array(list)) => list.push(value),
                    Some(first) => *first = Value::Array(vec![first.take(), value]),
                    None => drop(object.insert(field, value)),
                }
            }
            Ok(Value::Object(object).to_string().into_bytes())
        }
    }
}

/// As forms are written: `+` is a blank, `%` and two digits any byte.
fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.iter().any(|byte| matches!(byte, b'+' | b'%')) {
        return Cow::Borrowed(text);
    }
    let blanks: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    Cow::Owned(percent_decode(&blanks).collect())
}

fn utf8(bytes: &[u8]) -> Result<&str, Box<Problem>> {
    std::str::from_utf8(bytes).map_err(|error| {
        let at = bytes.get(error.valid_up_to()..).unwrap_or_default();
        let shown = hex::encode(at.get(..8).unwrap_or(at));
        Box::new(
            Problem::new("R0323", "the form is not UTF-8")
                .instead(format!("the bytes {shown}"), "fields in UTF-8")
                .help("where one field holds the record in another charset: body = { form = \"FIELD\" } and [read] charset"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(form: &str, body: &HookBody) -> String {
        record(form.as_bytes(), body).map_or_else(|problem| problem.to_string(), |r| String::from_utf8(r).unwrap())
    }

    #[test]
    fn the_record_is_one_field_or_all_of_them() {
        let form = "a=1+2&param=%7B%22n%22%3A+%22%E7%8E%8B%22%7D&a=%26&b&=x\n";
        assert_eq!(text(form, &HookBody::Field("param".into())), "{\"n\": \"王\"}");
        let fields: Value = serde_json::from_str(&text(form, &HookBody::Fields)).unwrap();
        assert_eq!(fields, serde_json::json!({"a": ["1 2", "&"], "param": "{\"n\": \"王\"}", "b": "", "": "x"}));
    }

    #[test]
    fn what_is_no_such_form_is_told_with_what_it_has() {
        let told = text("data=1&sign=2", &HookBody::Field("param".into()));
        assert!(told.contains("the fields data, sign") && told.contains("a field `param`"), "{told}");
        let told = text("a=%CD%F5", &HookBody::Fields);
        assert!(told.contains("cdf5"), "{told}");
        let gbk = record(b"param=%CD%F5", &HookBody::Field("param".into())).unwrap();
        assert_eq!(gbk, [0xCD, 0xF5]);
    }
}
