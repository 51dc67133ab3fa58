#![doc = include_str!("../README.md")]

#[cfg(feature = "conformance")]
pub mod conformance;
mod copy;
mod error;
mod fence;
mod fingerprint;
mod guarded;
mod membership;
mod partition;
mod port;
mod record;
#[cfg(feature = "conformance")]
pub mod speed;
mod topic_names;

pub use copy::{CopyError, CopyReport, Larger, copy};
pub use error::LogError;
pub use fence::{Fence, FencedAppender};
pub use fingerprint::{Fingerprint, fingerprints, recognise};
pub use guarded::Guarded;
pub use membership::GroupMembership;
pub use partition::partition_of;
pub use port::Log;
pub use record::{LogRecord, StoredRecord};
pub use topic_names::{ACTIONS_TOPIC, CUSTOMERS_TOPIC, EVENTS_TOPIC, IDENTITY_TOPIC, SEALS_TOPIC};
