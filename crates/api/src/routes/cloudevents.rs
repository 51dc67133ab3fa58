//! CloudEvents 1.0 over HTTP: structured, batched and binary mode.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::ErrorKind;

use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use onefold_service::{BatchError, ErrorCode, MOST_EVENTS, PostedEvent, ServiceError};
use serde_json::value::RawValue;
use serde_json::{Error, Value};

use crate::body::BodyLimit;
use crate::problem::ProblemDetails;

/// The events of a request, as CloudEvents JSON objects, each with the bytes that were sent. A packed body is unpacked to
/// `most` bytes.
///
/// # Errors
/// A media type, charset or coding that is not taken, a body that is damaged or no JSON, or more than may come at once.
pub fn read_events(headers: &HeaderMap, body: &[u8], most: usize) -> Result<Vec<PostedEvent>, ProblemDetails> {
    let body = &*decompress_body(headers, body, most)?;
    let written = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let (media, parameters) = written.split_once(';').unwrap_or((written, ""));
    check_charset(parameters)?;
    match media.trim().to_ascii_lowercase().as_str() {
        "application/cloudevents+json" => parse_event(body),
        "application/cloudevents-batch+json" => parse_batch(body),
        media if headers.contains_key("ce-specversion") && is_json(media) => parse_binary(headers, written, body),
        // Plain JSON: what it is can be seen.
        "application/json" if body.trim_ascii_start().starts_with(b"[") => parse_batch(body),
        "application/json" => parse_event(body),
        other => Err(ProblemDetails::of_http(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!(
                "`{other}`: expected application/cloudevents+json, application/cloudevents-batch+json, or application/json with ce- headers"
            ),
        )),
    }
}

/// Data of a vendor's own type is JSON where its type says so (RFC 6839, section 3.1).
fn is_json(media: &str) -> bool {
    media == "application/json" || media.ends_with("+json") && !media.starts_with("application/cloudevents")
}

/// Whether a body is packed by gzip: it may be many times as large as it looks.
pub(crate) fn is_packed(body: &[u8]) -> bool {
    body.starts_with(&[0x1f, 0x8b])
}

/// The body as text. What begins as gzip is unpacked whatever the headers say, since JSON never begins so.
fn decompress_body<'b>(headers: &HeaderMap, body: &'b [u8], most: usize) -> Result<Cow<'b, [u8]>, ProblemDetails> {
    let coding = headers.get(CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("?").trim().to_ascii_lowercase());
    if let Some(other) = coding.filter(|coding| !["gzip", "x-gzip", "identity", ""].contains(&coding.as_str())) {
        let detail = format!("content-encoding `{other}`: expected gzip, or none");
        return Err(ProblemDetails::of_http(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    if body.starts_with(b"\xFF\xFE") || body.starts_with(b"\xFE\xFF") {
        let detail = "the body is marked as UTF-16: JSON is sent as UTF-8 (RFC 8259, section 8.1)";
        return Err(ProblemDetails::of_http(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    PostedEvent::unpacked(body, most).map_err(|error| match error.kind() {
        ErrorKind::FileTooLarge => BodyLimit::of_events(most).too_large(),
        _ => ProblemDetails::of_http(
            StatusCode::BAD_REQUEST,
            format!("the packed body ends too early or is damaged: {error}"),
        ),
    })
}

fn no_json(error: &Error) -> ProblemDetails {
    ProblemDetails::of_http(StatusCode::BAD_REQUEST, format!("the body is not valid JSON: {error}"))
}

fn parse_event(body: &[u8]) -> Result<Vec<PostedEvent>, ProblemDetails> {
    Ok(vec![PostedEvent::one(body).map_err(|error| no_json(&error))?])
}

fn parse_batch(body: &[u8]) -> Result<Vec<PostedEvent>, ProblemDetails> {
    PostedEvent::batch(body, MOST_EVENTS).map_err(|error| match error {
        BatchError::TooMany(_) => ServiceError::new(ErrorCode::TooLarge, error.to_string()).into(),
        BatchError::Json(error) if error.is_data() => {
            ProblemDetails::of_http(StatusCode::BAD_REQUEST, "a batch is a JSON array of events")
        }
        BatchError::Json(error) => no_json(&error),
    })
}

fn check_charset(parameters: &str) -> Result<(), ProblemDetails> {
    let charset = parameters
        .split(';')
        .filter_map(|p| p.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    match charset.map(|(_, value)| value.trim().trim_matches('"')) {
        Some(other) if !other.eq_ignore_ascii_case("utf-8") => Err(ProblemDetails::of_http(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("charset `{other}`: JSON is utf-8"),
        )),
        _ => Ok(()),
    }
}

/// Attributes from `ce-` headers, data from the body; together the event in structured mode, the data as it was sent.
fn parse_binary(headers: &HeaderMap, content_type: &str, body: &[u8]) -> Result<Vec<PostedEvent>, ProblemDetails> {
    let mut event: BTreeMap<String, Box<RawValue>> = BTreeMap::new();
    let text = |text: &str| RawValue::from_string(Value::from(text).to_string()).map_err(|error| no_json(&error));
    for (name, value) in headers {
        let Some(attribute) = name.as_str().strip_prefix("ce-") else { continue };
        let said = percent_decoded(&unquote_text(&String::from_utf8_lossy(value.as_bytes())));
        event.insert(attribute.to_owned(), text(&said)?);
    }
    event.insert("datacontenttype".to_owned(), text(content_type)?);
    if !body.is_empty() {
        event.insert("data".to_owned(), serde_json::from_slice(body).map_err(|error| no_json(&error))?);
    }
    parse_event(&serde_json::to_vec(&event).map_err(|error| no_json(&error))?)
}

/// A value in double quotes is what they hold, without the backslash before a quote (HTTP binding, 3.1.3.2).
fn unquote_text(text: &str) -> Cow<'_, str> {
    match text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(inner) => Cow::Owned(inner.replace("\\\"", "\"").replace("\\\\", "\\")),
        None => Cow::Borrowed(text),
    }
}

/// Header values carry characters beyond ASCII percent-encoded (HTTP binding, 3.1.3.2).
fn percent_decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &HeaderMap, body: &[u8]) -> Result<Vec<PostedEvent>, ProblemDetails> {
        read_events(headers, body, 1 << 20)
    }

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
            let posted = read(&sent, br#"{"message": "Hello World!"}"#).unwrap().remove(0);
            assert!(posted.raw.windows(27).any(|bytes| bytes == br#"{"message": "Hello World!"}"#));
            let event: Value = serde_json::from_slice(&posted.raw).unwrap();
            assert_eq!(event["id"], "1234-1234-1234");
            assert_eq!(event["source"], "/mycontext/subcontext");
            assert_eq!(event["time"], "2018-04-05T03:56:24Z");
            assert_eq!(event["datacontenttype"], media);
            assert_eq!(event["data"]["message"], "Hello World!");
        }
        for media in ["application/cloudevents+json", "application/cloudevents+json; charset=utf-8"] {
            let body = br#"{"specversion":"1.0","type":"com.example.someevent","id":"1234-1234-1234","data":{"message":"Hello World!"}}"#;
            let posted = read(&headers(&[("content-type", media)]), body).unwrap().remove(0);
            assert_eq!(posted.raw, body);
            let event: Value = serde_json::from_slice(&posted.raw).unwrap();
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
    fn binary_data_may_be_of_a_vendor_s_own_json_type() {
        let sent = headers(&[("ce-specversion", "1.0"), ("content-type", "application/vnd.acme.scan+json")]);
        let posted = read(&sent, b"{\"a\": 1}").unwrap().remove(0);
        assert_eq!(serde_json::from_slice::<Value>(&posted.raw).unwrap()["data"]["a"], 1);
        assert!(read(&headers(&[("content-type", "application/vnd.acme.scan+json")]), b"{}").is_err());
    }

    #[test]
    fn a_marked_body_is_read_and_an_unknown_coding_refused() {
        let media = ("content-type", "application/cloudevents+json");
        assert_eq!(read(&headers(&[media]), b"\xEF\xBB\xBF{}").unwrap().remove(0).raw, b"{}");
        for (coding, body) in
            [("br", &b"{}"[..]), ("deflate", b"{}"), ("gzip", b"\x1f\x8b"), ("identity", b"\xFF\xFE{\0}\0")]
        {
            assert!(read(&headers(&[media, ("content-encoding", coding)]), body).is_err(), "{coding}");
        }
    }

    #[test]
    fn header_values_are_percent_decoded() {
        assert_eq!(unquote_text("\"Euro \\\"%E2%82%AC\\\"\""), "Euro \"%E2%82%AC\"");
        assert_eq!(percent_decoded("Euro %E2%82%AC %F0%9F%98%80 100%"), "Euro \u{20ac} \u{1f600} 100%");
    }
}
