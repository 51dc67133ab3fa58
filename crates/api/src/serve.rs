//! The loop that takes connections, serves each on a task of its own, and ends within its bound.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::IntoResponse;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use onefold_service::Service;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::connection::{ConnectionPhase, OpenConnection};
use crate::connections::{AdmittedConnection, ConnectionTable};
use crate::paced::{PacedBody, PacedStream};
use crate::problem::ProblemDetails;
use crate::router::build_router;
use crate::{HttpOptions, MetricsRender};

/// How often it is looked who keeps the hub waiting.
const SWEEP: Duration = Duration::from_millis(100);
/// Where the system has no descriptor or no memory for another connection, it is asked again so much later.
const PAUSE: Duration = Duration::from_millis(50);
/// Between two words about that.
const QUIET: Duration = Duration::from_secs(10);
/// What those may ask that come beyond the limit of connections.
const SPARE: [&str; 2] = ["/health", "/metrics"];

/// Serves, and these pages beside it, until `stop` is done, then lets the requests under way finish, for as long as the options say.
///
/// # Errors
/// None so far: what keeps a connection from being taken is waited for.
pub async fn serve(
    listener: TcpListener,
    service: Service,
    render: MetricsRender,
    pages: Router,
    options: &HttpOptions,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let router = build_router(service, render, pages, options);
    let connections = ConnectionTable::new(options);
    let (stopping, _) = watch::channel(false);
    let mut served = JoinSet::new();
    let mut sweep = tokio::time::interval(SWEEP);
    let (mut stop, mut told) = (pin!(stop), None::<Instant>);
    loop {
        tokio::select! {
            () = &mut stop => break,
            _ = sweep.tick() => connections.sweep_late(),
            Some(_) = served.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => {
                    // Whoever is not let in is told so by the end of its connection.
                    if let Some(admitted) = connections.admit_connection(address.ip()) {
                        served.spawn(serve_connection(stream, admitted, router.clone(), options.clone(), stopping.subscribe()));
                    }
                }
                Err(error) if is_of_the_other_end(&error) => {}
                Err(error) => {
                    connections.shed_one();
                    if told.is_none_or(|told| told.elapsed() > QUIET) {
                        tracing::warn!(%error, "no connection can be taken for the moment");
                        told = Some(Instant::now());
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
    drop(listener);
    stopping.send_replace(true);
    let all = async {
        loop {
            tokio::select! {
                _ = sweep.tick() => connections.sweep_late(),
                ended = served.join_next() => if ended.is_none() { break },
            }
        }
    };
    if tokio::time::timeout(Duration::from_millis(options.drain_ms), all).await.is_err() {
        tracing::warn!(open = served.len(), "requests under way did not end in time and are broken off");
    }
    served.shutdown().await;
    Ok(())
}

/// The other end went away between its call and our answer to it.
fn is_of_the_other_end(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn serve_connection(
    stream: TcpStream,
    admitted: AdmittedConnection,
    router: Router,
    options: HttpOptions,
    mut stopping: watch::Receiver<bool>,
) {
    // An answer goes out as it is.
    let _ = stream.set_nodelay(true);
    let watched = Arc::clone(&admitted);
    let answer = service_fn(move |request: Request<Incoming>| {
        let (connection, router) = (Arc::clone(&watched), router.clone());
        async move { Ok::<_, Infallible>(answer_request(request, connection, router).await) }
    });
    let io = TokioIo::new(PacedStream { stream, connection: Arc::clone(&admitted) });
    let mut http = http1::Builder::new();
    // The connection's own deadlines are shorter; this one is a net below them.
    let longest = Duration::from_millis(options.head_ms.saturating_add(options.idle_ms));
    http.timer(TokioTimer::new()).header_read_timeout(longest).max_buf_size(options.head_bytes);
    let mut http = pin!(http.serve_connection(io, answer));
    let mut asked = false;
    loop {
        tokio::select! {
            ended = http.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection broke off");
                }
                return;
            }
            () = admitted.wait_ended() => return,
            _ = stopping.wait_for(|stopping| *stopping), if !asked => {
                asked = true;
                http.as_mut().graceful_shutdown();
            }
        }
    }
}

async fn answer_request(
    request: Request<Incoming>,
    connection: Arc<OpenConnection>,
    router: Router,
) -> axum::http::Response<PacedBody> {
    connection.begin_phase(ConnectionPhase::Work);
    let is_spare = connection.is_spare;
    let mut response = if is_spare && !SPARE.contains(&request.uri().path()) {
        ProblemDetails::busy("there are as many connections as there may be, and all of them are at work")
            .into_response()
    } else {
        let mut request = request;
        request.extensions_mut().insert(Arc::clone(&connection));
        match TowerToHyperService::new(router).call(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    };
    // One request is what a spare connection is for; a body that was not read whole is not worth waiting for.
    let is_refused = matches!(response.status(), StatusCode::REQUEST_TIMEOUT | StatusCode::PAYLOAD_TOO_LARGE);
    if is_spare || is_refused || connection.is_hurried() {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    connection.begin_phase(ConnectionPhase::Answer);
    if response.body().is_end_stream() {
        connection.note_answered();
    }
    PacedBody::pace_response(response, connection)
}
