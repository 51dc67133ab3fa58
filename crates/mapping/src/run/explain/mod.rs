//! What a record became, told value by value: for whoever looks at a mapping before it runs.

pub(crate) mod cell;
pub(crate) mod event;
