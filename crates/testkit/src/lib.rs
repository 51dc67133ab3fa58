#![doc = include_str!("../README.md")]

mod build;
mod hub;

pub use build::{Draft, party};
pub use hub::{Shape, TestHub, hub_key};
