//! `GET /v1/customers` and what lists a customer's documents.

use axum::response::Response;
use jiff::Zoned;
use jiff::civil::Date;
use onefold_service::{ListingOrder, day_number};
use serde::Deserialize;
use serde_json::json;

use crate::problem::ProblemDetails;
use crate::routes::answer::{answer_aside, answer_large, answer_large_about, answer_within};
use crate::routes::asked::{
    AskedClocks, AskedName, AskedQuery, ClockQuery, PageQuery, ReadCaller, asked_clocks, bad_request, restore_phone,
};
use crate::turns::is_large;

const FOUND: usize = 20;
pub(crate) const PAGE: usize = 50;

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

asked_clocks!(SearchQuery, DayQuery);

pub(crate) async fn search_customers(
    caller: ReadCaller,
    AskedQuery(asked): AskedQuery<SearchQuery>,
) -> Result<Response, ProblemDetails> {
    let clocks = asked.read_clocks(&caller.service)?;
    let limit = asked.limit.unwrap_or(FOUND);
    let (text, is_identifier) = match (asked.identifier, asked.q) {
        (Some(identifier), None) => (restore_phone(&identifier), true),
        (None, Some(words)) => (words, false),
        _ => return Err(bad_request("ask by either `identifier` or `q`".to_owned())),
    };
    if let Some(clocks) = clocks {
        return answer_large(caller, move |service| async move {
            let past = service.past_find(&text, &clocks).await?;
            Ok(json!({ "clocks": past.clocks, "items": past.answer.hits }))
        })
        .await;
    }
    let turn = caller.read_turn(limit).await?;
    answer_within(turn, async move {
        let items = match is_identifier {
            true => json!(caller.service.holders(&text).await?),
            false => json!(caller.service.find(&text, limit).await?),
        };
        Ok(json!({ "items": items }))
    })
    .await
}

pub(crate) async fn get_customer(
    caller: ReadCaller,
    AskedQuery(asked): AskedQuery<DayQuery>,
    AskedName(named): AskedName,
) -> Result<Response, ProblemDetails> {
    let today = read_day(asked.today.as_deref())?;
    if let Some(clocks) = asked.read_clocks(&caller.service)? {
        return answer_large_about(caller, named, move |service, of| async move {
            service.past_view(&of, &clocks, today).await
        })
        .await;
    }
    let turn = caller.read_turn(1).await?;
    answer_within(turn, async move {
        let of = caller.service.read_reference(&named).await?;
        let today = today.unwrap_or_else(|| day_number(Zoned::now().date()));
        caller.service.view(&of, Some(today)).await
    })
    .await
}

/// The day from which something is seen, as a query brings it.
pub(crate) fn read_day(text: Option<&str>) -> Result<Option<i64>, ProblemDetails> {
    let read = |text: &str| {
        text.parse::<Date>()
            .map_err(|_| bad_request(format!("`today`: `{text}` is not a date: expected one such as 2026-03-31")))
    };
    Ok(text.map(read).transpose()?.map(day_number))
}

pub(crate) async fn get_timeline(
    caller: ReadCaller,
    AskedQuery(asked): AskedQuery<PageQuery>,
    AskedName(named): AskedName,
) -> Result<Response, ProblemDetails> {
    list_page(caller, asked, named, ListingOrder::NewestFirst).await
}

pub(crate) async fn get_documents(
    caller: ReadCaller,
    AskedQuery(asked): AskedQuery<PageQuery>,
    AskedName(named): AskedName,
) -> Result<Response, ProblemDetails> {
    list_page(caller, asked, named, ListingOrder::OldestFirst).await
}

/// What is counted of one customer.
pub(crate) async fn get_customer_status(
    caller: ReadCaller,
    AskedQuery(asked): AskedQuery<ClockQuery>,
    AskedName(named): AskedName,
) -> Result<Response, ProblemDetails> {
    let clocks = asked.clocks_or_now(&caller.service)?;
    answer_large_about(caller, named, move |service, of| async move { service.past_status(&of, &clocks).await }).await
}

async fn list_page(
    caller: ReadCaller,
    asked: PageQuery,
    named: String,
    listing: ListingOrder,
) -> Result<Response, ProblemDetails> {
    let limit = asked.limit.unwrap_or(PAGE);
    if let Some(clocks) = asked.read_clocks(&caller.service)? {
        return answer_large_about(caller, named, move |service, of| async move {
            service.past_documents(&of, &clocks, listing, (asked.cursor.as_deref(), limit), |_| true).await
        })
        .await;
    }
    let turn = caller.read_turn(limit).await?;
    let read = async move {
        fail::fail_point!("api.read");
        let of = caller.service.read_reference(&named).await?;
        caller.service.documents(Some(&of), listing, asked.cursor.as_deref(), limit).await
    };
    if is_large(limit) { answer_aside(turn, read).await } else { answer_within(turn, read).await }
}
