//! Looking at connector files.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand, ValueEnum};
use onefold_connect::{RecordFate, SampleOptions};

/// Records that are shown unless somebody says how many.
const SHOWN: u16 = 10;

#[derive(Debug, Subcommand)]
pub(crate) enum ConnectorCommand {
    /// Say all that is wrong with connector files, and run their own tests
    Check {
        /// Connector files, or directories of them
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Draft a first connector file from a sample (CSV, JSON, lines of JSON) and print it: how it is read, what its columns may mean,
    /// which may be keys. It passes `check` and can be tried at once; what is guessed says so
    New {
        /// The sample; gzip is unpacked; `-` is standard input
        #[arg(long, value_name = "SAMPLE")]
        from: PathBuf,
        /// Name of the connector [default: the sample's]
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
    /// Show what a connector makes of a sample: the source on the left, the events on the right, how each value came.
    /// Takes nothing in; with --data DIR each event says whether it is known there
    Try {
        /// Connector file
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Files to try it on; gzip is unpacked; `-` is standard input
        #[arg(required = true, value_name = "SAMPLE")]
        samples: Vec<PathBuf>,
        #[command(flatten)]
        shown: SampleArgs,
        /// Add the one record that is shown to the connector file as a test of this name: it expects the events that were made, or the
        /// rejection. The record's values then stand in that file, a person's too
        #[arg(long, value_name = "NAME", conflicts_with = "field", value_parser = NonEmptyStringValueParser::new())]
        accept: Option<String>,
    },
    /// Read again what the hub keeps of a connector's originals, its messages in topics of intake, and append what its mapping
    /// makes otherwise now as newer versions of the same events; files are read again by `ingest --remap`
    Remap {
        /// Name of a connector that connect.files lists, or its file
        #[arg(value_name = "NAME")]
        connector: PathBuf,
        /// Only messages that were sent from this day (in hub.zone) or instant on
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// Write nothing, and show what would change, field by field
        #[arg(long)]
        dry_run: bool,
    },
    /// List the sources that `onefold run` takes in by itself, and how each stands
    List,
    /// Show how a source stands, file by file: read, behind, in quarantine, and what is wrong
    Status {
        /// The connector's name
        #[arg(value_name = "NAME")]
        name: String,
        /// Files to list at most, those with something wrong first; 0: all
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: usize,
    },
    /// Have a source read nothing until it is resumed; also beside the process that reads it
    Pause {
        /// The connector's name
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Have a source go on where it was paused
    Resume {
        /// The connector's name
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Have a source read its files again from their beginning; what is known is not taken in twice
    Rewind {
        /// The connector's name
        #[arg(value_name = "NAME")]
        name: String,
        /// Only these files, by path or name; none: all
        #[arg(value_name = "FILE")]
        files: Vec<String>,
    },
    /// Print a JSON Schema of connector files, by which editors complete and check them
    Schema,
    /// Print the reference: every section and option, and every event type with its fields
    Reference,
}

/// What of a sample is shown.
#[derive(Debug, Clone, Args)]
pub(crate) struct SampleArgs {
    /// Records to show, 10 unless it is said; what is told over all of them counts every record
    #[arg(long, visible_alias = "show", value_name = "N", value_parser = clap::value_parser!(u16).range(0..=1_000))]
    pub(crate) limit: Option<u16>,
    /// Show only records that ended so
    #[arg(long, value_name = "HOW", value_enum)]
    pub(crate) only: Option<FateWord>,
    /// Show only the record of this number, as the page counts them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) record: Option<u64>,
    /// Show one field over the whole sample, such as total or order.lines[].amount: its values, how often, how each came, failures
    #[arg(long, value_name = "NAME", conflicts_with = "html")]
    pub(crate) field: Option<String>,
    /// Print the page as HTML, which needs nothing else to be looked at
    #[arg(long)]
    pub(crate) html: bool,
}

impl SampleArgs {
    pub(crate) fn options(&self) -> SampleOptions {
        // Whoever asks for one field is shown that, and records only where they ask for them too.
        let shown = if self.field.is_some() && self.record.is_none() { 0 } else { SHOWN };
        SampleOptions {
            limit: usize::from(self.limit.unwrap_or(shown)),
            only: self.only.map(FateWord::fate),
            record: self.record,
            drafts_test: false,
            field: self.field.clone(),
        }
    }

    /// Whether anything of it is said.
    pub(crate) fn is_given(&self) -> bool {
        self.limit.is_some() || self.only.is_some() || self.record.is_some() || self.field.is_some() || self.html
    }
}

/// How a record ended, as the command line writes it.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum FateWord {
    Mapped,
    Skipped,
    #[value(alias = "quarantined")]
    Rejected,
}

impl FateWord {
    fn fate(self) -> RecordFate {
        match self {
            Self::Mapped => RecordFate::Mapped,
            Self::Skipped => RecordFate::Skipped,
            Self::Rejected => RecordFate::Rejected,
        }
    }
}
