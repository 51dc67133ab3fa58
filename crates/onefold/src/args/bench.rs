//! What is measured.

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// What to measure, one after the other on one hub
    #[arg(value_enum, required = true)]
    pub(crate) what: Vec<BenchWhat>,
    /// Events
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    pub(crate) events: u64,
    /// Customers that they are spread over
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    pub(crate) customers: u64,
    /// Hit by a few: four of five events are about the same 100 customers
    #[arg(long)]
    pub(crate) hot: bool,
    /// Paced: events per second
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub(crate) rate: u64,
    /// Processes that project, beside one another (Kafka and PostgreSQL)
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) projectors: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BenchWhat {
    /// The log folded again
    Rebuild,
    /// From append to view
    Live,
    /// Views by id, identifier and words, and over HTTP
    Read,
    /// Merge and unmerge
    Unmerge,
    /// Messages of a topic taken in
    Intake,
    /// Customers published
    Publish,
    /// Records in quarantine taken in through a mended mapping
    Retry,
    /// One large thing, and how long strangers wait beside it
    Large,
    /// Views of customers as they were
    Past,
}
