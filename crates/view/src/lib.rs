#![doc = include_str!("../README.md")]

mod amount;
mod assemble;
mod at_source;
mod bundle;
mod case;
mod contribute;
mod contribution;
mod decision;
mod digest;
mod event_time;
mod finding;
mod fragment;
mod guest;
mod inbound;
mod merged;
mod money_totals;
mod named;
mod party;
mod payment;
mod profile;
mod receivable;
mod sale;
mod search;
mod settlement;
mod shipment;
mod tally;
mod top;
mod validity;
mod view;
mod whose;

pub use amount::{Money, amount_text, day_number, format_day, is_decimal, is_zero, money_text};
pub use assemble::{ViewInput, assemble};
pub use bundle::{Bundle, BundleRefill};
pub use contribute::contribute;
pub use contribution::{Contribution, OpenItem, TimelineRow};
pub use digest::{Digest, DigestSum};
pub use event_time::EventTime;
pub use fragment::{FactRef, Fragment, is_plain};
pub use guest::GuestParty;
pub use inbound::{BilledInvoice, MentionRefusal, MentionState, OwnedPart, OwnerKeys};
pub use money_totals::{MoneyMeasure, MoneyTotals};
pub use named::{FormerKeys, NamedKeys, bystander_key, documents_named, parties_named};
pub use payment::AllocatedAmount;
pub use profile::statement::{FieldStatement, ProfilePart, StatementRule, field_statements};
pub use search::{DocumentNumber, MatchNearness, NumberNearness, SearchTerm, search_words};
pub use settlement::{SettlementStep, SettlementTerm, all_mentions, reply_in_step};
pub use tally::{PurchaseTallies, PurchaseTally};
pub use view::{
    ActionView, AgeingView, CasesView, ContactPersonView, ContactsView, CustomerView, FindingView, FindingsView,
    IdentifierView, KeptApartView, LatestView, OpenCaseView, OtherValue, PreferredValue, ProfileValue, ReceivableMoney,
    ReceivableView, RecordView, SatisfactionView, ShipmentsView, StatedView, TradeMoney, TradeView,
};
pub use whose::{OwnerContext, find_keys, is_shipped, parent_subjects};
