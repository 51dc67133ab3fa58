//! Which address shows what.

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use onefold_service::Service;

use crate::assets::get_asset;
use crate::pages::{caller, customer, document, list, search, settings, why};
use crate::state::{ConsoleOptions, ConsoleState};

/// No script, style, image or frame but our own, and none within a page (Content Security Policy Level 3).
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                              form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// All pages, to be served beside whatever else the hub answers.
pub fn console_pages(service: Service, options: ConsoleOptions) -> Router {
    let state = ConsoleState { service, options };
    Router::new()
        .route("/", get(search::get_search))
        .route("/search", get(search::get_search))
        .route("/search/hits", get(search::get_hits))
        .route("/call", get(caller::get_caller))
        .route("/c/{id}", get(customer::get_without_slash))
        .route("/c/{id}/", get(customer::get_customer))
        .route("/c/{id}/timeline", get(list::get_timeline))
        .route("/c/{id}/why/{path}", get(why::get_customer_why))
        .route("/s/{subject}/why/{path}", get(why::get_document_why))
        .route("/s/{subject}", get(document::get_document))
        .route("/settings", get(settings::get_settings))
        .route("/a/{name}", get(get_asset))
        .layer(middleware::from_fn(guard_page))
        .with_state(state)
}

/// What a browser may do with a page.
async fn guard_page(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(CONTENT_POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}
