#![doc = include_str!("../README.md")]

mod answer;
mod event;
mod identity;
mod model;

pub use event::LoggedEvent;
pub use identity::IdentityModel;
pub use model::HubModel;
