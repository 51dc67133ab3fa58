//! Headers of a post that the mapping reads: kept beside the body, and put among its members when it is read.

use std::borrow::Cow;
use std::fmt::Write;

use onefold_log::LogRecord;
use onefold_mapping::{Connector, HookBody};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::PostedEvent;

/// Begins the names under which a message of intake has headers of its post.
pub(super) const HEADER: &str = "onefold_header_";

/// The body of a message with the headers that its connector reads, before its own members. Where there are none, or the body has
/// no members, it is as it came.
pub(crate) fn with_headers<'m>(connector: &Connector, topic: &str, message: &'m LogRecord) -> Cow<'m, [u8]> {
    let hook = connector.input_settings().hook.as_ref().filter(|hook| !hook.headers.is_empty());
    let Some(hook) = hook.filter(|_| connector.hook_topic().as_deref() == Some(topic)) else {
        return Cow::Borrowed(&message.value);
    };
    let mut found = Vec::new();
    for name in &hook.headers {
        let value = message.header(&format!("{HEADER}{name}")).and_then(|value| std::str::from_utf8(value).ok());
        found.extend(value.map(|value| (name, value.to_owned())));
    }
    let most = usize::try_from(connector.read_settings().record_bytes).unwrap_or(usize::MAX);
    // What is damaged or too large is told where it is read.
    let Ok(body) = PostedEvent::unpacked(&message.value, most) else { return Cow::Borrowed(&message.value) };
    let joined = match hook.body {
        HookBody::Whole => with_members(&body, &found),
        HookBody::Fields => Some(with_fields(&body, &found)),
        HookBody::Field(_) => None,
    };
    joined.map_or(Cow::Borrowed(&message.value), Cow::Owned)
}

fn with_members(body: &[u8], found: &[(&String, String)]) -> Option<Vec<u8>> {
    let inner = body.trim_ascii_start().strip_prefix(b"{")?;
    // A zero: each character is two bytes.
    if found.is_empty() || inner.first() == Some(&0) {
        return None;
    }
    let members: Vec<String> = found
        .iter()
        .map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), Value::from(value.as_str())))
        .collect();
    let comma = if inner.trim_ascii_start().starts_with(b"}") { "" } else { "," };
    Some([b"{", members.join(",").as_bytes(), comma.as_bytes(), inner].concat())
}

fn with_fields(body: &[u8], found: &[(&String, String)]) -> Vec<u8> {
    let mut fields = String::new();
    for (name, value) in found {
        let encoded = utf8_percent_encode(value, NON_ALPHANUMERIC);
        // Writing to a text does not fail.
        let _ = write!(fields, "{name}={encoded}&");
    }
    [fields.as_bytes(), body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_stands_before_the_members_of_the_body() {
        let name = "x-topic".to_owned();
        let found = [(&name, "orders/\"new\"".to_owned())];
        let joined = |body: &str| with_members(body.as_bytes(), &found).map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(joined(" {\"a\": 1.50}\n").unwrap(), "{\"x-topic\":\"orders/\\\"new\\\"\",\"a\": 1.50}\n");
        assert_eq!(joined("{ }").unwrap(), "{\"x-topic\":\"orders/\\\"new\\\"\" }");
        assert_eq!((joined("[1]"), joined("{\0}\0")), (None, None));
        assert_eq!(with_fields(b"a=1", &found), b"x-topic=orders%2F%22new%22&a=1");
    }
}
