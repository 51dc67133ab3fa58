//! What is posted to a connector, kept until it is mapped.

use onefold_connect::{HookError, HookPost, HookReceipt};
use onefold_log::LogError;

use crate::{ErrorCode, Service, ServiceError};

/// Why a post is not taken in. Nothing of it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookRefusal {
    /// There is no hook of this name.
    Unknown,
    /// It is not signed by whoever has the secret, or too long ago.
    Unverified(String),
    /// Only this machine itself may post there.
    Elsewhere(String),
    /// The post itself is wrong.
    Invalid(String),
    /// The log takes no record of this size.
    TooLarge(String),
    /// Intake cannot keep it for the moment; the same post may be sent again.
    Unable(String),
}

impl Service {
    /// The sender's own number of a post to the connector of this name, empty where it gives none; none: there is no such hook.
    pub fn sender_id(&self, name: &str, post: &HookPost) -> Option<String> {
        Some(self.hooks.as_ref()?.find(name)?.sender_id(post))
    }

    /// Verifies a post to the connector of this name and keeps it in intake; it is durable when this answers.
    ///
    /// # Errors
    /// It is not taken in, and why; nothing of it is kept.
    pub async fn receive(&self, name: &str, post: HookPost) -> Result<HookReceipt, HookRefusal> {
        let hooks = self.hooks.as_ref().ok_or(HookRefusal::Unknown)?;
        let kept = hooks.receive(name, post).await.ok_or(HookRefusal::Unknown)?;
        if let (Some(writes), Some(result)) = (&self.writes, written(&kept)) {
            writes.note(&result, |()| true);
        }
        match kept {
            Ok(receipt) => Ok(receipt),
            Err(HookError::Unverified(why)) => Err(HookRefusal::Unverified(why)),
            Err(HookError::Elsewhere(why)) => Err(HookRefusal::Elsewhere(why)),
            Err(error @ HookError::Empty) => Err(HookRefusal::Invalid(error.to_string())),
            Err(HookError::Log(error @ LogError::TooLarge { .. })) => Err(HookRefusal::TooLarge(error.to_string())),
            Err(error @ (HookError::Late | HookError::Log(_))) => Err(HookRefusal::Unable(error.to_string())),
        }
    }
}

/// What a post says of whether this hub can write: nothing where it was not let in.
fn written<T>(kept: &Result<T, HookError>) -> Option<Result<(), ServiceError>> {
    match kept {
        Ok(_) => Some(Ok(())),
        Err(HookError::Log(error)) => Some(Err(error.clone().into())),
        Err(HookError::Late) => Some(Err(ServiceError::new(ErrorCode::Busy, "the log does not acknowledge in time"))),
        Err(HookError::Unverified(_) | HookError::Elsewhere(_) | HookError::Empty) => None,
    }
}
