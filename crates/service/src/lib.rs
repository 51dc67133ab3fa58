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
mod past;
mod reference;
mod service;
mod show;
mod status;
mod undo;
mod writes;

pub use accept::{EventAnswer, EventVerdict, MOST_EVENTS};
pub use customer::CustomerName;
pub use decide::{Apart, CustomerDecision, DecisionRequest, DecisionResult};
pub use documents::{Cursor, Document, MOST, Page};
pub use error::{ErrorCode, ServiceError};
pub use events::{EventLine, EventPlace, Standing};
pub use find::{MOST_FOUND, SearchHit};
pub use gauges::HubGauges;
pub use health::{HealthReport, StageReport};
pub use onefold_connect::{BatchError, PostedEvent};
pub use onefold_store::{DocumentPlace, ListingOrder};
pub use onefold_view::CustomerView;
pub use past::{AnsweredClocks, ClockTexts, CustomerStatus, FoundCustomers, PastAnswer, ReadClocks};
pub use reference::CustomerReference;
pub use service::Service;
pub use show::{DocumentOwner, DocumentOwners, Shown, day_number};
pub use status::{CurrencySums, HubStatus};
