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

pub use compare::Mismatch;
pub use rebuild::rebuild;
pub use replay::{Source, Split};
pub use verify::{AuditError, Progress, Verified, at_rest, verify};
