//! What a read asks: who asks, of what, how much of it, and at which clocks.

use std::sync::Arc;

use axum::Extension;
use axum::extract::rejection::ExtensionRejection;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri};
use onefold_service::{ClockTexts, ReadClocks, Service, ServiceError};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::connection::OpenConnection;
use crate::problem::ProblemDetails;
use crate::state::FaceState;
use crate::turns::{RequestTurn, TurnLimits};

/// Who asks, and what is answered from.
pub(crate) struct ReadCaller {
    pub(crate) service: Service,
    turns: Arc<TurnLimits>,
    connection: Arc<OpenConnection>,
}

/// The one part of a path that names something.
pub(crate) struct AskedName(pub(crate) String);

/// A query whose every parameter is known.
pub(crate) struct AskedQuery<Q>(pub(crate) Q);

/// Which page of a list is asked for, and at which clocks.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// The page before said it as `next`; none: the first page.
    pub cursor: Option<String>,
    /// Items on it at most; none: as many as a page has.
    pub limit: Option<usize>,
    /// Only what had happened by then; none: now.
    pub as_of: Option<String>,
    /// Only what the hub had taken in by then; none: now.
    pub known_at: Option<String>,
    /// Who was one customer as the hub knew it then; none: now.
    pub identity_at: Option<String>,
}

/// At which clocks something is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClockQuery {
    pub(crate) as_of: Option<String>,
    pub(crate) known_at: Option<String>,
    pub(crate) identity_at: Option<String>,
}

/// A query that may bring clocks.
pub(crate) trait AskedClocks {
    /// Business time, knowledge, identity.
    fn texts(&self) -> [Option<&str>; 3];

    /// The clocks; none where the question is about now.
    fn read_clocks(&self, service: &Service) -> Result<Option<ReadClocks>, ServiceError> {
        self.texts().iter().any(Option::is_some).then(|| self.clocks_or_now(service)).transpose()
    }

    /// The clocks, of which now is a time like any other.
    fn clocks_or_now(&self, service: &Service) -> Result<ReadClocks, ServiceError> {
        let texts = self.texts().map(|text| text.map(restore_offset));
        let [as_of, known_at, identity_at] = texts.each_ref().map(Option::as_deref);
        service.read_clocks(ClockTexts { as_of, known_at, identity_at })
    }
}

/// Parameters that are unknown are refused, which those of a part of a query could not be: so each query has these three itself.
macro_rules! asked_clocks {
    ($($query:ty),*) => {$(
        impl $crate::routes::asked::AskedClocks for $query {
            fn texts(&self) -> [Option<&str>; 3] {
                [&self.as_of, &self.known_at, &self.identity_at].map(Option::as_deref)
            }
        }
    )*};
}
pub(crate) use asked_clocks;

asked_clocks!(ClockQuery, PageQuery);

/// A time as it was written. A plus sign in a query means a space, unless it is written %2B; an offset begins with one.
pub(crate) fn restore_offset(text: &str) -> String {
    text.trim().replace(' ', "+")
}

/// The same of an identifier, or of a path that may hold one: a phone number begins with a plus sign.
pub(crate) fn restore_phone(text: &str) -> String {
    text.replace(": ", ":+")
}

impl PageQuery {
    /// Reads it from the query of a request.
    ///
    /// # Errors
    /// A parameter that is none of these, stands twice, or is no number where one is expected.
    pub fn read(uri: &Uri) -> Result<Self, ProblemDetails> {
        read_query(uri)
    }
}

impl ReadCaller {
    /// Its turn to read so many items.
    pub(crate) async fn read_turn(&self, items: usize) -> Result<RequestTurn, ProblemDetails> {
        self.turns.read_turn(items, &self.connection).await
    }

    /// Its turn to read all that something is about, such as of the past, which is folded: much work, however little is shown.
    pub(crate) async fn large_turn(&self) -> Result<RequestTurn, ProblemDetails> {
        self.read_turn(usize::MAX).await
    }
}

impl FromRequestParts<FaceState> for ReadCaller {
    type Rejection = ProblemDetails;

    async fn from_request_parts(parts: &mut Parts, face: &FaceState) -> Result<Self, ProblemDetails> {
        let Extension(connection) =
            Extension::from_request_parts(parts, face).await.map_err(|error: ExtensionRejection| {
                ProblemDetails::of_http(StatusCode::INTERNAL_SERVER_ERROR, error.body_text())
            })?;
        Ok(Self { service: face.service.clone(), turns: Arc::clone(&face.turns), connection })
    }
}

impl FromRequestParts<FaceState> for AskedName {
    type Rejection = ProblemDetails;

    async fn from_request_parts(parts: &mut Parts, face: &FaceState) -> Result<Self, ProblemDetails> {
        let named = Path::from_request_parts(parts, face).await;
        named.map(|Path(text)| Self(text)).map_err(|error| bad_request(error.body_text()))
    }
}

impl<Q: DeserializeOwned> FromRequestParts<FaceState> for AskedQuery<Q> {
    type Rejection = ProblemDetails;

    async fn from_request_parts(parts: &mut Parts, _: &FaceState) -> Result<Self, ProblemDetails> {
        read_query(&parts.uri).map(Self)
    }
}

fn read_query<Q: DeserializeOwned>(uri: &Uri) -> Result<Q, ProblemDetails> {
    let query = Query::try_from_uri(uri);
    query.map(|Query(asked)| asked).map_err(|error| bad_request(error.body_text()))
}

pub(crate) fn bad_request(detail: String) -> ProblemDetails {
    ProblemDetails::of_http(StatusCode::BAD_REQUEST, detail)
}
