#![doc = include_str!("../README.md")]

mod action;
mod batch;
mod follow;
mod identity;
mod publisher;
mod record;

pub use publisher::{Publisher, PublisherOptions};
