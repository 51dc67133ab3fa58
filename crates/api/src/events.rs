//! `POST /v1/events`.

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use onefold_service::{Answer, Service, Verdict};
use serde_json::json;

use crate::cloudevents;
use crate::problem::Problem;

/// Bytes of a request's body at most.
pub(crate) const LARGEST: usize = 16 << 20;

pub(crate) async fn post(State(service): State<Service>, headers: HeaderMap, body: Body) -> Result<Response, Problem> {
    let body = to_bytes(body, LARGEST).await.map_err(|_| {
        let detail = format!(
            "the body did not arrive whole, or is larger than {LARGEST} bytes: send the events in several requests"
        );
        Problem::of_http(StatusCode::PAYLOAD_TOO_LARGE, detail)
    })?;
    let events = cloudevents::read(&headers, &body)?;
    let answers = service.accept(events).await?;
    Ok(answered(&answers))
}

fn answered(answers: &[Answer]) -> Response {
    let count = |verdict| answers.iter().filter(|answer| answer.status == verdict).count();
    let (rejected, conflicts) = (count(Verdict::Rejected), count(Verdict::Conflict));
    if rejected > 0 && rejected == answers.len() {
        let detail = answers.iter().flat_map(|a| &a.problems).take(3).cloned().collect::<Vec<_>>().join("; ");
        let problem = Problem::of_http(StatusCode::UNPROCESSABLE_ENTITY, detail);
        return problem.with("events", json!(answers)).into_response();
    }
    let status = if rejected + conflicts == 0 { StatusCode::OK } else { StatusCode::MULTI_STATUS };
    let body = json!({
        "accepted": count(Verdict::Accepted),
        "duplicates": count(Verdict::Duplicate),
        "conflicts": conflicts,
        "rejected": rejected,
        "events": answers,
    });
    (status, Json(body)).into_response()
}
