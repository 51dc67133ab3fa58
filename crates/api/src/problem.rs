//! Errors as problem details (RFC 9457).

use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use onefold_service::{ErrorCode, ServiceError};
use serde_json::{Map, Value, json};

/// Seconds after which whoever found the hub busy may ask again (RFC 9110, section 10.2.3).
const SOON: u16 = 1;

/// A problem on its way out.
#[derive(Debug)]
pub struct ProblemDetails {
    status: StatusCode,
    body: Map<String, Value>,
    /// Time alone may mend it.
    passes: bool,
}

/// Characters of a sender's id at most that are said again.
const MOST_ID: usize = 200;

/// By what a request is named, by whoever sent it and by the hub.
#[derive(Debug, Clone)]
pub(crate) struct RequestIds {
    /// Of this request alone; what the hub logs of it bears it.
    pub(crate) hub_id: String,
    /// The sender's own; empty where it gave none.
    pub(crate) sender_id: String,
}

impl RequestIds {
    pub(crate) fn new() -> Self {
        Self { hub_id: uuid::Uuid::new_v4().to_string(), sender_id: String::new() }
    }

    /// Of an event, as far as its headers name it.
    pub(crate) fn of_event(headers: &HeaderMap) -> Self {
        let named = headers.get("ce-id").and_then(|id| id.to_str().ok()).unwrap_or_default();
        Self { sender_id: named.chars().take(MOST_ID).collect(), ..Self::new() }
    }
}

impl ProblemDetails {
    /// A problem of HTTP's own, without a code of the service.
    pub(crate) fn of_http(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Error");
        Self::new_problem(status, &title.to_lowercase().replace([' ', '-'], "_"), title, detail.into())
    }

    /// The hub has too much to do: the same request may be sent again in a while, as `Retry-After` says.
    pub(crate) fn busy(why: impl std::fmt::Display) -> Self {
        let detail = format!("{why}: ask again in {SOON} s");
        let problem =
            Self::new_problem(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Busy.word(), ErrorCode::Busy.title(), detail);
        Self { passes: true, ..problem }
    }

    fn new_problem(status: StatusCode, code: &str, title: &str, detail: String) -> Self {
        let body = json!({
            "type": format!("urn:onefold:problem:{code}"),
            "title": title,
            "status": status.as_u16(),
            "detail": detail,
            "code": code,
        });
        let Value::Object(body) = body else { return Self { status, body: Map::new(), passes: false } };
        Self { status, body, passes: false }
    }

    /// The status that it is answered with.
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// The same with the ids of its request.
    pub(crate) fn of_request(self, ids: &RequestIds) -> Self {
        let problem = self.with_field("hub_id", ids.hub_id.as_str().into());
        if ids.sender_id.is_empty() { problem } else { problem.with_field("sender_id", ids.sender_id.as_str().into()) }
    }

    /// The same with a member more.
    pub(crate) fn with_field(mut self, name: &str, value: Value) -> Self {
        self.body.insert(name.to_owned(), value);
        self
    }
}

impl From<ServiceError> for ProblemDetails {
    fn from(error: ServiceError) -> Self {
        let status = StatusCode::from_u16(error.code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if status.is_server_error() {
            tracing::error!(code = error.code.word(), error = %error, "a request failed");
        }
        let mut problem = Self::new_problem(status, error.code.word(), error.code.title(), error.message);
        problem.passes = error.code == ErrorCode::Busy;
        if error.customers.is_empty() { problem } else { problem.with_field("customers", json!(error.customers)) }
    }
}

impl IntoResponse for ProblemDetails {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(Value::Object(self.body))).into_response();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.passes {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(SOON));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_status_of_its_own_class() {
        for code in ErrorCode::ALL {
            let status = code.http_status();
            assert!((400..600).contains(&status), "{code:?} {status}");
        }
    }

    #[test]
    fn a_problem_says_its_type_status_and_detail() {
        let problem = ProblemDetails::from(ServiceError::new(ErrorCode::NotFound, "nothing is known of party:x:1"));
        assert_eq!(problem.body["status"], 404);
        assert_eq!(problem.body["type"], "urn:onefold:problem:not_found");
        assert_eq!(problem.body["detail"], "nothing is known of party:x:1");
        assert!(!problem.body.contains_key("customers"));
    }
}
