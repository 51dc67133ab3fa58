#![doc = include_str!("../README.md")]

mod accept;
mod customer;
mod decide;
mod documents;
mod error;
mod events;
mod find;
mod gauges;
mod health;
mod reference;
mod service;
mod show;
mod status;
mod undo;
mod writes;

pub use accept::{Answer, MOST_EVENTS, Verdict};
pub use customer::CustomerName;
pub use decide::{Apart, Asked, Decided, Decision};
pub use documents::{Cursor, Document, MOST, Page};
pub use error::{Code, ServiceError};
pub use events::{EventLine, EventPlace, Standing};
pub use find::{Hit, MOST_FOUND};
pub use gauges::Gauges;
pub use health::{HealthReport, StageReport};
pub use onefold_connect::{BatchError, Posted};
pub use onefold_store::{Listing, Place};
pub use onefold_view::View;
pub use reference::Reference;
pub use service::Service;
pub use show::{Owner, Shown, Whose, day_number};
pub use status::{Money, Status};
