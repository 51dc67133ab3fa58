//! `GET /health`.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::problem::ProblemDetails;
use crate::state::FaceState;

pub(crate) async fn get_health(State(FaceState { service, .. }): State<FaceState>) -> Response {
    let report = service.health();
    if report.is_ok() {
        return Json(report).into_response();
    }
    let told = report.stages.iter().filter(|stage| report.still.contains(&stage.name)).map(|stage| {
        let why = stage.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
        format!("the {} has finished nothing for {} s{why}", stage.name, stage.still_for_ms / 1_000)
    });
    let not_written = report.not_written.as_ref().map(|why| format!("the last write failed: {why}"));
    let detail = told.chain(not_written).collect::<Vec<_>>().join("; ");
    ProblemDetails::of_http(StatusCode::SERVICE_UNAVAILABLE, detail)
        .with_field("still", json!(report.still))
        .with_field("not_written", json!(report.not_written))
        .with_field("stages", json!(report.stages))
        .into_response()
}
