//! `GET /v1/customers` and below.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Zoned;
use jiff::civil::Date;
use onefold_service::{Listing, Reference, day_number};
use serde::Deserialize;
use serde_json::json;

use crate::problem::Problem;
use crate::router::Face;

const FOUND: usize = 20;
const PAGE: usize = 50;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Search {
    identifier: Option<String>,
    q: Option<String>,
    limit: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Day {
    today: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Paged {
    cursor: Option<String>,
    limit: Option<usize>,
}

type Asked<T> = Result<Query<T>, QueryRejection>;
type Named = Result<Path<String>, PathRejection>;

pub(crate) async fn search(State(face): State<Face>, asked: Asked<Search>) -> Result<Response, Problem> {
    let Query(Search { identifier, q, limit }) = asked.map_err(|e| wrong(e.body_text()))?;
    let _turn = face.turns.read(limit.unwrap_or(FOUND)).await?;
    let items = match (identifier, q) {
        (Some(identifier), None) => {
            // A plus sign in a query means a space, unless it is written %2B; a phone number begins with one.
            let identifier = identifier.replace(": ", ":+");
            json!(face.service.holders(&identifier).await?)
        }
        (None, Some(q)) => json!(face.service.find(&q, limit.unwrap_or(FOUND)).await?),
        _ => return Err(wrong("ask by either `identifier` or `q`".to_owned())),
    };
    Ok(Json(json!({ "items": items })).into_response())
}

pub(crate) async fn one(State(face): State<Face>, named: Named, asked: Asked<Day>) -> Result<Response, Problem> {
    let Query(Day { today }) = asked.map_err(|e| wrong(e.body_text()))?;
    let today = match today {
        Some(text) => {
            text.parse::<Date>().map_err(|_| wrong(format!("`today`: `{text}` is no date such as 2026-03-31")))?
        }
        None => Zoned::now().date(),
    };
    let of = reference(named)?;
    let _turn = face.turns.read(1).await?;
    Ok(Json(face.service.view(&of, Some(day_number(today))).await?).into_response())
}

pub(crate) async fn timeline(State(face): State<Face>, named: Named, asked: Asked<Paged>) -> Result<Response, Problem> {
    listed(&face, named, Listing::NewestFirst, asked).await
}

pub(crate) async fn documents(
    State(face): State<Face>,
    named: Named,
    asked: Asked<Paged>,
) -> Result<Response, Problem> {
    listed(&face, named, Listing::OldestFirst, asked).await
}

async fn listed(face: &Face, named: Named, listing: Listing, asked: Asked<Paged>) -> Result<Response, Problem> {
    let Query(Paged { cursor, limit }) = asked.map_err(|e| wrong(e.body_text()))?;
    let (of, limit) = (reference(named)?, limit.unwrap_or(PAGE));
    // The answer is written before the turn ends: that takes as long as reading it did.
    let _turn = face.turns.read(limit).await?;
    fail::fail_point!("api.read");
    Ok(Json(face.service.documents(Some(&of), listing, cursor.as_deref(), limit).await?).into_response())
}

fn reference(named: Named) -> Result<Reference, Problem> {
    let Path(text) = named.map_err(|e| wrong(e.body_text()))?;
    Ok(text.parse::<Reference>()?)
}

fn wrong(detail: String) -> Problem {
    Problem::of_http(StatusCode::BAD_REQUEST, detail)
}
