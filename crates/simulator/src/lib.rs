#![doc = include_str!("../README.md")]

mod aftercare;
mod bank;
mod books;
mod carrier;
mod complaint;
mod corrupt;
mod customer;
mod desk;
mod dice;
mod documents;
mod erp_goods;
mod erp_master;
mod erp_orders;
mod erp_receivables;
mod error;
mod export;
mod goods;
mod identifiers;
mod moment;
mod money;
mod names;
mod numbers;
mod payments;
mod people;
mod settings;
mod shipping;
mod simulate;
mod trading;
mod truth;
mod wms;

pub use error::SimulateError;
pub use settings::{CompanySettings, ExportFeed, SimulationSummary};
pub use simulate::simulate;
