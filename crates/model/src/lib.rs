#![doc = include_str!("../README.md")]

mod answer;
mod event;
mod model;

pub use event::LoggedEvent;
pub use model::HubModel;
