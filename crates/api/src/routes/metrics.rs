//! `GET /metrics`: what Prometheus asks for, and what each request is measured by.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use onefold_service::Service;

/// Renders all that this process has measured, in Prometheus' text format.
pub type MetricsRender = Arc<dyn Fn() -> String + Send + Sync>;

/// What is measured by asking, for whoever asks next.
#[derive(Clone)]
pub(crate) struct MetricsState {
    service: Service,
    render: MetricsRender,
    /// Partitions of the log and of what is published, as far as they were ever told.
    partitions: Arc<[AtomicUsize; 2]>,
}

impl MetricsState {
    pub(crate) fn new(service: Service, render: MetricsRender) -> Self {
        Self { service, render, partitions: Arc::default() }
    }

    /// The figure of each partition.
    fn labelled_figures(&self, which: usize, figures: Option<&[u64]>) -> impl Iterator<Item = (String, f64)> {
        let told = figures.map_or(0, <[u64]>::len);
        let known = self.partitions.get(which).map_or(0, |known| known.fetch_max(told, Relaxed).max(told));
        (0..known).map(move |partition| {
            let figure = figures.and_then(|figures| figures.get(partition)).copied();
            (partition.to_string(), to_number(figure))
        })
    }
}

/// What cannot be told is no number, since the last one would be taken for true.
fn to_number(figure: Option<u64>) -> f64 {
    figure.map_or(f64::NAN, |figure| figure as f64)
}

/// Always answers: what this process measures itself is wanted most while log or read model cannot be asked.
pub(crate) async fn get_metrics(State(measured): State<MetricsState>) -> Response {
    let gauges = measured.service.gauges().await;
    if let Err(error) = &gauges {
        tracing::warn!(%error, "how far the hub is cannot be told");
    }
    let gauges = gauges.as_ref().ok();
    for (partition, head) in measured.labelled_figures(0, gauges.map(|gauges| gauges.heads.as_slice())) {
        metrics::gauge!("onefold_log_events", "partition" => partition).set(head);
    }
    for (partition, lag) in measured.labelled_figures(0, gauges.map(|gauges| gauges.lag.as_slice())) {
        metrics::gauge!("onefold_lag_events", "partition" => partition).set(lag);
    }
    metrics::gauge!("onefold_inbox_waiting").set(to_number(gauges.map(|gauges| gauges.inbox)));
    metrics::gauge!("onefold_marks_waiting").set(to_number(gauges.map(|gauges| gauges.marks)));
    metrics::gauge!("onefold_quarantine_open").set(to_number(gauges.map(|gauges| gauges.quarantined)));
    let unpublished = gauges.map(|gauges| &gauges.unpublished);
    if unpublished.is_none_or(|unpublished| unpublished.enabled) {
        for (partition, behind) in
            measured.labelled_figures(1, unpublished.map(|unpublished| unpublished.behind.as_slice()))
        {
            metrics::gauge!("onefold_publish_lag_events", "partition" => partition).set(behind);
        }
        metrics::gauge!("onefold_outbox_waiting").set(to_number(unpublished.map(|unpublished| unpublished.notes)));
        let sweeping = unpublished.map(|unpublished| u64::from(unpublished.sweeping));
        metrics::gauge!("onefold_publish_sweeping").set(to_number(sweeping));
    }
    for stage in measured.service.health().stages {
        let still = stage.still_for_ms as f64 / 1_000.0;
        metrics::gauge!("onefold_stage_still_seconds", "stage" => stage.name).set(still);
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], (measured.render)()).into_response()
}

/// Measures a request by the route that took it, so that ids make no series of their own.
pub(crate) async fn measure_request(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let (method, began) = (request.method().as_str().to_owned(), Instant::now());
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    metrics::histogram!("onefold_http_seconds", "route" => route, "method" => method, "status" => status)
        .record(began.elapsed().as_secs_f64());
    response
}
