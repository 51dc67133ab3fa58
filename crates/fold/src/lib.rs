#![doc = include_str!("../README.md")]

mod fact;
mod further;
mod state;
mod version;

pub use fact::{FactState, standing};
pub use further::{FurtherFacts, LONG_ROW, MOST_FACTS};
pub use state::{AdmitOutcome, SubjectState, asserted};
pub use version::FOLD_VERSION;
