#![doc = include_str!("../README.md")]

mod accept;
mod customer;
mod decide;
mod decision;
mod document;
mod error;
mod events;
mod explain;
mod find;
mod gauges;
mod health;
mod history;
mod overview;
mod past;
mod reference;
mod replay;
mod service;
mod show;
mod status;
mod undo;
mod writes;

pub use accept::event::{EventAnswer, EventVerdict, MOST_EVENTS, ProblemCount};
pub use accept::hook::HookRefusal;
pub use customer::CustomerName;
pub use decide::{Apart, CustomerDecision, DecisionRequest, DecisionResult};
pub use decision::joins::{JoinCandidate, JoinStep, JoinView, SharedValue};
pub use decision::made::{DecisionState, DecisionView, MOST_DECISIONS, WithdrawnBy};
pub use document::inside::DocumentView;
pub use document::owners::{DocumentOwner, DocumentOwners};
pub use document::related::RelatedSubject;
pub use document::timeline::{Cursor, Document, MOST, Page};
pub use document::why::OwnerReasons;
pub use error::{ErrorCode, ServiceError};
pub use events::{EventLine, EventPage, EventPlace, Standing};
pub use explain::{
    ExplainedFigure, ExplainedLink, ExplainedPart, ExplainedStatement, ExplainedTerm, Explanation, LostPart,
};
pub use find::{MOST_FOUND, SearchHit};
pub use gauges::HubGauges;
pub use health::{HealthReport, StageReport};
pub use onefold_connect::{BatchError, HookPost, HookReceipt, PostedEvent};
pub use onefold_store::{DocumentPlace, ListingOrder};
pub use onefold_view::CustomerView;
pub use overview::{CustomerOverview, MOST_LATEST, Notice, NoticeLevel, OpenEntry, OpenKind, OpenNow};
pub use past::{
    AnsweredClocks, ChangeCause, ClockSpan, ClockTexts, CustomerStatus, DifferenceStep, FoundCustomers, MOST_STEPS,
    MovedClock, PastAnswer, ReadClocks, ValueChange, ViewDifference,
};
pub use reference::CustomerReference;
pub use replay::{ReplayBatch, ReplayCursor, ReplayFilter, ReplayReader, ReplaySpan, ReplaySteps, ReplayedEvent};
pub use service::Service;
pub use show::{Shown, day_number};
pub use status::{CurrencySums, HubStatus};
