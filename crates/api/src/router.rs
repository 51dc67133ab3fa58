//! Which request goes where.

use std::sync::Arc;

use axum::extract::{Query, Request, State};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use onefold_service::{ErrorCode, Service, ServiceError};
use tokio::runtime::Handle;

use crate::connection::OpenConnection;
use crate::problem::ProblemDetails;
use crate::routes::{customers, events, health, history, hooks, identity, metrics};
use crate::state::FaceState;
use crate::turns::TurnLimits;
use crate::{HttpOptions, MetricsRender, host};

/// Parameters that ask for the past.
const CLOCKS: [&str; 3] = ["as_of", "known_at", "identity_at"];

/// All that the face answers, and beside it these pages.
pub(crate) fn build_router(service: Service, render: MetricsRender, pages: Router, options: &HttpOptions) -> Router {
    let (turns, options) = (Arc::new(TurnLimits::new(options)), Arc::new(options.clone()));
    let face = FaceState { service: service.clone(), turns, options };
    let metrics = get(metrics::get_metrics).with_state(metrics::MetricsState::new(service, render));
    let paged = pages.layer(middleware::from_fn_with_state(Arc::clone(&face.turns), take_page_turn));
    Router::new()
        .route("/v1/customers", get(customers::search_customers))
        .route("/v1/customers/{id}", get(customers::get_customer))
        .route("/v1/customers/{id}/timeline", get(customers::get_timeline))
        .route("/v1/customers/{id}/documents", get(customers::get_documents))
        .route("/v1/customers/{id}/events", get(history::get_events))
        .route("/v1/customers/{id}/diff", get(history::get_difference))
        .route("/v1/customers/{id}/explain", get(history::get_explanation))
        .route("/v1/customers/{id}/replay", get(history::get_steps))
        .route("/v1/customers/{id}/status", get(customers::get_customer_status))
        .route("/v1/customers/{id}/candidates", get(identity::get_candidates))
        .route("/v1/decisions", get(identity::get_decisions))
        .route("/v1/joins", get(identity::get_join))
        .route("/v1/documents/{reference}", get(history::get_document))
        .route("/v1/documents/{reference}/diff", get(history::get_difference))
        .route("/v1/documents/{reference}/explain", get(history::get_explanation))
        .route("/v1/documents/{reference}/replay", get(history::get_steps))
        .route("/v1/documents/{reference}/events", get(history::get_events))
        .route("/v1/events", post(events::post_events))
        .route("/v1/hooks/{name}", post(hooks::post_hook))
        .route("/health", get(health::get_health))
        .route("/metrics", metrics)
        .with_state(face)
        .merge(paged)
        .route_layer(middleware::from_fn(metrics::measure_request))
        .fallback(not_found)
        .method_not_allowed_fallback(not_so)
        .layer(middleware::from_fn(host::is_our_own))
}

/// A page is made within a turn like any other read: one about the past is much work, and so is a reason, for which all that the
/// customer has is looked at.
async fn take_page_turn(
    State(turns): State<Arc<TurnLimits>>,
    Extension(connection): Extension<Arc<OpenConnection>>,
    request: Request,
    next: Next,
) -> Result<Response, ProblemDetails> {
    let asked = Query::<Vec<(String, String)>>::try_from_uri(request.uri()).map(|asked| asked.0).unwrap_or_default();
    let is_past = asked.iter().any(|(name, value)| CLOCKS.contains(&name.as_str()) && !value.trim().is_empty());
    // A slash within a name is %2F there.
    let is_large = is_past || request.uri().path().contains("/why/");
    let turn = turns.read_turn(if is_large { usize::MAX } else { 1 }, &connection).await?;
    if !is_large {
        let answer = next.run(request).await;
        drop(turn);
        return Ok(answer);
    }
    let handle = Handle::current();
    let made = tokio::task::spawn_blocking(move || {
        let answer = handle.block_on(next.run(request));
        drop(turn);
        answer
    });
    made.await.map_err(|_| ServiceError::new(ErrorCode::Internal, "making the page broke off").into())
}

async fn not_found(uri: Uri) -> ProblemDetails {
    ProblemDetails::of_http(
        StatusCode::NOT_FOUND,
        format!(
            "there is nothing at {}: see / for pages, /v1/customers, /v1/documents, /v1/decisions, /v1/joins, /v1/events, /v1/hooks, /health and /metrics",
            uri.path()
        ),
    )
}

async fn not_so(method: Method, uri: Uri) -> ProblemDetails {
    ProblemDetails::of_http(StatusCode::METHOD_NOT_ALLOWED, format!("{} does not take {method}", uri.path()))
}
