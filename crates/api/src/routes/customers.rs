//! `GET /v1/customers` and below, their documents from inside, and what was decided of them.

use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use jiff::Zoned;
use jiff::civil::Date;
use onefold_service::{CustomerReference, ErrorCode, ListingOrder, ServiceError, day_number};
use serde::Deserialize;
use serde_json::json;
use tokio::runtime::Handle;

use crate::connection::OpenConnection;
use crate::problem::ProblemDetails;
use crate::state::FaceState;
use crate::turns::is_large;

const FOUND: usize = 20;
const PAGE: usize = 50;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchQuery {
    identifier: Option<String>,
    q: Option<String>,
    limit: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DayQuery {
    today: Option<String>,
}

/// Which page of a list is asked for.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// The page before said it as `next`; none: the first page.
    pub cursor: Option<String>,
    /// Items on it at most; none: as many as a page has.
    pub limit: Option<usize>,
}

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
    let Query(SearchQuery { identifier, q, limit }) = asked.map_err(|e| bad_request(e.body_text()))?;
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
    let Query(DayQuery { today }) = asked.map_err(|e| bad_request(e.body_text()))?;
    let today = match today {
        Some(text) => {
            text.parse::<Date>().map_err(|_| bad_request(format!("`today`: `{text}` is no date such as 2026-03-31")))?
        }
        None => Zoned::now().date(),
    };
    let named = read_name(named)?;
    let _turn = face.turns.read_turn(1, &connection).await?;
    let of = face.service.read_reference(&named).await?;
    Ok(Json(face.service.view(&of, Some(day_number(today))).await?).into_response())
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
) -> Result<Response, ProblemDetails> {
    let named = read_name(named)?;
    let _turn = face.turns.read_turn(1, &connection).await?;
    let CustomerReference::Subject(subject) = &face.service.read_reference(&named).await? else {
        let message = format!("`{named}` is no document: expected one such as order:erp:4711");
        return Err(ServiceError::new(ErrorCode::Invalid, message).into());
    };
    Ok(Json(face.service.document(subject).await?).into_response())
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
    let PageQuery { cursor, limit } = PageQuery::read(uri)?;
    let (named, limit) = (read_name(named)?, limit.unwrap_or(PAGE));
    let turn = face.turns.read_turn(limit, connection).await?;
    let service = face.service.clone();
    let read = async move {
        fail::fail_point!("api.read");
        let of = service.read_reference(&named).await?;
        let page = service.documents(Some(&of), listing, cursor.as_deref(), limit).await?;
        // The answer is written before the turn ends: that takes as long as reading it did.
        let answer = Json(page).into_response();
        drop(turn);
        Ok(answer)
    };
    if !is_large(limit) {
        return read.await;
    }
    // A thread that answers others is not for much work.
    let handle = Handle::current();
    let read = tokio::task::spawn_blocking(move || handle.block_on(read));
    read.await.map_err(|_| ServiceError::new(ErrorCode::Internal, "reading the page broke off"))?
}

fn read_name(named: PathResult) -> Result<String, ProblemDetails> {
    let Path(text) = named.map_err(|e| bad_request(e.body_text()))?;
    Ok(text)
}

fn bad_request(detail: String) -> ProblemDetails {
    ProblemDetails::of_http(StatusCode::BAD_REQUEST, detail)
}
