//! What may be set of a company, and what is told about it afterwards.

use std::path::PathBuf;

use jiff::civil::{Date, date};

/// How large the company is, and which of the endless companies of that size it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanySettings {
    /// Real customers, the marketplace and the walk-in customer not counted.
    pub customers: u32,
    /// Same seed and settings, same bytes.
    pub seed: u64,
    /// Orders per customer, on average.
    pub orders: u32,
    /// The company's last day; its history goes back five years.
    pub today: Date,
    /// Customers per branch. Each branch exports files of its own, so memory stays
    /// that of one branch however large the company is.
    pub branch: u32,
    /// One record in so many is corrupted; 0: none.
    pub corrupt_one_in: u32,
}

impl Default for CompanySettings {
    fn default() -> Self {
        Self { customers: 1_000, seed: 1, orders: 5, today: date(2026, 3, 31), branch: 10_000, corrupt_one_in: 200 }
    }
}

/// One file and the connector that reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportFeed {
    /// Name of the connector, as its file under `deploy/connectors` bears it.
    pub connector: &'static str,
    /// The export.
    pub path: PathBuf,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SimulationSummary {
    /// Files in an order in which to ingest them (any other gives the same views).
    pub feeds: Vec<ExportFeed>,
    /// Records in all files: documents after grouping, doubled and corrupted ones included.
    pub records: u64,
    /// Lines in all files, headings not counted.
    pub lines: u64,
    /// Records that no mapping may accept; listed in `truth/corrupted.ndjson`.
    pub corrupted: u64,
    /// Records that say exactly what another record says.
    pub doubled: u64,
    /// Records that a mapping passes over with a reason, such as drafts.
    pub drafts: u64,
    /// Customers as the hub should count them: the real ones, the marketplace, the walk-in customer.
    pub customers: u64,
    /// A party of the customer whose complaint is told in full, in a company of ten or more.
    pub complaint: Option<String>,
    /// A party of a customer known to four systems under five numbers, in a company of two or more.
    pub merged: Option<String>,
}
