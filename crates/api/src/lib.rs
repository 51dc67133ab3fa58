#![doc = include_str!("../README.md")]

mod cloudevents;
mod customers;
mod events;
mod health;
mod host;
mod metrics;
mod problem;
mod router;

pub use metrics::Render;
pub use problem::status_of;
pub use router::{router, serve};
