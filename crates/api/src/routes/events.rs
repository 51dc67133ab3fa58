//! `POST /v1/events`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use onefold_service::{ErrorCode, EventAnswer, EventVerdict, ProblemCount, ServiceError};
use serde_json::json;

use crate::body;
use crate::body::{BodyLimit, SMALL};
use crate::connection::OpenConnection;
use crate::problem::{ProblemDetails, RequestIds};
use crate::routes::cloudevents;
use crate::state::FaceState;

pub(crate) async fn post_events(
    State(face): State<FaceState>,
    Extension(connection): Extension<Arc<OpenConnection>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ProblemDetails> {
    let ids = RequestIds::of_event(&headers);
    let done = take_events(&face, &connection, headers, body).await;
    done.map(|answers| render_answers(&answers, &ids)).map_err(|problem| problem.of_request(&ids))
}

async fn take_events(
    face: &FaceState,
    connection: &Arc<OpenConnection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Vec<EventAnswer>, ProblemDetails> {
    let most = face.options.body_bytes;
    let bounds = (&face.turns, &*face.options, BodyLimit::of_events(most));
    let whole = body::read_body(body, &headers, connection, bounds).await?;
    if whole.bytes.len() <= SMALL && !cloudevents::is_packed(&whole.bytes) {
        let events = cloudevents::read_events(&headers, &whole.bytes, most)?;
        return Ok(face.service.accept(events).await?);
    }
    // Many events are taken in a few requests at a time, so that those of one or two need not wait for them.
    let _turn = face.turns.large_post(connection).await?;
    let read = tokio::task::spawn_blocking(move || cloudevents::read_events(&headers, &whole.bytes, most));
    let events = read.await.map_err(|_| ServiceError::new(ErrorCode::Internal, "reading the body broke off"))??;
    Ok(face.service.accept(events).await?)
}

fn render_answers(answers: &[EventAnswer], ids: &RequestIds) -> Response {
    let count = |verdict| answers.iter().filter(|answer| answer.status == verdict).count();
    let (rejected, conflicts) = (count(EventVerdict::Rejected), count(EventVerdict::Conflict));
    let kinds = ProblemCount::of(answers);
    if rejected > 0 && rejected == answers.len() {
        let problem = ProblemDetails::of_http(StatusCode::UNPROCESSABLE_ENTITY, summary(&kinds, answers.len()));
        let problem = problem.with_field("problems", json!(kinds)).with_field("events", json!(answers));
        let problem = match answers {
            // One event's ids are the request's.
            [EventAnswer { sender_id, quarantine, .. }] => {
                let ids = RequestIds { sender_id: sender_id.clone(), ..ids.clone() };
                problem.with_field("quarantine", json!(quarantine)).of_request(&ids)
            }
            _ => problem.of_request(ids),
        };
        return problem.into_response();
    }
    let status = if rejected + conflicts == 0 { StatusCode::OK } else { StatusCode::MULTI_STATUS };
    let body = json!({
        "accepted": count(EventVerdict::Accepted),
        "duplicates": count(EventVerdict::Duplicate),
        "conflicts": conflicts,
        "rejected": rejected,
        "problems": kinds,
        "events": answers,
    });
    (status, Json(body)).into_response()
}

/// The one thing that is wrong, and how often; of several kinds the most frequent, and that there are others.
fn summary(kinds: &[ProblemCount], events: usize) -> String {
    let Some(ProblemCount { problem, count, first, .. }) = kinds.first() else { return String::new() };
    let mut text = problem.clone();
    if events > 1 {
        text.push_str(&format!(" (so in {count} of {events} events, the first at index {first})"));
    }
    match kinds.len() - 1 {
        0 => {}
        1 => text.push_str("; there is a problem of one other kind, see `problems`"),
        more => text.push_str(&format!("; there are problems of {more} other kinds, see `problems`")),
    }
    text
}
