#![doc = include_str!("../README.md")]

mod fact;
mod further;
mod state;
mod version;

pub use fact::{FactState, standing_facts};
pub use further::{FurtherFacts, LONG_ROW, MOST_FACTS};
pub use state::{AdmitOutcome, SubjectState, asserted_identifiers};
pub use version::FOLD_VERSION;
