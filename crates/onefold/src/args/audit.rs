//! Sealing the log, and showing that it is what was sealed.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Make the key that the log is sealed with, and print the public one; or print the public one of the key that is there
    Key(KeyArgs),
    /// Seal what the log has got since it was sealed last; a hub that runs does so by itself
    Seal(SealArgs),
    /// Hold every record to what was sealed of it: what was changed, dropped, added, reordered or cut off is found; beside a running hub too
    Verify(VerifyArgs),
    /// Write one ZIP with every sealed record behind a customer or a document, and the proof that none is left out
    Evidence(EvidenceArgs),
    /// Check such a ZIP, offline and without a hub, with the public key alone
    Check(CheckArgs),
}

#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    /// Name of the hub in its checkpoints, which no other hub has, such as hub.example.com/onefold; none: the key is there already
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// File of the private key [default: seal.key of the configuration, else `seal.key` in the data directory]
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SealArgs {
    /// Append checkpoints to this file too, beside seal.places of the configuration
    #[arg(long, value_name = "FILE")]
    pub(crate) place: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Public key, as `onefold audit key` prints it, or a file that holds it [default: that of the hub's own key]
    #[arg(long, value_name = "VKEY|FILE")]
    pub(crate) key: Option<String>,
    /// File with checkpoints that were kept outside, beside seal.places of the configuration
    #[arg(long, value_name = "FILE")]
    pub(crate) outside: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct EvidenceArgs {
    /// Customer id, identifier or subject
    #[arg(value_name = "REF")]
    pub(crate) reference: String,
    /// The file that is written; it must not be there yet
    #[arg(long, value_name = "FILE")]
    pub(crate) to: PathBuf,
    /// Public key, or a file that holds it [default: that of the hub's own key]
    #[arg(long, value_name = "VKEY|FILE")]
    pub(crate) key: Option<String>,
    /// Who asks; else the user of this machine
    #[arg(long, value_name = "NAME", env = "ONEFOLD_BY")]
    pub(crate) by: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The ZIP
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Public key, as the hub's owner gave it, or a file that holds it; the one in the ZIP says nothing
    #[arg(long, value_name = "VKEY|FILE")]
    pub(crate) key: String,
}
