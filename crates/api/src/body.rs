//! The body of a request: whole within its bounds of size, time and room, or why it is not.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Bytes;
use tokio::time::{Instant, timeout_at};

use crate::HttpOptions;
use crate::connection::{ConnectionPhase, OpenConnection};
use crate::problem::ProblemDetails;
use crate::turns::{BodyRoom, TurnLimits};

/// Bytes of each body that need no room of those that all share, so that a large body never keeps out a small one.
pub(crate) const SMALL: usize = 64 << 10;

/// A body that came whole.
#[derive(Debug)]
pub(crate) struct WholeBody {
    pub(crate) bytes: Vec<u8>,
    /// Held for as long as the bytes are.
    _room: BodyRoom,
}

/// For so long, and so many bytes, what is refused goes on being read and thrown away: whoever sends first and listens then would
/// else find the connection gone, and never hear why.
const LINGER: Duration = Duration::from_secs(2);
const LINGERING: usize = 32 << 20;

/// What a body may be at most, and which setting says so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyLimit {
    pub(crate) bytes: usize,
    /// Of what it is the limit.
    what: &'static str,
    setting: &'static str,
    advice: &'static str,
}

impl BodyLimit {
    /// Of events.
    pub(crate) fn of_events(bytes: usize) -> Self {
        Self {
            bytes,
            what: "the body, unpacked,",
            setting: "http.body_bytes",
            advice: "send the events in several requests",
        }
    }

    /// Of what is posted to a connector.
    pub(crate) fn of_hooks(bytes: usize) -> Self {
        Self {
            bytes,
            what: "the body",
            setting: "http.hook_bytes",
            advice: "have the sender post less at once, or raise it",
        }
    }

    /// What is said of one that is larger.
    pub(crate) fn too_large(&self) -> ProblemDetails {
        let Self { bytes, what, setting, advice } = self;
        let detail = format!("{what} is larger than the {bytes} bytes that `{setting}` allows: {advice}");
        ProblemDetails::of_http(StatusCode::PAYLOAD_TOO_LARGE, detail)
    }
}

/// Reads a body to its end.
///
/// # Errors
/// 413 where it is larger than it may be, 408 where it comes more slowly, 400 where it breaks off or is malformed, 503 where
/// other bodies take all the room.
pub(crate) async fn read_body(
    mut body: Body,
    headers: &HeaderMap,
    connection: &Arc<OpenConnection>,
    bounds: (&Arc<TurnLimits>, &HttpOptions, BodyLimit),
) -> Result<WholeBody, ProblemDetails> {
    let read = collect_body(&mut body, headers, connection, (bounds.0, bounds.1, bounds.2)).await;
    if read.is_err() {
        tokio::spawn(tokio::time::timeout(LINGER, throw_away(body, Arc::clone(bounds.0))));
    }
    read
}

async fn throw_away(mut body: Body, turns: Arc<TurnLimits>) {
    let mut left = LINGERING;
    while let Some(Ok(frame)) = body.frame().await {
        left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
        if left == 0 {
            return;
        }
        turns.throw_away().await;
    }
}

async fn collect_body(
    body: &mut Body,
    headers: &HeaderMap,
    connection: &Arc<OpenConnection>,
    (turns, options, limit): (&TurnLimits, &HttpOptions, BodyLimit),
) -> Result<WholeBody, ProblemDetails> {
    let most = limit.bytes;
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > most as u64) {
        return Err(limit.too_large());
    }
    // A length that is only announced takes no room yet, and is all that will be needed.
    let needed = announced.and_then(|length| usize::try_from(length).ok()).unwrap_or(most);
    let (mut bytes, mut room) = (Vec::new(), BodyRoom::default());
    connection.begin_phase(ConnectionPhase::Body);
    let began = Instant::now();
    loop {
        let deadline = began + options.body_patience(bytes.len() as u64);
        let Ok(frame) = timeout_at(deadline, body.frame()).await else {
            return Err(too_slow(bytes.len(), options));
        };
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| cut_off(&error, bytes.len()))?;
        let Ok(data) = frame.into_data() else { continue };
        let length = bytes.len() + data.len();
        if length > most {
            return Err(limit.too_large());
        }
        if length > bytes.capacity() {
            let wanted = length.max(bytes.capacity() * 2).min(needed.max(length));
            turns.grow_room(&mut room, wanted.saturating_sub(SMALL))?;
            bytes.reserve_exact(wanted - bytes.len());
        }
        bytes.extend_from_slice(&data);
    }
    connection.begin_phase(ConnectionPhase::Work);
    Ok(WholeBody { bytes, _room: room })
}

fn too_slow(came: usize, options: &HttpOptions) -> ProblemDetails {
    let detail = format!(
        "{came} bytes of the body came within {} ms: expected all of it, or {} bytes per second; send it again, in smaller \
         requests where the line is slow",
        options.body_patience(came as u64).as_millis(),
        options.bytes_per_second
    );
    ProblemDetails::of_http(StatusCode::REQUEST_TIMEOUT, detail)
}

fn cut_off(error: &axum::Error, came: usize) -> ProblemDetails {
    let mut why = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if !why.contains(&error.to_string()) {
            why = format!("{why}: {error}");
        }
        source = error.source();
    }
    let detail = format!(
        "the body broke off after {came} bytes, or its chunks are malformed ({why}): nothing of it was taken in; send it again \
         whole"
    );
    ProblemDetails::of_http(StatusCode::BAD_REQUEST, detail)
}
