#![doc = include_str!("../README.md")]

mod fact;
mod further;
mod state;
mod version;

pub use fact::{FactState, standing};
pub use further::{Further, LONG_ROW, MOST_FACTS};
pub use state::{Admitted, SubjectState, asserted};
pub use version::FOLD_VERSION;
