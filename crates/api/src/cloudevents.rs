//! CloudEvents 1.0 over HTTP: structured, batched and binary mode.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};

use crate::problem::Problem;

/// The events of a request, as CloudEvents JSON objects.
pub(crate) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Vec<Value>, Problem> {
    let written = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let (media, parameters) = written.split_once(';').unwrap_or((written, ""));
    check_charset(parameters)?;
    match media.trim().to_ascii_lowercase().as_str() {
        "application/cloudevents+json" => Ok(vec![json(body)?]),
        "application/cloudevents-batch+json" => batch(json(body)?),
        "application/json" if headers.contains_key("ce-specversion") => {
            binary(headers, written, body).map(|event| vec![event])
        }
        // Plain JSON: what it is can be seen.
        "application/json" => match json(body)? {
            list @ Value::Array(_) => batch(list),
            one => Ok(vec![one]),
        },
        other => Err(Problem::of_http(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!(
                "`{other}`: expected application/cloudevents+json, application/cloudevents-batch+json, or application/json with ce- headers"
            ),
        )),
    }
}

fn json(body: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(body)
        .map_err(|error| Problem::of_http(StatusCode::BAD_REQUEST, format!("the body is no JSON: {error}")))
}

fn batch(list: Value) -> Result<Vec<Value>, Problem> {
    match list {
        Value::Array(events) => Ok(events),
        _ => Err(Problem::of_http(StatusCode::BAD_REQUEST, "a batch is a JSON array of events")),
    }
}

fn check_charset(parameters: &str) -> Result<(), Problem> {
    let charset = parameters
        .split(';')
        .filter_map(|p| p.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    match charset.map(|(_, value)| value.trim().trim_matches('"')) {
        Some(other) if !other.eq_ignore_ascii_case("utf-8") => {
            Err(Problem::of_http(StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("charset `{other}`: JSON is utf-8")))
        }
        _ => Ok(()),
    }
}

/// Attributes from `ce-` headers, data from the body.
fn binary(headers: &HeaderMap, content_type: &str, body: &[u8]) -> Result<Value, Problem> {
    let mut event = Map::new();
    for (name, value) in headers {
        let Some(attribute) = name.as_str().strip_prefix("ce-") else { continue };
        let text = String::from_utf8_lossy(value.as_bytes());
        event.insert(attribute.to_owned(), Value::String(percent_decoded(&text)));
    }
    event.insert("datacontenttype".to_owned(), Value::String(content_type.to_owned()));
    if !body.is_empty() {
        event.insert("data".to_owned(), json(body)?);
    }
    Ok(Value::Object(event))
}

/// Header values carry characters beyond ASCII percent-encoded (HTTP binding, 3.1.3.2).
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match code {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        list.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    /// The scenarios of the published HTTP binding tests, in both modes.
    #[test]
    fn both_content_modes_give_the_same_attributes() {
        for media in ["application/json", "application/json; charset=utf-8"] {
            let sent = headers(&[
                ("ce-specversion", "1.0"),
                ("ce-type", "com.example.someevent"),
                ("ce-time", "2018-04-05T03:56:24Z"),
                ("ce-id", "1234-1234-1234"),
                ("ce-source", "/mycontext/subcontext"),
                ("content-type", media),
            ]);
            let event = read(&sent, br#"{"message": "Hello World!"}"#).unwrap().remove(0);
            assert_eq!(event["id"], "1234-1234-1234");
            assert_eq!(event["source"], "/mycontext/subcontext");
            assert_eq!(event["time"], "2018-04-05T03:56:24Z");
            assert_eq!(event["datacontenttype"], media);
            assert_eq!(event["data"]["message"], "Hello World!");
        }
        for media in ["application/cloudevents+json", "application/cloudevents+json; charset=utf-8"] {
            let body = br#"{"specversion":"1.0","type":"com.example.someevent","id":"1234-1234-1234","data":{"message":"Hello World!"}}"#;
            let event = read(&headers(&[("content-type", media)]), body).unwrap().remove(0);
            assert_eq!(
                (event["id"].as_str(), event["data"]["message"].as_str()),
                (Some("1234-1234-1234"), Some("Hello World!"))
            );
        }
    }

    #[test]
    fn a_batch_is_a_list() {
        let media = headers(&[("content-type", "application/cloudevents-batch+json")]);
        assert_eq!(read(&media, b"[{},{}]").unwrap().len(), 2);
        assert!(read(&media, b"{}").is_err());
        assert!(read(&media, b"[{}").is_err());
    }

    #[test]
    fn what_is_no_cloudevent_is_refused_by_its_media_type() {
        for media in ["text/plain", "", "application/cloudevents+json; charset=gbk"] {
            assert!(read(&headers(&[("content-type", media)]), b"{}").is_err(), "{media}");
        }
    }

    #[test]
    fn header_values_are_percent_decoded() {
        assert_eq!(percent_decoded("Euro %E2%82%AC %F0%9F%98%80 100%"), "Euro \u{20ac} \u{1f600} 100%");
    }
}
