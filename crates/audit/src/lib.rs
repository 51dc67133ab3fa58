#![doc = include_str!("../README.md")]

mod add;
mod compare;
mod fold;
mod identity;
mod linked;
mod rebuild;
mod replay;
mod row;
mod settle;
mod spill;
mod verify;

pub use compare::RowMismatch;
pub use rebuild::rebuild;
pub use replay::{PhaseSeconds, ReplaySource};
pub use verify::{AuditError, ReplayProgress, VerificationReport, at_rest, verify};
