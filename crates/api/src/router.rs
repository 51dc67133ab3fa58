//! Which request goes where.

use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware;
use axum::routing::{get, post};
use onefold_service::Service;
use tokio::net::TcpListener;

use crate::problem::Problem;
use crate::{Render, customers, events, health, host, metrics};

/// All that the face answers.
pub fn router(service: Service, render: Render) -> Router {
    let metrics = get(metrics::metrics).with_state(metrics::Measured::new(service.clone(), render));
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
        .with_state(service)
}

/// Serves until `stop` is done, then lets the requests under way finish.
///
/// # Errors
/// The listener fails.
pub async fn serve(
    listener: TcpListener,
    service: Service,
    render: Render,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router(service, render)).with_graceful_shutdown(stop).await
}

async fn nowhere(uri: Uri) -> Problem {
    Problem::of_http(
        StatusCode::NOT_FOUND,
        format!("there is nothing at {}: see /v1/customers, /v1/events, /health and /metrics", uri.path()),
    )
}

async fn not_so(method: Method, uri: Uri) -> Problem {
    Problem::of_http(StatusCode::METHOD_NOT_ALLOWED, format!("{} does not take {method}", uri.path()))
}
