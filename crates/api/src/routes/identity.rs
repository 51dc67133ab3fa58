//! What was decided of customers, what joins two parties, and who may be meant together.

use axum::response::Response;
use onefold_service::CustomerReference;
use serde::Deserialize;
use serde_json::json;

use crate::problem::ProblemDetails;
use crate::routes::answer::answer_within;
use crate::routes::asked::{AskedName, AskedQuery, ReadCaller};
use crate::routes::customers::PAGE;

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
    caller: ReadCaller,
    AskedQuery(LimitQuery { limit }): AskedQuery<LimitQuery>,
) -> Result<Response, ProblemDetails> {
    let limit = limit.unwrap_or(PAGE);
    let turn = caller.read_turn(limit).await?;
    answer_within(turn, async move { Ok(json!({ "items": caller.service.decisions(limit).await? })) }).await
}

pub(crate) async fn get_join(
    caller: ReadCaller,
    AskedQuery(JoinQuery { one, other }): AskedQuery<JoinQuery>,
) -> Result<Response, ProblemDetails> {
    let (one, other) = (one.parse::<CustomerReference>()?, other.parse::<CustomerReference>()?);
    let turn = caller.read_turn(1).await?;
    answer_within(turn, async move { caller.service.why_joined(&one, &other).await }).await
}

pub(crate) async fn get_candidates(
    caller: ReadCaller,
    AskedName(named): AskedName,
) -> Result<Response, ProblemDetails> {
    let turn = caller.read_turn(PAGE).await?;
    answer_within(turn, async move {
        let of = caller.service.read_reference(&named).await?;
        Ok(json!({ "items": caller.service.join_candidates(&of).await? }))
    })
    .await
}
