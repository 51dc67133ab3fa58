#![doc = include_str!("../README.md")]

mod compile;
mod connector;
mod connector_tests;
mod language;
mod lineage;
mod program;
mod report;
mod run;
mod values;

pub use connector::Connector;
pub use connector_tests::run::TestOutcome;
pub use language::input::{After, Done, From, FromKind};
pub use language::reading::{Format, Header, Read, StopAfter, Within};
pub use lineage::FieldLineage;
pub use report::nearest::did_you_mean;
pub use run::map::Outcome;
pub use run::source::fill_down::{Above, is_blank};
pub use run::source::plan::Plan;
pub use run::source::record::{RecordIn, Row, RowIn, TableRow};
