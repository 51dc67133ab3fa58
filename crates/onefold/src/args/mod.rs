//! The command line.

mod audit;
mod bench;
mod connector;
mod identity;
mod quarantine;
mod replay;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand};
use jiff::Zoned;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::config::{Config, HubRole};
use crate::engine;
use crate::past::ClockArgs;

pub(crate) use audit::{AuditCommand, CheckArgs, EvidenceArgs, KeyArgs, SealArgs, VerifyArgs};
pub(crate) use bench::{BenchArgs, BenchCommand, BenchSizes, BenchWhat, CompareArgs};
pub(crate) use connector::{ConnectorCommand, SampleArgs};
pub(crate) use identity::{DecisionReason, FacetWord, IdentityCommand, IdentityDecision, IdentityQuestion};
pub(crate) use quarantine::QuarantineCommand;
pub(crate) use replay::{ReplayArgs, ReplayForm};

const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 wrong use, 3 done with records quarantined
or events left as another mapping made them; 130, 143 ended at once by a second signal.

REF is a customer id (any id ever issued), an identifier (phone:+8613800138000, email:a@b.cn, tax_number:CN:...),
or a subject (party:uci:18102, invoice:erp:4711). `show` and `events` take the number of a document too, as it is said.";

/// One customer, one fold: keeps what every system reports in one log, and folds it into one view of each customer.
#[derive(Debug, Parser)]
#[command(name = "onefold", version, after_help = EXIT_CODES, max_term_width = 120, propagate_version = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Globals {
    /// Data directory of the embedded hub
    #[arg(long, global = true, value_name = "DIR", env = "ONEFOLD_DATA")]
    pub(crate) data: Option<PathBuf>,
    /// Configuration; `onefold config default` prints all keys
    #[arg(long, global = true, value_name = "FILE", env = "ONEFOLD_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Brokers of the distributed hub, with --postgres in the place of --data
    #[arg(long, global = true, value_name = "HOST:PORT", env = "ONEFOLD_KAFKA")]
    pub(crate) kafka: Option<String>,
    /// Database of the distributed hub, with --kafka in the place of --data; `-`: its URL is the first line of standard input,
    /// since whoever lists the processes of this machine reads what stands here
    #[arg(long, global = true, value_name = "URL", env = "ONEFOLD_POSTGRES", hide_env_values = true)]
    pub(crate) postgres: Option<String>,
    /// Print JSON instead of text: one value on one line (laid out on a terminal), of events, documents, entries and
    /// measures one a line
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Look from this day instead of today (overdue, ageing, late)
    #[arg(long, global = true, value_name = "DATE")]
    pub(crate) today: Option<Date>,
    /// Partitions of the log, when the data directory is made
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024), hide = true)]
    pub(crate) partitions: Option<u32>,
    /// The configuration, once it is read.
    #[arg(skip)]
    pub(crate) settings: Config,
}

impl Globals {
    /// Reads the configuration that these name, and lays the command line over it.
    pub(crate) fn configure(&mut self) -> Result<()> {
        let environment: Vec<(String, String)> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        self.settings = Config::load(self.config.as_deref(), &environment)?;
        if let Some(partitions) = self.partitions {
            self.settings.hub.partitions = partitions;
        }
        if self.postgres.as_deref() == Some("-") {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).context("--postgres - : standard input cannot be read")?;
            self.postgres = Some(line.trim().to_owned());
        }
        let servers = self.kafka.is_some() || self.postgres.is_some();
        if let (Some(_), true) = (&self.data, servers) {
            bail!("--data is of the embedded hub, --kafka and --postgres are of the distributed one: name one of them");
        }
        if let Some(data) = self.data.clone() {
            self.settings.kafka.bootstrap.clear();
            self.settings.postgres.url.clear();
            self.settings.hub.data = data;
        }
        if servers {
            self.settings.hub.data = PathBuf::new();
            self.settings.kafka.bootstrap =
                self.kafka.clone().unwrap_or(std::mem::take(&mut self.settings.kafka.bootstrap));
            self.settings.postgres.url =
                self.postgres.clone().unwrap_or(std::mem::take(&mut self.settings.postgres.url));
        }
        engine::no_url(&self.settings.hub.data.to_string_lossy())?;
        engine::no_url(&self.settings.kafka.bootstrap)?;
        self.settings.check_values()
    }

    /// The same hub in a directory of its own.
    pub(crate) fn in_directory(&self, directory: PathBuf) -> Self {
        let mut other = self.clone();
        other.settings.kafka.bootstrap.clear();
        other.settings.postgres.url.clear();
        other.settings.hub.data = directory;
        other
    }

    /// The same with another configuration.
    pub(crate) fn with_settings(&self, settings: Config) -> Self {
        Self { settings, ..self.clone() }
    }

    /// The data directory that these or the configuration name.
    pub(crate) fn data_directory(&self) -> Result<&Path> {
        Some(self.settings.hub.data.as_path()).filter(|path| !path.as_os_str().is_empty()).context(
            "which hub? name its directory with --data DIR, in ONEFOLD_DATA, or as hub.data in the configuration; or its \
             servers with --kafka HOST:PORT and --postgres URL",
        )
    }

    /// The zone in which times are shown and days begin.
    pub(crate) fn zone(&self) -> Result<TimeZone> {
        let zone = &self.settings.hub.zone;
        TimeZone::get(zone).with_context(|| format!("hub.zone: there is no time zone `{zone}`"))
    }

    /// The day to look from.
    pub(crate) fn view_day(&self) -> Date {
        self.today.unwrap_or_else(|| Zoned::now().date())
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Simulate a company, take in its five systems' exports, show two customers, and serve
    Demo(DemoArgs),
    /// Serve: take in events over HTTP and keep the views up to date
    Run(RunArgs),
    /// Take in files through a connector file; returns when the views are up to date
    Ingest(IngestArgs),
    /// Look at a connector file, and at what it makes of a sample, before anything is taken in
    #[command(subcommand)]
    Connector(ConnectorCommand),
    /// Send the records of files to a topic of intake, one message each, as they stand
    Send(SendArgs),
    /// Show a customer, or a document from inside: what stands on it, whose it is and why, what belongs to it
    Show(RefArgs),
    /// What changed of a customer or a document between two moments, and which events did it
    Diff(DiffArgs),
    /// Why a value that `show --json` shows is what it is: formula, parts, what lost, and the events that it rests on
    Explain(ExplainArgs),
    /// History again: the events of the log as a stream, or a customer or document step by step
    Replay(ReplayArgs),
    /// Every event behind a customer or document, with connector, file and line
    Events(RefArgs),
    /// Documents of a customer, or those that nobody holds
    Documents(DocumentsArgs),
    /// Find customers by names, identifiers, addresses, numbers of their documents; in the past by id, identifier or subject
    Find(FindArgs),
    /// Counts, money and digests over everything; or of one customer
    Status(StatusArgs),
    /// Make the views again from the log, or only compare
    Rebuild(RebuildArgs),
    /// Copy an embedded hub whole into another directory, beside whoever writes
    Backup(BackupArgs),
    /// Put a backup back into a data directory that is empty or not there
    Restore(RestoreArgs),
    /// Seal the log, and show that what was sealed is as it was
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Records that could not be taken in
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    /// Decide who is one customer and whose a document is
    #[command(subcommand)]
    Identity(IdentityCommand),
    /// Move the log into another hub, into any number of partitions; run again, it goes on where it was
    Copy(CopyArgs),
    /// The topics in Kafka: made, and held against what the hub needs
    #[command(subcommand)]
    Topics(TopicsCommand),
    /// What can be set, and whether what is set is sound
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Measure, or compare with an earlier build
    Bench(BenchArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Real customers to simulate
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) customers: u32,
    /// Same seed, same company
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Address to serve on; loopback only
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7878")]
    pub(crate) listen: SocketAddr,
    /// Stop after printing
    #[arg(long)]
    pub(crate) no_serve: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// Address to serve on; loopback only [default: http.listen of the configuration]
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
    /// What this process does; the embedded hub does it all in one [default: hub.roles of the configuration]
    #[arg(long, value_name = "ROLE", value_delimiter = ',', value_enum)]
    pub(crate) role: Vec<HubRole>,
}

#[derive(Debug, Args)]
pub(crate) struct CopyArgs {
    /// Where the log is: a data directory, or HOST:PORT of Kafka
    #[arg(long, value_name = "DIR|KAFKA")]
    pub(crate) from: String,
    /// Where it goes: a data directory, made where it is absent, or HOST:PORT of Kafka
    #[arg(long, value_name = "DIR|KAFKA")]
    pub(crate) to: String,
    /// Go on without records that are larger than the target takes: they are written into this file, and noted in their place
    #[arg(long, value_name = "FILE")]
    pub(crate) skip_too_large: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TopicsCommand {
    /// Make those that are absent; say how the others differ from what the hub needs, and how to put them right
    Apply,
    /// The same without making any
    Check,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Read the configuration as every command would; say what is wrong, or what counts
    Check,
    /// Print the documented default: every key, to be copied and changed
    Default,
}

#[derive(Debug, Args)]
pub(crate) struct IngestArgs {
    /// Connector file; its own tests run first
    #[arg(long, value_name = "FILE")]
    pub(crate) connector: PathBuf,
    /// Write nothing, and show what would become of each record, as `connector try` does; with --remap, what would change
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Where an older mapping made events otherwise, append what is made now as newer versions of the same events
    #[arg(long)]
    pub(crate) remap: bool,
    #[command(flatten)]
    pub(crate) sample: SampleArgs,
    /// Files to take in; gzip is unpacked; `-` is standard input
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SendArgs {
    /// Connector file: how records are told apart, and which topic is theirs
    #[arg(long, value_name = "FILE")]
    pub(crate) connector: PathBuf,
    /// Topic of intake [default: the first that the connector file names]
    #[arg(long, value_name = "TOPIC")]
    pub(crate) topic: Option<String>,
    /// Files to send; gzip is unpacked; `-` is standard input
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RefArgs {
    /// Customer id, identifier or subject
    #[arg(value_name = "REF")]
    pub(crate) reference: String,
    #[command(flatten)]
    pub(crate) clocks: ClockArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// Customer id, identifier or subject
    #[arg(value_name = "REF")]
    pub(crate) reference: String,
    /// Where the value stands in `show --json`, such as receivable.by_currency.CNY.open, profile.name, identifiers, customer, or
    /// `latest[0].amount`; of a document what `show --json` shows of that
    #[arg(value_name = "PATH")]
    pub(crate) path: String,
    #[command(flatten)]
    pub(crate) clocks: ClockArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// Customer id, identifier or subject
    #[arg(value_name = "REF")]
    pub(crate) reference: String,
    /// The earlier moment: a day such as 2025-12-31, which means its end in hub.zone, or an instant with its offset [default: before
    /// the first event]
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<String>,
    /// The later moment [default: now]
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<String>,
    /// By what the hub knew at the two moments, and not by what is known now of what was so then
    #[arg(long)]
    pub(crate) known: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    /// Customer id, identifier or subject; none: everything, as it is now
    #[arg(value_name = "REF")]
    pub(crate) reference: Option<String>,
    #[command(flatten)]
    pub(crate) clocks: ClockArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DocumentsArgs {
    /// Customer id, identifier or subject
    #[arg(value_name = "REF", required_unless_present = "unattributed", conflicts_with = "unattributed")]
    pub(crate) reference: Option<String>,
    /// Those that no customer holds
    #[arg(long)]
    pub(crate) unattributed: bool,
    /// At most so many; 0: all
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) limit: usize,
    /// Go on from where the last page ended
    #[arg(long, value_name = "CURSOR")]
    pub(crate) cursor: Option<String>,
    #[command(flatten)]
    pub(crate) clocks: ClockArgs,
}

#[derive(Debug, Args)]
pub(crate) struct FindArgs {
    /// Words; the last may be unfinished
    #[arg(required = true, value_name = "TEXT")]
    pub(crate) text: Vec<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: usize,
    #[command(flatten)]
    pub(crate) clocks: ClockArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RebuildArgs {
    /// Compare and write nothing; beside a running hub too
    #[arg(long)]
    pub(crate) verify: bool,
    /// Take the new views even where they differ from the old ones
    #[arg(long, conflicts_with = "verify")]
    pub(crate) accept: bool,
    /// What waits between two steps is kept in memory up to so much, beyond it in a temporary file (TMPDIR)
    #[arg(long, value_name = "MIB", default_value_t = 1024)]
    pub(crate) memory: u64,
    /// Wait so long for a moment at which the running hub has nothing left to do
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) wait: u64,
}

#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// Where it goes: a directory that is empty or not there
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// What `onefold backup` has made; --data says where it goes
    #[arg(long, value_name = "DIR")]
    pub(crate) from: PathBuf,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
