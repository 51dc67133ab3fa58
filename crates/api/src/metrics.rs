//! `GET /metrics`: what Prometheus asks for, and what each request is measured by.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use onefold_service::Service;

use crate::problem::Problem;

/// Renders all that this process has measured, in Prometheus' text format.
pub type Render = Arc<dyn Fn() -> String + Send + Sync>;

pub(crate) async fn metrics(State((service, render)): State<(Service, Render)>) -> Result<Response, Problem> {
    let gauges = service.gauges().await?;
    for (partition, (head, lag)) in gauges.heads.iter().zip(&gauges.lag).enumerate() {
        let partition = partition.to_string();
        metrics::gauge!("onefold_log_events", "partition" => partition.clone()).set(*head as f64);
        metrics::gauge!("onefold_lag_events", "partition" => partition).set(*lag as f64);
    }
    metrics::gauge!("onefold_inbox_waiting").set(gauges.inbox as f64);
    metrics::gauge!("onefold_marks_waiting").set(gauges.marks as f64);
    let unpublished = gauges.unpublished;
    if unpublished.enabled {
        for (partition, behind) in unpublished.behind.iter().enumerate() {
            metrics::gauge!("onefold_publish_lag_events", "partition" => partition.to_string()).set(*behind as f64);
        }
        metrics::gauge!("onefold_outbox_waiting").set(unpublished.notes as f64);
        metrics::gauge!("onefold_publish_sweeping").set(f64::from(u8::from(unpublished.sweeping)));
    }
    metrics::gauge!("onefold_quarantine_open").set(gauges.quarantined as f64);
    for stage in service.health().stages {
        let still = stage.still_for_ms as f64 / 1_000.0;
        metrics::gauge!("onefold_stage_still_seconds", "stage" => stage.name).set(still);
    }
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4")], render()).into_response())
}

/// Measures a request by the route that took it, so that ids make no series of their own.
pub(crate) async fn measured(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let (method, began) = (request.method().as_str().to_owned(), Instant::now());
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    metrics::histogram!("onefold_http_seconds", "route" => route, "method" => method, "status" => status)
        .record(began.elapsed().as_secs_f64());
    response
}
