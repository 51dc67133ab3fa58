//! Which request goes where.

use std::sync::Arc;

use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware;
use axum::routing::{get, post};
use onefold_service::Service;

use crate::problem::ProblemDetails;
use crate::routes::{customers, events, health, history, hooks, identity, metrics};
use crate::state::FaceState;
use crate::turns::TurnLimits;
use crate::{HttpOptions, MetricsRender, host};

/// All that the face answers.
pub(crate) fn build_router(service: Service, render: MetricsRender, options: &HttpOptions) -> Router {
    let (turns, options) = (Arc::new(TurnLimits::new(options)), Arc::new(options.clone()));
    let face = FaceState { service: service.clone(), turns, options };
    let metrics = get(metrics::get_metrics).with_state(metrics::MetricsState::new(service, render));
    Router::new()
        .route("/v1/customers", get(customers::search_customers))
        .route("/v1/customers/{id}", get(customers::get_customer))
        .route("/v1/customers/{id}/timeline", get(customers::get_timeline))
        .route("/v1/customers/{id}/documents", get(customers::get_documents))
        .route("/v1/customers/{id}/events", get(history::get_events))
        .route("/v1/customers/{id}/diff", get(history::get_difference))
        .route("/v1/customers/{id}/explain", get(history::get_explanation))
        .route("/v1/customers/{id}/status", get(customers::get_customer_status))
        .route("/v1/customers/{id}/candidates", get(identity::get_candidates))
        .route("/v1/decisions", get(identity::get_decisions))
        .route("/v1/joins", get(identity::get_join))
        .route("/v1/documents/{reference}", get(history::get_document))
        .route("/v1/documents/{reference}/diff", get(history::get_difference))
        .route("/v1/documents/{reference}/explain", get(history::get_explanation))
        .route("/v1/documents/{reference}/events", get(history::get_events))
        .route("/v1/events", post(events::post_events))
        .route("/v1/hooks/{name}", post(hooks::post_hook))
        .route("/health", get(health::get_health))
        .route("/metrics", metrics)
        .route_layer(middleware::from_fn(metrics::measure_request))
        .fallback(not_found)
        .method_not_allowed_fallback(not_so)
        .layer(middleware::from_fn(host::is_our_own))
        .with_state(face)
}

async fn not_found(uri: Uri) -> ProblemDetails {
    ProblemDetails::of_http(
        StatusCode::NOT_FOUND,
        format!(
            "there is nothing at {}: see /v1/customers, /v1/documents, /v1/decisions, /v1/joins, /v1/events, /v1/hooks, /health and /metrics",
            uri.path()
        ),
    )
}

async fn not_so(method: Method, uri: Uri) -> ProblemDetails {
    ProblemDetails::of_http(StatusCode::METHOD_NOT_ALLOWED, format!("{} does not take {method}", uri.path()))
}
