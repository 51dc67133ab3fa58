#![doc = include_str!("../README.md")]

mod amount;
mod body;
mod catalogue;
mod clean;
mod cloudevent;
mod currency;
mod event;
mod id;
mod key;
mod kind;
mod limits;
mod message;
mod problem;
mod role;
mod subject;
mod time;
mod value;

/// The messages of `proto/onefold/event/v1`, as `onefold-event-codegen` generates them.
#[allow(missing_docs, clippy::all, unreachable_pub)]
pub mod v1 {
    include!("../../../proto/generated/onefold.event.v1.rs");
}

pub use amount::{AmountError, parse_decimal};
pub use body::Body;
pub use catalogue::{EventCatalogue, EventType, FieldKind, MessageField, catalogue};
pub use clean::{clean_text, plain_width};
pub use cloudevent::{CloudEventError, from_cloudevent, to_cloudevent};
pub use currency::{Currency, CurrencyError};
pub use event::{
    CodecError, ContentDigest, DecodedEvent, EmptyKeyRing, Event, EventError, EventHeader, HubKey, KeyRing, Locator,
    Payload, PayloadContent, SubjectReference, decode, decode_digested, decode_with, encode,
};
pub use id::{EventId, IdParts, party_id};
pub use key::{KeyState, check_key, judge_key};
pub use kind::SubjectKind;
pub use limits::{EventLimits, LONGEST_KEY, check_length, too_large};
pub use message::{FieldValue, encode_message};
pub use problem::{FilePosition, Problem, problems_to_json, render_problem, render_record_problems};
pub use role::{ReferenceRole, RoleTarget};
pub use subject::{Subject, SubjectError};
pub use time::{Day, Micros, Occurred, POSSIBLE_YEARS, format_micros, is_possible_year, parse_instant, parse_time};
pub use value::{
    ValueFault, check_date, check_decimal, check_years, read_date, read_decimal, read_json_number, read_time,
};
