//! What people decide.

use clap::{Args, Subcommand, ValueEnum};

/// Who decides, and why.
#[derive(Debug, Args)]
pub(crate) struct DecisionReason {
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) why: String,
    /// Who decides; else the user of this machine
    #[arg(long, value_name = "NAME", env = "ONEFOLD_BY")]
    pub(crate) by: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum IdentityCommand {
    #[command(flatten)]
    Ask(IdentityQuestion),
    #[command(flatten)]
    Decide(IdentityDecision),
}

/// What may be asked of decisions and of who is one customer.
#[derive(Debug, Subcommand)]
pub(crate) enum IdentityQuestion {
    /// Decisions, newest first: what, who, why, and what became of each
    List {
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
    },
    /// What joins two parties, or keeps them apart
    Why {
        /// A party; a customer named by its id or an identifier stands for its earliest
        #[arg(value_name = "PARTY")]
        one: String,
        /// Another
        #[arg(value_name = "PARTY")]
        other: String,
    },
    /// Customers that share a value with this one, and are others
    Candidates {
        /// Customer id, identifier or subject
        #[arg(value_name = "REF")]
        reference: String,
    },
}

/// What may be decided.
#[derive(Debug, Subcommand)]
pub(crate) enum IdentityDecision {
    /// These parties are one customer
    Link {
        /// Parties; a customer named by its id or an identifier stands for all its parties
        #[arg(required = true, num_args = 2.., value_name = "PARTY")]
        parties: Vec<String>,
        #[command(flatten)]
        reason: DecisionReason,
    },
    /// These parties are never the same customer as those
    Separate {
        /// Parties; a customer stands for all its parties
        #[arg(required = true, value_name = "PARTY")]
        parties: Vec<String>,
        /// The others; none: all other parties of their customer
        #[arg(long, num_args = 1.., value_name = "PARTY")]
        from: Vec<String>,
        #[command(flatten)]
        reason: DecisionReason,
    },
    /// A document is of this party
    Reassign {
        /// Such as order:erp:4711
        #[arg(value_name = "DOCUMENT")]
        document: String,
        /// The party; a customer stands for its earliest
        #[arg(long, value_name = "PARTY")]
        to: String,
        /// Who bought, or who owes; else both
        #[arg(long, value_enum)]
        facet: Option<FacetWord>,
        #[command(flatten)]
        reason: DecisionReason,
    },
    /// An identifier is not this party's
    Withdraw {
        /// The party
        #[arg(value_name = "PARTY")]
        party: String,
        /// Such as phone:+8613800138000
        #[arg(required = true, value_name = "IDENTIFIER")]
        identifiers: Vec<String>,
        #[command(flatten)]
        reason: DecisionReason,
    },
    /// A decision no longer counts
    Undo {
        /// Its subject (decision:onefold:..., or the document or party that it was about) or event id
        #[arg(value_name = "DECISION")]
        decision: String,
        #[command(flatten)]
        reason: DecisionReason,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum FacetWord {
    /// Who bought
    Trade,
    /// Who owes
    Receivable,
}
