#![doc = include_str!("../README.md")]

mod admit;
mod batch;
mod link;
mod projector;
mod settle;

pub use projector::{Options, Projector};
