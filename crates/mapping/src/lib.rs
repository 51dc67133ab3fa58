#![doc = include_str!("../README.md")]

mod compile;
mod connector;
mod connector_tests;
mod draft;
mod language;
mod lineage;
mod manual;
mod program;
mod report;
mod run;
mod values;

pub use connector::Connector;
pub use connector_tests::drafted::DraftedTest;
pub use connector_tests::run::ConnectorTestResult;
pub use draft::column::ColumnSample;
pub use draft::text::{DraftSource, DraftTable, draft_connector};
pub use language::hook::{HmacEncoding, HmacHeader, HookBody, HookScheme, HookSettings, HookVerification, SecretPlace};
pub use language::input::{AfterReading, FileCompletion, InputKind, InputSettings};
pub use language::path::PathStep;
pub use language::reading::{GroupWindow, ReadSettings, RecordFormat, StopAfter, TableHeading, join_blanks};
pub use lineage::FieldLineage;
pub use manual::reference::connector_reference;
pub use manual::schema::connector_schema;
pub use report::nearest::did_you_mean;
pub use run::map::{MappingOutcome, RecordExplanation};
pub use run::notes::{EventExplanation, FieldExplanation, WordUse};
pub use run::source::fill_down::{FillDownState, is_blank_row};
pub use run::source::plan::MappingPlan;
pub use run::source::record::{NumberedRow, SourceRecord, SourceRow, TableRow};
