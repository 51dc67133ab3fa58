//! A document from inside, the events behind a customer or a document, and what changed of either.

use axum::response::Response;
use jiff::Zoned;
use onefold_service::{ClockSpan, ErrorCode, MovedClock, Service, ServiceError, day_number};
use serde::Deserialize;

use crate::problem::ProblemDetails;
use crate::routes::answer::{DatedAnswer, answer_large_about, answer_within};
use crate::routes::asked::{
    AskedClocks, AskedName, AskedQuery, ClockQuery, PageQuery, ReadCaller, asked_clocks, bad_request, restore_offset,
    restore_phone,
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
    let no_document = format!("`{named}` is not a document: expected one such as order:erp:4711");
    let no_document = ServiceError::new(ErrorCode::Invalid, no_document);
    if let Some(clocks) = clocks {
        return answer_large_about(caller, named, move |service, of| async move {
            of.document().ok_or(no_document)?;
            service.past_show(&of, &clocks, None).await
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
    answer_large_about(caller, named, move |service, of| async move {
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
    fn read(self, service: &Service) -> Result<ClockSpan, ProblemDetails> {
        let clock = match self.clock.as_deref() {
            None | Some("as_of") => MovedClock::AsOf,
            Some("known_at") => MovedClock::KnownAt,
            Some(other) => {
                return Err(bad_request(format!("`clock`: `{other}` is not a clock: expected `as_of` or `known_at`")));
            }
        };
        let [from, to] = [self.from, self.to].map(|at| at.map(|at| restore_offset(&at)));
        Ok(service.read_span(clock, from.as_deref(), to.as_deref())?)
    }
}

/// What changed of a customer or a document between two moments, and which events did it.
pub(crate) async fn get_difference(
    caller: ReadCaller,
    AskedQuery(asked): AskedQuery<DifferenceQuery>,
    AskedName(named): AskedName,
) -> Result<Response, ProblemDetails> {
    let span = asked.read(&caller.service)?;
    answer_large_about(caller, named, move |service, of| async move { service.difference(&of, &span).await }).await
}

/// Why a value of a customer or a document is what it is.
pub(crate) async fn get_explanation(
    caller: ReadCaller,
    AskedQuery(asked): AskedQuery<ExplanationQuery>,
    AskedName(named): AskedName,
) -> Result<Response, ProblemDetails> {
    let no_path = || bad_request("name the value by `path`, such as ?path=receivable.by_currency.CNY.open".to_owned());
    let path = restore_phone(asked.path.as_ref().ok_or_else(no_path)?);
    let (today, clocks) = (read_day(asked.today.as_deref())?, asked.read_clocks(&caller.service)?);
    // All that the customer has is looked at, however little of it the value is.
    answer_large_about(caller, named, move |service, of| async move {
        match clocks {
            Some(clocks) => service.past_explain(&of, &path, &clocks, today).await,
            None => {
                let today = today.unwrap_or_else(|| day_number(Zoned::now().date()));
                service.explain(&of, &path, Some(today)).await
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
    let span = asked.read(&caller.service)?;
    answer_large_about(caller, named, move |service, of| async move { service.replay_steps(&of, &span).await }).await
}
