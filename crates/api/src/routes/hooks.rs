//! `POST /v1/hooks/{name}`: what a connector's source posts.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use onefold_service::{HookPost, HookReceipt, HookRefusal};
use serde_json::json;

use crate::body::{self, BodyLimit};
use crate::connection::OpenConnection;
use crate::problem::{ProblemDetails, RequestIds};
use crate::routes::asked::AskedName;
use crate::state::FaceState;

pub(crate) async fn post_hook(
    State(face): State<FaceState>,
    Extension(connection): Extension<Arc<OpenConnection>>,
    AskedName(name): AskedName,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ProblemDetails> {
    let mut ids = RequestIds::new();
    let text = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let is_from_here = connection.address.to_canonical().is_loopback();
    let mut post = HookPost { headers: headers.iter().filter_map(text).collect(), body: Vec::new(), is_from_here };
    let Some(sender_id) = face.service.sender_id(&name, &post) else {
        return Err(refuse(&name, HookRefusal::Unknown, &ids));
    };
    ids.sender_id = sender_id;
    let limit = BodyLimit::of_hooks(face.options.hook_bytes);
    let whole = body::read_body(body, &headers, &connection, (&face.turns, &face.options, limit)).await;
    // It holds the room that the bytes take until they are kept.
    let mut whole = whole.map_err(|problem| problem.of_request(&ids))?;
    post.body = std::mem::take(&mut whole.bytes);
    match face.service.receive(&name, post).await {
        Ok(HookReceipt { hub_id, sender_id }) => {
            let answer = json!({ "status": "accepted", "hub_id": hub_id, "sender_id": sender_id });
            Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
        }
        Err(refusal) => Err(refuse(&name, refusal, &ids)),
    }
}

fn refuse(name: &str, refusal: HookRefusal, ids: &RequestIds) -> ProblemDetails {
    let problem = match refusal {
        HookRefusal::Unknown => ProblemDetails::of_http(
            StatusCode::NOT_FOUND,
            format!(
                "there is no hook `{}`: expected the name of a connector file of this process with [from] kind = \"http\"; name the \
                 file in connect.files",
                name.chars().take(64).collect::<String>()
            ),
        ),
        HookRefusal::Unverified(why) => ProblemDetails::of_http(StatusCode::UNAUTHORIZED, why),
        HookRefusal::Elsewhere(why) => ProblemDetails::of_http(StatusCode::FORBIDDEN, why),
        HookRefusal::Invalid(why) => ProblemDetails::of_http(StatusCode::BAD_REQUEST, why),
        HookRefusal::TooLarge(why) => ProblemDetails::of_http(StatusCode::PAYLOAD_TOO_LARGE, why),
        HookRefusal::Unable(why) => {
            tracing::error!(hook = name, hub_id = %ids.hub_id, sender_id = %ids.sender_id, %why, "a post could not be kept");
            return ProblemDetails::busy(format!("the hub cannot keep the post for the moment: {why}")).of_request(ids);
        }
    };
    let (hub_id, sender_id) = (&ids.hub_id, &ids.sender_id);
    tracing::info!(hook = name, %hub_id, %sender_id, status = problem.status(), "a post was refused");
    problem.of_request(ids)
}
