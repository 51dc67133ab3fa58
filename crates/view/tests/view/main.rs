//! What the view makes of facts: given events, then fragments, bundles or views.

mod balance;
mod cases;
mod days;
mod effect;
mod ended;
mod given;
mod golden;
mod hub;
mod money;
mod profile;
mod properties;
mod service;
mod settlement;
