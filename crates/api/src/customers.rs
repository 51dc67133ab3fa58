//! `GET /v1/customers` and below.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use jiff::Zoned;
use jiff::civil::Date;
use onefold_service::{Listing, Page, Reference, Service, View, day_number};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::problem::Problem;

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

pub(crate) async fn search(State(service): State<Service>, asked: Asked<Search>) -> Result<Json<Value>, Problem> {
    let Query(Search { identifier, q, limit }) = asked.map_err(|e| wrong(e.body_text()))?;
    let items = match (identifier, q) {
        (Some(identifier), None) => {
            // A plus sign in a query means a space, unless it is written %2B; a phone number begins with one.
            let identifier = identifier.replace(": ", ":+");
            json!(service.holders(&identifier).await?)
        }
        (None, Some(q)) => json!(service.find(&q, limit.unwrap_or(FOUND)).await?),
        _ => return Err(wrong("ask by either `identifier` or `q`".to_owned())),
    };
    Ok(Json(json!({ "items": items })))
}

pub(crate) async fn one(
    State(service): State<Service>,
    named: Named,
    asked: Asked<Day>,
) -> Result<Json<View>, Problem> {
    let Query(Day { today }) = asked.map_err(|e| wrong(e.body_text()))?;
    let today = match today {
        Some(text) => {
            text.parse::<Date>().map_err(|_| wrong(format!("`today`: `{text}` is no date such as 2026-03-31")))?
        }
        None => Zoned::now().date(),
    };
    Ok(Json(service.view(&reference(named)?, Some(day_number(today))).await?))
}

pub(crate) async fn timeline(
    State(service): State<Service>,
    named: Named,
    asked: Asked<Paged>,
) -> Result<Json<Page>, Problem> {
    listed(&service, named, Listing::NewestFirst, asked).await
}

pub(crate) async fn documents(
    State(service): State<Service>,
    named: Named,
    asked: Asked<Paged>,
) -> Result<Json<Page>, Problem> {
    listed(&service, named, Listing::OldestFirst, asked).await
}

async fn listed(service: &Service, named: Named, listing: Listing, asked: Asked<Paged>) -> Result<Json<Page>, Problem> {
    let Query(Paged { cursor, limit }) = asked.map_err(|e| wrong(e.body_text()))?;
    let of = reference(named)?;
    Ok(Json(service.documents(Some(&of), listing, cursor.as_deref(), limit.unwrap_or(PAGE)).await?))
}

fn reference(named: Named) -> Result<Reference, Problem> {
    let Path(text) = named.map_err(|e| wrong(e.body_text()))?;
    Ok(text.parse::<Reference>()?)
}

fn wrong(detail: String) -> Problem {
    Problem::of_http(StatusCode::BAD_REQUEST, detail)
}
