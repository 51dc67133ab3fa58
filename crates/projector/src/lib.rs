#![doc = include_str!("../README.md")]

mod admit;
mod batch;
mod link;
mod projector;
mod read;
mod row;
mod settle;
mod table;
mod unnamed;
mod work;

pub use projector::{Options, Projector};
pub use work::{Done, Part, Work};
