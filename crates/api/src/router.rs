//! Which request goes where.

use std::sync::Arc;

use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware;
use axum::routing::{get, post};
use onefold_service::Service;

use crate::problem::ProblemDetails;
use crate::turns::Turns;
use crate::{Options, Render, customers, events, health, host, metrics};

/// What the face answers from, and within which bounds.
#[derive(Clone)]
pub(crate) struct Face {
    pub(crate) service: Service,
    pub(crate) turns: Arc<Turns>,
    pub(crate) options: Arc<Options>,
}

/// All that the face answers.
pub(crate) fn router(service: Service, render: Render, options: &Options) -> Router {
    let (turns, options) = (Arc::new(Turns::new(options)), Arc::new(options.clone()));
    let face = Face { service: service.clone(), turns, options };
    let metrics = get(metrics::metrics).with_state(metrics::Measured::new(service, render));
    Router::new()
        .route("/v1/customers", get(customers::search))
        .route("/v1/customers/{id}", get(customers::one))
        .route("/v1/customers/{id}/timeline", get(customers::timeline))
        .route("/v1/customers/{id}/documents", get(customers::documents))
        .route("/v1/events", post(events::post))
        .route("/health", get(health::health))
        .route("/metrics", metrics)
        .route_layer(middleware::from_fn(metrics::measured))
        .fallback(nowhere)
        .method_not_allowed_fallback(not_so)
        .layer(middleware::from_fn(host::is_our_own))
        .with_state(face)
}

async fn nowhere(uri: Uri) -> ProblemDetails {
    ProblemDetails::of_http(
        StatusCode::NOT_FOUND,
        format!("there is nothing at {}: see /v1/customers, /v1/events, /health and /metrics", uri.path()),
    )
}

async fn not_so(method: Method, uri: Uri) -> ProblemDetails {
    ProblemDetails::of_http(StatusCode::METHOD_NOT_ALLOWED, format!("{} does not take {method}", uri.path()))
}
