#![doc = include_str!("../README.md")]

mod body;
mod connection;
mod connections;
mod host;
mod options;
mod paced;
mod problem;
mod router;
mod routes;
mod serve;
mod state;
mod turns;

pub use options::HttpOptions;
pub use problem::ProblemDetails;
pub use routes::asked::PageQuery;
pub use routes::cloudevents::read_events;
pub use routes::metrics::MetricsRender;
pub use serve::serve;
