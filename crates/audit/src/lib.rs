#![doc = include_str!("../README.md")]

mod book;
mod compare;
mod fold;
mod identity;
mod link;
mod rows;
mod verify;

pub use book::Book;
pub use compare::Mismatch;
pub use verify::{AuditError, Progress, Verified, verify};
