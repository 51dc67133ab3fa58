#![doc = include_str!("../README.md")]

mod cloudevents;
mod customers;
mod events;
mod health;
mod host;
mod problem;
mod router;

pub use problem::status_of;
pub use router::{router, serve};
