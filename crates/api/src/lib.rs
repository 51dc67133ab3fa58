#![doc = include_str!("../README.md")]

mod body;
mod cloudevents;
mod connection;
mod connections;
mod customers;
mod events;
mod health;
mod host;
mod metrics;
mod options;
mod paced;
mod problem;
mod router;
mod serve;
mod turns;

pub use cloudevents::read_events;
pub use customers::PageQuery;
pub use metrics::MetricsRender;
pub use options::HttpOptions;
pub use problem::{ProblemDetails, status_of};
pub use serve::serve;
