//! A document from inside, the events behind a customer or a document, and what changed of either.

use axum::response::Response;
use jiff::Zoned;
use onefold_service::{ErrorCode, MovedClock, ReadClocks, Service, ServiceError, day_number};
use serde::Deserialize;

use crate::problem::ProblemDetails;
use crate::routes::answer::{DatedAnswer, answer_aside, answer_within};
use crate::routes::asked::{
    AskedClocks, AskedName, AskedQuery, ClockQuery, PageQuery, ReadCaller, asked_clocks, bad_request,
};
use crate::routes::customers::{PAGE, read_day};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DifferenceQuery {
    from: Option<String>,
    to: Option<String>,
    clock: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExplanationQuery {
    path: Option<String>,
    today: Option<String>,
    as_of: Option<String>,
    known_at: Option<String>,
    identity_at: Option<String>,
}

asked_clocks!(ExplanationQuery);

pub(crate) async fn get_document(
    caller: ReadCaller,
    AskedQuery(asked): AskedQuery<ClockQuery>,
    AskedName(named): AskedName,
) -> Result<Response, ProblemDetails> {
    let clocks = asked.read_clocks(&caller.service)?;
    let no_document = format!("`{named}` is no document: expected one such as order:erp:4711");
    let no_document = ServiceError::new(ErrorCode::Invalid, no_document);
    if let Some(clocks) = clocks {
        let turn = caller.large_turn().await?;
        return answer_aside(turn, async move {
            let of = caller.service.read_reference(&named).await?;
            of.document().ok_or(no_document)?;
            caller.service.past_show(&of, &clocks, None).await
        })
        .await;
    }
    let turn = caller.read_turn(1).await?;
    answer_within(turn, async move {
        let of = caller.service.read_reference(&named).await?;
        caller.service.document(of.document().ok_or(no_document)?).await
    })
    .await
}

/// Every event behind a customer or a document, by business time.
pub(crate) async fn get_events(
    caller: ReadCaller,
    AskedQuery(asked): AskedQuery<PageQuery>,
    AskedName(named): AskedName,
) -> Result<Response, ProblemDetails> {
    let clocks = asked.read_clocks(&caller.service)?;
    // All of them are looked for, however few are shown.
    let turn = caller.large_turn().await?;
    answer_aside(turn, async move {
        let service = &caller.service;
        let of = service.read_reference(&named).await?;
        let (clocks, places) = match clocks {
            Some(clocks) => {
                let past = service.past_events(&of, &clocks).await?;
                (Some(past.clocks), past.answer)
            }
            None => (None, service.events(&of).await?),
        };
        let page = service.event_page(&places, asked.cursor.as_deref(), asked.limit.unwrap_or(PAGE)).await?;
        Ok(DatedAnswer { clocks, answer: page })
    })
    .await
}

impl DifferenceQuery {
    /// The clock that runs, and the two moments; without an earlier one from before the first event.
    fn read(self, service: &Service) -> Result<(MovedClock, Option<ReadClocks>, ReadClocks), ProblemDetails> {
        let Self { from, to, clock } = self;
        let clock = match clock.as_deref() {
            None | Some("as_of") => MovedClock::AsOf,
            Some("known_at") => MovedClock::KnownAt,
            Some(other) => {
                return Err(bad_request(format!("`clock`: `{other}` is none: expected `as_of` or `known_at`")));
            }
        };
        let read = |at: Option<String>| {
            let asked = match clock {
                MovedClock::AsOf => ClockQuery { as_of: at, ..ClockQuery::default() },
                MovedClock::KnownAt => ClockQuery { known_at: at.clone(), identity_at: at, ..ClockQuery::default() },
            };
            asked.clocks_or_now(service)
        };
        let (from, to) = (from.map(|from| read(Some(from))).transpose()?, read(to)?);
        Ok((clock, from, to))
    }
}

/// What changed of a customer or a document between two moments, and which events did it.
pub(crate) async fn get_difference(
    caller: ReadCaller,
    AskedQuery(asked): AskedQuery<DifferenceQuery>,
    AskedName(named): AskedName,
) -> Result<Response, ProblemDetails> {
    let (clock, from, to) = asked.read(&caller.service)?;
    let turn = caller.large_turn().await?;
    answer_aside(turn, async move {
        let of = caller.service.read_reference(&named).await?;
        caller.service.difference(&of, clock, from.as_ref(), &to).await
    })
    .await
}

/// Why a value of a customer or a document is what it is.
pub(crate) async fn get_explanation(
    caller: ReadCaller,
    AskedQuery(asked): AskedQuery<ExplanationQuery>,
    AskedName(named): AskedName,
) -> Result<Response, ProblemDetails> {
    let no_path = || bad_request("name the value by `path`, such as ?path=receivable.by_currency.CNY.open".to_owned());
    // A plus sign in a query means a space, unless it is written %2B; a phone number begins with one.
    let path = asked.path.as_ref().ok_or_else(no_path)?.replace(": ", ":+");
    let (today, clocks) = (read_day(asked.today.as_deref())?, asked.read_clocks(&caller.service)?);
    // All that the customer has is looked at, however little of it the value is.
    let turn = caller.large_turn().await?;
    answer_aside(turn, async move {
        let of = caller.service.read_reference(&named).await?;
        match clocks {
            Some(clocks) => caller.service.past_explain(&of, &path, &clocks, today).await,
            None => {
                let today = today.unwrap_or_else(|| day_number(Zoned::now().date()));
                caller.service.explain(&of, &path, Some(today)).await
            }
        }
    })
    .await
}

/// A customer or a document step by step, with its state after each event.
pub(crate) async fn get_steps(
    caller: ReadCaller,
    AskedQuery(asked): AskedQuery<DifferenceQuery>,
    AskedName(named): AskedName,
) -> Result<Response, ProblemDetails> {
    let (clock, from, to) = asked.read(&caller.service)?;
    let turn = caller.large_turn().await?;
    answer_aside(turn, async move {
        let of = caller.service.read_reference(&named).await?;
        caller.service.replay_steps(&of, clock, from.as_ref(), &to).await
    })
    .await
}
