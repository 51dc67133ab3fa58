//! Reads of the past, under three clocks (rules G1 to G3).

mod answers;
mod clocks;
mod log_search;
mod world;

pub use answers::{CustomerStatus, FoundCustomers, PastAnswer};
pub use clocks::{AnsweredClocks, ClockTexts, ReadClocks};
pub(crate) use world::PastWorld;
