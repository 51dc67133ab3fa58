//! What is posted to the hub as its senders write it: verified, kept in a topic of intake, and read from there.

mod form;
mod headers;
mod receive;
mod secret;
mod verify;

pub(crate) use form::unfold;
pub(crate) use headers::with_headers;
pub use receive::{Hook, HookError, HookPost, HookReceipt, Hooks};
pub use secret::{HookSecrets, SecretError};
