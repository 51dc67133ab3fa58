//! Reads of the past, under three clocks (rules G1 to G3).

mod answers;
mod candidates;
mod clocks;
mod composition;
mod difference;
mod log_search;
mod value_change;
mod world;

pub use answers::{CustomerStatus, FoundCustomers, PastAnswer};
pub(crate) use answers::{row_place, unheard_of};
pub use clocks::{AnsweredClocks, ClockTexts, ReadClocks};
pub use difference::{ChangeCause, DifferenceStep, MOST_STEPS, MovedClock, ViewDifference};
pub use value_change::ValueChange;
pub(crate) use value_change::value_parts;
pub(crate) use world::PastWorld;
