//! History again.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// Customer id, identifier or subject: only its events, documents and decisions among them; none: all
    #[arg(value_name = "REF")]
    pub(crate) reference: Option<String>,
    /// Step by step: what is shown of REF after each of its events, and what that changed
    #[arg(long, requires = "reference", conflicts_with_all = ["subject", "source", "ty", "department", "start", "pace", "out", "cursor"])]
    pub(crate) step: bool,
    /// Only what happened after it: a day such as 2025-12-31, which means its end in hub.zone, or an instant with its offset
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// Only what happened by then
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
    /// The two times are of when the hub took events in, and not of when they happened
    #[arg(long)]
    pub(crate) known: bool,
    #[command(flatten)]
    pub(crate) filter: ReplayFilterArgs,
    #[command(flatten)]
    pub(crate) target: ReplayTargetArgs,
}

/// Which events; of each that is given several times any.
#[derive(Debug, Args)]
#[command(next_help_heading = "Only events")]
pub(crate) struct ReplayFilterArgs {
    /// About this subject, such as invoice:erp:4711
    #[arg(long, value_name = "SUBJECT")]
    pub(crate) subject: Vec<String>,
    /// Told by this source
    #[arg(long, value_name = "SOURCE")]
    pub(crate) source: Vec<String>,
    /// Of this type of the catalogue
    #[arg(long = "type", id = "ty", value_name = "TYPE")]
    pub(crate) ty: Vec<String>,
    /// Of types that begin with this word, such as finance, shipping or service
    #[arg(long, value_name = "WORD")]
    pub(crate) department: Vec<String>,
    /// From this place of the log on, as `events` tells it: PARTITION/OFFSET, once for each partition
    #[arg(long = "start", id = "start", value_name = "PLACE")]
    pub(crate) start: Vec<String>,
}

/// Where events go, how fast, and how one goes on.
#[derive(Debug, Args)]
#[command(next_help_heading = "Where to, and how")]
pub(crate) struct ReplayTargetArgs {
    /// A file [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// An event a line, or a batch of CloudEvents a line
    #[arg(long, value_enum, default_value_t = ReplayForm::Ndjson)]
    pub(crate) form: ReplayForm,
    /// Events in a batch at most
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) batch: u16,
    /// So many times as fast as the hub took them in [default: as fast as can be]
    #[arg(long, value_name = "TIMES", value_parser = positive)]
    pub(crate) pace: Option<f64>,
    /// Keeps in this file how far it is, and goes on from there
    #[arg(long, value_name = "FILE", conflicts_with = "start")]
    pub(crate) cursor: Option<PathBuf>,
}

/// How events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ReplayForm {
    Ndjson,
    Batch,
}

fn positive(text: &str) -> Result<f64, String> {
    let times: f64 = text.parse().map_err(|_| "expected a number such as 1 or 60".to_owned())?;
    if times.is_finite() && times > 0.0 { Ok(times) } else { Err("expected a number above 0".to_owned()) }
}
