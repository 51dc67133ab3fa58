//! How a read is answered within its turn.

use axum::Json;
use axum::response::{IntoResponse, Response};
use onefold_service::{AnsweredClocks, CustomerReference, ErrorCode, Service, ServiceError};
use serde::Serialize;
use tokio::runtime::Handle;

use crate::problem::ProblemDetails;
use crate::routes::asked::ReadCaller;
use crate::turns::RequestTurn;

/// An answer, and the clocks that it holds for where it is not about now.
#[derive(Serialize)]
pub(crate) struct DatedAnswer<T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) clocks: Option<AnsweredClocks>,
    #[serde(flatten)]
    pub(crate) answer: T,
}

/// Answers what all that something is about is read for, however little of it is shown: in a turn of that size, aside.
pub(crate) async fn answer_large<T, R>(
    caller: ReadCaller,
    read: impl FnOnce(Service) -> R,
) -> Result<Response, ProblemDetails>
where
    T: Serialize + Send + 'static,
    R: Future<Output = Result<T, ServiceError>> + Send + 'static,
{
    let turn = caller.large_turn().await?;
    answer_aside(turn, read(caller.service)).await
}

/// The same about what a name means.
pub(crate) async fn answer_large_about<T, R>(
    caller: ReadCaller,
    named: String,
    read: impl FnOnce(Service, CustomerReference) -> R + Send + 'static,
) -> Result<Response, ProblemDetails>
where
    T: Serialize + Send + 'static,
    R: Future<Output = Result<T, ServiceError>> + Send + 'static,
{
    answer_large(caller, move |service| async move {
        let of = service.read_reference(&named).await?;
        read(service, of).await
    })
    .await
}

/// Reads and answers on a thread of its own: one that answers others is not for much work.
pub(crate) async fn answer_aside<T: Serialize + Send + 'static>(
    turn: RequestTurn,
    read: impl Future<Output = Result<T, ServiceError>> + Send + 'static,
) -> Result<Response, ProblemDetails> {
    let handle = Handle::current();
    let read = tokio::task::spawn_blocking(move || handle.block_on(answer_within(turn, read)));
    read.await.map_err(|_| ServiceError::new(ErrorCode::Internal, "reading the answer broke off"))?
}

/// The answer is written before the turn ends: that takes as long as reading it did.
pub(crate) async fn answer_within<T: Serialize>(
    turn: RequestTurn,
    read: impl Future<Output = Result<T, ServiceError>>,
) -> Result<Response, ProblemDetails> {
    let answer = Json(read.await?).into_response();
    drop(turn);
    Ok(answer)
}
