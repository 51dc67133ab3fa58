//! `POST /v1/events`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use onefold_service::{ErrorCode, EventAnswer, EventVerdict, ServiceError};
use serde_json::json;

use crate::body;
use crate::body::{BodyLimit, SMALL};
use crate::connection::OpenConnection;
use crate::problem::ProblemDetails;
use crate::routes::cloudevents;
use crate::state::FaceState;

pub(crate) async fn post_events(
    State(face): State<FaceState>,
    Extension(connection): Extension<Arc<OpenConnection>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ProblemDetails> {
    let most = face.options.body_bytes;
    let bounds = (&face.turns, &*face.options, BodyLimit::of_events(most));
    let whole = body::read_body(body, &headers, &connection, bounds).await?;
    if whole.bytes.len() <= SMALL && !cloudevents::is_packed(&whole.bytes) {
        let events = cloudevents::read_events(&headers, &whole.bytes, most)?;
        return Ok(render_answers(&face.service.accept(events).await?));
    }
    // Many events are taken in a few requests at a time, so that those of one or two need not wait for them.
    let _turn = face.turns.large_post(&connection).await?;
    let read = tokio::task::spawn_blocking(move || cloudevents::read_events(&headers, &whole.bytes, most));
    let events = read.await.map_err(|_| ServiceError::new(ErrorCode::Internal, "reading the body broke off"))??;
    let answers = face.service.accept(events).await?;
    Ok(render_answers(&answers))
}

fn render_answers(answers: &[EventAnswer]) -> Response {
    let count = |verdict| answers.iter().filter(|answer| answer.status == verdict).count();
    let (rejected, conflicts) = (count(EventVerdict::Rejected), count(EventVerdict::Conflict));
    if rejected > 0 && rejected == answers.len() {
        let detail = answers.iter().flat_map(|a| &a.problems).take(3).cloned().collect::<Vec<_>>().join("; ");
        let problem = ProblemDetails::of_http(StatusCode::UNPROCESSABLE_ENTITY, detail);
        return problem.with_field("events", json!(answers)).into_response();
    }
    let status = if rejected + conflicts == 0 { StatusCode::OK } else { StatusCode::MULTI_STATUS };
    let body = json!({
        "accepted": count(EventVerdict::Accepted),
        "duplicates": count(EventVerdict::Duplicate),
        "conflicts": conflicts,
        "rejected": rejected,
        "events": answers,
    });
    (status, Json(body)).into_response()
}
