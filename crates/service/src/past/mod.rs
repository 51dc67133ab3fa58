//! Reads of the past, under three clocks (rules G1 to G3).

mod answers;
mod candidates;
mod clocks;
mod difference;
mod history;
mod span;
mod subject_search;
mod value_change;
mod world;

pub(crate) use answers::row_place;
pub use answers::{CustomerStatus, FoundCustomers, PastAnswer};
pub use clocks::{AnsweredClocks, ClockTexts, ReadClocks};
pub use difference::{ChangeCause, DifferenceStep, MOST_STEPS, ViewDifference};
pub use span::{ClockSpan, MovedClock};
pub use value_change::ValueChange;
pub(crate) use value_change::value_parts;
pub(crate) use world::{PastWorld, unheard_of};
