#![doc = include_str!("../README.md")]

mod amount;
mod bundle;
mod case;
mod contribute;
mod contribution;
mod decision;
mod digest;
mod fragment;
mod inbound;
mod party;
mod payment;
mod profile;
mod purse;
mod sale;
mod shipment;
mod tally;
mod top;

pub use amount::{Money, day_number, day_of, format_day};
pub use bundle::{Bundle, Refill};
pub use contribute::contribute;
pub use contribution::{Contribution, OpenItem, Row};
pub use digest::{Digest, DigestSum};
pub use fragment::{FactRef, Fragment};
pub use inbound::{Inbound, Keys, Part};
pub use purse::{Measure, Purse};
pub use tally::{Tallies, Tally};
