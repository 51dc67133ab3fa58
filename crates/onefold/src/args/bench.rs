//! What is measured.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    pub(crate) command: Option<BenchCommand>,
    /// What to measure, one after the other on one hub
    #[arg(value_enum, required = true)]
    pub(crate) what: Vec<BenchWhat>,
    #[command(flatten)]
    pub(crate) sizes: BenchSizes,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BenchCommand {
    /// Run this program and an earlier build in turns on the same work; print each figure of both and their ratio
    Compare(CompareArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// The other program: a build of onefold
    #[arg(long, value_name = "PATH")]
    pub(crate) with: PathBuf,
    /// What to measure, one after the other on one hub, which is new for each run
    #[arg(value_enum, default_values = ["live", "rebuild"])]
    pub(crate) what: Vec<BenchWhat>,
    /// Rounds: in each, both programs run once, and which is first alternates
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) rounds: u32,
    /// One run takes at most so long
    #[arg(long, value_name = "SECONDS", default_value_t = 3_600, value_parser = clap::value_parser!(u64).range(1..=604_800))]
    pub(crate) timeout: u64,
    #[command(flatten)]
    pub(crate) sizes: BenchSizes,
}

/// How much work.
#[derive(Debug, Clone, Args)]
pub(crate) struct BenchSizes {
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
    /// Webhooks posted at a pace, until they are in their customers' views
    Hooks,
    /// Messages of a topic taken in
    Intake,
    /// Customers published
    Publish,
    /// Records in quarantine taken in through a mended mapping
    Retry,
    /// A directory of 10,000 files that is watched, and one large file in it
    Watch,
    /// One large thing, and how long strangers wait beside it
    Large,
    /// Views of customers as they were
    Past,
    /// The log sealed, verified, and a customer's evidence made and checked
    Seal,
}
