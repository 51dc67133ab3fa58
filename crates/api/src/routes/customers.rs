//! `GET /v1/customers` and below, their documents from inside, and what was decided of them.

use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use jiff::Zoned;
use jiff::civil::Date;
use onefold_service::{
    ClockTexts, CustomerReference, ErrorCode, ListingOrder, MovedClock, ReadClocks, Service, ServiceError, day_number,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::runtime::Handle;

use crate::connection::OpenConnection;
use crate::problem::ProblemDetails;
use crate::state::FaceState;
use crate::turns::{RequestTurn, is_large};

const FOUND: usize = 20;
const PAGE: usize = 50;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchQuery {
    identifier: Option<String>,
    q: Option<String>,
    limit: Option<usize>,
    as_of: Option<String>,
    known_at: Option<String>,
    identity_at: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DayQuery {
    today: Option<String>,
    as_of: Option<String>,
    known_at: Option<String>,
    identity_at: Option<String>,
}

/// At which clocks something is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClockQuery {
    as_of: Option<String>,
    known_at: Option<String>,
    identity_at: Option<String>,
}

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

/// A query that may bring clocks.
trait AskedClocks {
    /// Business time, knowledge, identity.
    fn texts(&self) -> [Option<&str>; 3];

    /// The clocks; none where the question is about now.
    fn read_clocks(&self, service: &Service) -> Result<Option<ReadClocks>, ServiceError> {
        self.texts().iter().any(Option::is_some).then(|| self.clocks_or_now(service)).transpose()
    }

    /// The clocks, of which now is a time like any other.
    fn clocks_or_now(&self, service: &Service) -> Result<ReadClocks, ServiceError> {
        // A plus sign in a query means a space, unless it is written %2B; an offset begins with one.
        let texts = self.texts().map(|text| text.map(|text| text.trim().replace(' ', "+")));
        let [as_of, known_at, identity_at] = texts.each_ref().map(Option::as_deref);
        service.read_clocks(ClockTexts { as_of, known_at, identity_at })
    }
}

macro_rules! asked_clocks {
    ($($query:ty),*) => {$(
        impl AskedClocks for $query {
            fn texts(&self) -> [Option<&str>; 3] {
                [&self.as_of, &self.known_at, &self.identity_at].map(Option::as_deref)
            }
        }
    )*};
}

asked_clocks!(SearchQuery, DayQuery, ClockQuery, PageQuery);

impl PageQuery {
    /// Reads it from the query of a request.
    ///
    /// # Errors
    /// A parameter that is none of these, stands twice, or is no number where one is expected.
    pub fn read(uri: &Uri) -> Result<Self, ProblemDetails> {
        let Query(paged) = Query::try_from_uri(uri).map_err(|error| bad_request(error.body_text()))?;
        Ok(paged)
    }
}

type QueryResult<T> = Result<Query<T>, QueryRejection>;
type ConnectionExtension = Extension<Arc<OpenConnection>>;
type PathResult = Result<Path<String>, PathRejection>;

pub(crate) async fn search_customers(
    State(face): State<FaceState>,
    Extension(connection): ConnectionExtension,
    asked: QueryResult<SearchQuery>,
) -> Result<Response, ProblemDetails> {
    let Query(asked) = asked.map_err(|e| bad_request(e.body_text()))?;
    let clocks = asked.read_clocks(&face.service)?;
    let SearchQuery { identifier, q, limit, .. } = asked;
    if let Some(clocks) = clocks {
        let text = match (identifier, q) {
            (Some(identifier), None) => identifier.replace(": ", ":+"),
            (None, Some(q)) => q,
            _ => return Err(bad_request("ask by either `identifier` or `q`".to_owned())),
        };
        let turn = face.turns.large_read(&connection).await?;
        return read_aside(turn, async move {
            let past = face.service.past_find(&text, &clocks).await?;
            Ok(json!({ "clocks": past.clocks, "items": past.answer.hits }))
        })
        .await;
    }
    let _turn = face.turns.read_turn(limit.unwrap_or(FOUND), &connection).await?;
    let items = match (identifier, q) {
        (Some(identifier), None) => {
            // A plus sign in a query means a space, unless it is written %2B; a phone number begins with one.
            let identifier = identifier.replace(": ", ":+");
            json!(face.service.holders(&identifier).await?)
        }
        (None, Some(q)) => json!(face.service.find(&q, limit.unwrap_or(FOUND)).await?),
        _ => return Err(bad_request("ask by either `identifier` or `q`".to_owned())),
    };
    Ok(Json(json!({ "items": items })).into_response())
}

pub(crate) async fn get_customer(
    State(face): State<FaceState>,
    Extension(connection): ConnectionExtension,
    named: PathResult,
    asked: QueryResult<DayQuery>,
) -> Result<Response, ProblemDetails> {
    let Query(asked) = asked.map_err(|e| bad_request(e.body_text()))?;
    let today = asked.today.as_ref().map(|text| {
        text.parse::<Date>().map_err(|_| bad_request(format!("`today`: `{text}` is no date such as 2026-03-31")))
    });
    let today = today.transpose()?.map(day_number);
    let (named, clocks) = (read_name(named)?, asked.read_clocks(&face.service)?);
    if let Some(clocks) = clocks {
        let turn = face.turns.large_read(&connection).await?;
        return read_aside(turn, async move {
            let of = face.service.read_reference(&named).await?;
            face.service.past_view(&of, &clocks, today).await
        })
        .await;
    }
    let _turn = face.turns.read_turn(1, &connection).await?;
    let of = face.service.read_reference(&named).await?;
    let today = today.unwrap_or_else(|| day_number(Zoned::now().date()));
    Ok(Json(face.service.view(&of, Some(today)).await?).into_response())
}

pub(crate) async fn get_timeline(
    State(face): State<FaceState>,
    Extension(connection): ConnectionExtension,
    named: PathResult,
    uri: Uri,
) -> Result<Response, ProblemDetails> {
    list_page((&face, &connection), named, ListingOrder::NewestFirst, &uri).await
}

pub(crate) async fn get_documents(
    State(face): State<FaceState>,
    Extension(connection): ConnectionExtension,
    named: PathResult,
    uri: Uri,
) -> Result<Response, ProblemDetails> {
    list_page((&face, &connection), named, ListingOrder::OldestFirst, &uri).await
}

pub(crate) async fn get_document(
    State(face): State<FaceState>,
    Extension(connection): ConnectionExtension,
    named: PathResult,
    asked: QueryResult<ClockQuery>,
) -> Result<Response, ProblemDetails> {
    let Query(asked) = asked.map_err(|e| bad_request(e.body_text()))?;
    let (named, clocks) = (read_name(named)?, asked.read_clocks(&face.service)?);
    let no_document = || {
        ServiceError::new(ErrorCode::Invalid, format!("`{named}` is no document: expected one such as order:erp:4711"))
    };
    let turn = match &clocks {
        Some(_) => face.turns.large_read(&connection).await?,
        None => face.turns.read_turn(1, &connection).await?,
    };
    let of = face.service.read_reference(&named).await?;
    let subject = of.document().ok_or_else(no_document)?.clone();
    let Some(clocks) = clocks else {
        return Ok(Json(face.service.document(&subject).await?).into_response());
    };
    read_aside(turn, async move { face.service.past_show(&of, &clocks, None).await }).await
}

/// Every event behind a customer or a document, by business time.
pub(crate) async fn get_events(
    State(face): State<FaceState>,
    Extension(connection): ConnectionExtension,
    named: PathResult,
    uri: Uri,
) -> Result<Response, ProblemDetails> {
    let asked = PageQuery::read(&uri)?;
    let (named, clocks) = (read_name(named)?, asked.read_clocks(&face.service)?);
    let limit = asked.limit.unwrap_or(PAGE);
    // All of them are looked for, however few are shown.
    let turn = face.turns.large_read(&connection).await?;
    read_aside(turn, async move {
        let service = &face.service;
        let of = service.read_reference(&named).await?;
        let (clocks, places) = match clocks {
            Some(clocks) => {
                let past = service.past_events(&of, &clocks).await?;
                (Some(past.clocks), past.answer)
            }
            None => (None, service.events(&of).await?),
        };
        let page = service.event_page(&places, asked.cursor.as_deref(), limit).await?;
        Ok(MaybePast { clocks, answer: page })
    })
    .await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DifferenceQuery {
    from: Option<String>,
    to: Option<String>,
    clock: Option<String>,
}

/// What changed of a customer or a document between two moments, and which events did it.
pub(crate) async fn get_difference(
    State(face): State<FaceState>,
    Extension(connection): ConnectionExtension,
    named: PathResult,
    asked: QueryResult<DifferenceQuery>,
) -> Result<Response, ProblemDetails> {
    let Query(DifferenceQuery { from, to, clock }) = asked.map_err(|e| bad_request(e.body_text()))?;
    let clock = match clock.as_deref() {
        None | Some("as_of") => MovedClock::AsOf,
        Some("known_at") => MovedClock::KnownAt,
        Some(other) => {
            return Err(bad_request(format!("`clock`: `{other}` is none: expected `as_of` or `known_at`")));
        }
    };
    let read = |at: Option<String>| match clock {
        MovedClock::AsOf => ClockQuery { as_of: at, ..ClockQuery::default() }.clocks_or_now(&face.service),
        MovedClock::KnownAt => {
            ClockQuery { known_at: at.clone(), identity_at: at, ..ClockQuery::default() }.clocks_or_now(&face.service)
        }
    };
    let (named, from, to) = (read_name(named)?, from.map(|from| read(Some(from))).transpose()?, read(to)?);
    let turn = face.turns.large_read(&connection).await?;
    read_aside(turn, async move {
        let of = face.service.read_reference(&named).await?;
        face.service.difference(&of, clock, from.as_ref(), &to).await
    })
    .await
}

/// What is counted of one customer.
pub(crate) async fn get_customer_status(
    State(face): State<FaceState>,
    Extension(connection): ConnectionExtension,
    named: PathResult,
    asked: QueryResult<ClockQuery>,
) -> Result<Response, ProblemDetails> {
    let Query(asked) = asked.map_err(|e| bad_request(e.body_text()))?;
    let named = read_name(named)?;
    let clocks = asked.clocks_or_now(&face.service)?;
    let turn = face.turns.large_read(&connection).await?;
    read_aside(turn, async move {
        let of = face.service.read_reference(&named).await?;
        face.service.past_status(&of, &clocks).await
    })
    .await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct JoinQuery {
    one: String,
    other: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitQuery {
    limit: Option<usize>,
}

pub(crate) async fn get_decisions(
    State(face): State<FaceState>,
    Extension(connection): ConnectionExtension,
    asked: QueryResult<LimitQuery>,
) -> Result<Response, ProblemDetails> {
    let Query(LimitQuery { limit }) = asked.map_err(|e| bad_request(e.body_text()))?;
    let limit = limit.unwrap_or(PAGE);
    let _turn = face.turns.read_turn(limit, &connection).await?;
    Ok(Json(json!({ "items": face.service.decisions(limit).await? })).into_response())
}

pub(crate) async fn get_join(
    State(face): State<FaceState>,
    Extension(connection): ConnectionExtension,
    asked: QueryResult<JoinQuery>,
) -> Result<Response, ProblemDetails> {
    let Query(JoinQuery { one, other }) = asked.map_err(|e| bad_request(e.body_text()))?;
    let (one, other) = (one.parse::<CustomerReference>()?, other.parse::<CustomerReference>()?);
    let _turn = face.turns.read_turn(1, &connection).await?;
    Ok(Json(face.service.why_joined(&one, &other).await?).into_response())
}

pub(crate) async fn get_candidates(
    State(face): State<FaceState>,
    Extension(connection): ConnectionExtension,
    named: PathResult,
) -> Result<Response, ProblemDetails> {
    let named = read_name(named)?;
    let _turn = face.turns.read_turn(PAGE, &connection).await?;
    let of = face.service.read_reference(&named).await?;
    Ok(Json(json!({ "items": face.service.join_candidates(&of).await? })).into_response())
}

async fn list_page(
    (face, connection): (&FaceState, &OpenConnection),
    named: PathResult,
    listing: ListingOrder,
    uri: &Uri,
) -> Result<Response, ProblemDetails> {
    let asked = PageQuery::read(uri)?;
    let clocks = asked.read_clocks(&face.service)?;
    let (named, limit) = (read_name(named)?, asked.limit.unwrap_or(PAGE));
    let service = face.service.clone();
    if let Some(clocks) = clocks {
        let turn = face.turns.large_read(connection).await?;
        return read_aside(turn, async move {
            let of = service.read_reference(&named).await?;
            service.past_documents(&of, &clocks, listing, (asked.cursor.as_deref(), limit)).await
        })
        .await;
    }
    let turn = face.turns.read_turn(limit, connection).await?;
    let read = async move {
        fail::fail_point!("api.read");
        let of = service.read_reference(&named).await?;
        service.documents(Some(&of), listing, asked.cursor.as_deref(), limit).await
    };
    if is_large(limit) { read_aside(turn, read).await } else { answer_within(turn, read).await }
}

/// An answer, and the clocks that it holds for where it is not about now.
#[derive(Serialize)]
struct MaybePast<T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    clocks: Option<onefold_service::AnsweredClocks>,
    #[serde(flatten)]
    answer: T,
}

/// Reads and answers on a thread of its own: one that answers others is not for much work.
async fn read_aside<T: Serialize + Send + 'static>(
    turn: RequestTurn,
    read: impl Future<Output = Result<T, ServiceError>> + Send + 'static,
) -> Result<Response, ProblemDetails> {
    let handle = Handle::current();
    let read = tokio::task::spawn_blocking(move || handle.block_on(answer_within(turn, read)));
    read.await.map_err(|_| ServiceError::new(ErrorCode::Internal, "reading the answer broke off"))?
}

/// The answer is written before the turn ends: that takes as long as reading it did.
async fn answer_within<T: Serialize>(
    turn: RequestTurn,
    read: impl Future<Output = Result<T, ServiceError>>,
) -> Result<Response, ProblemDetails> {
    let answer = Json(read.await?).into_response();
    drop(turn);
    Ok(answer)
}

fn read_name(named: PathResult) -> Result<String, ProblemDetails> {
    let Path(text) = named.map_err(|e| bad_request(e.body_text()))?;
    Ok(text)
}

fn bad_request(detail: String) -> ProblemDetails {
    ProblemDetails::of_http(StatusCode::BAD_REQUEST, detail)
}
