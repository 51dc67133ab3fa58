#![doc = include_str!("../README.md")]

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
pub mod speed;

pub use copy::{Copied, CopyError, Larger, copy};
pub use error::LogError;
pub use fence::{Fence, FencedAppender};
pub use fingerprint::{Fingerprint, fingerprints, recognise};
pub use guarded::Guarded;
pub use membership::Membership;
pub use partition::partition_of;
pub use port::Log;
pub use record::{Record, Stored};
