//! The names of the hub's own topics, before whatever an adapter puts in front of them. Topics of intake begin with `intake.`.

/// The customer event log: every event that was ever taken in, keyed by subject, kept for ever.
pub const EVENTS_TOPIC: &str = "events";
/// The latest view of each customer, keyed by customer id.
pub const CUSTOMERS_TOPIC: &str = "customers";
/// What became of customers: merges, splits, retired ids.
pub const IDENTITY_TOPIC: &str = "identity";
/// What people or systems are asked to do about a customer.
pub const ACTIONS_TOPIC: &str = "actions";
/// What the event log is sealed with: partition by partition the same as `events`, kept for ever.
pub const SEALS_TOPIC: &str = "seals";
