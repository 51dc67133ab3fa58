#![doc = include_str!("../README.md")]

mod build;
mod counted;
mod dice;
mod engine;
mod faulty;
mod hub;
mod kafka;
mod logged;
mod own;
mod postgres;
mod server;
mod skipped;

pub use build::{Draft, corrected, identifier, linked, party, posted_invoice, separated, withdrawn};
pub use counted::{CountedStore, Rows};
pub use dice::{Dice, asked};
pub use engine::Engine;
pub use faulty::FaultyLog;
pub use hub::{Shape, TestHub, hub_key, hub_keys};
pub use kafka::Kafka;
pub use logged::logged_events;
pub use own::Own;
pub use postgres::{Database, Postgres};
pub use server::{Secrets, free_port};
pub use skipped::skipped;
