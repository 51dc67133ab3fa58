//! What is done with what was refused.

use std::path::PathBuf;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum QuarantineCommand {
    /// List entries: first how many there are by connector and problem, then each
    List {
        /// Only how many there are
        #[arg(long)]
        counts: bool,
        /// Decided ones too
        #[arg(long)]
        all: bool,
        /// Only of this connector
        #[arg(long, value_name = "NAME")]
        of: Option<String>,
        /// Only with this problem
        #[arg(long, value_name = "CODE")]
        code: Option<String>,
    },
    /// Show one entry whole, its bytes as text in its source's charset
    Show {
        /// Print its bytes alone, as they stand in the source
        #[arg(long)]
        bytes: bool,
        /// Its number, such as q-0193
        #[arg(value_name = "NUMBER", value_parser = entry_number)]
        number: u64,
    },
    /// Take entries in again; those that still fail stay
    Retry {
        /// Their numbers; none: all open ones of the connector
        #[arg(value_name = "NUMBER", value_parser = entry_number)]
        numbers: Vec<u64>,
        /// Connector file as it is now; posted events need none
        #[arg(long, value_name = "FILE")]
        connector: Option<PathBuf>,
        /// Only with this problem
        #[arg(long, value_name = "CODE")]
        code: Option<String>,
    },
    /// Close entries that nobody needs
    Discard {
        /// Their numbers
        #[arg(value_name = "NUMBER", required = true, value_parser = entry_number)]
        numbers: Vec<u64>,
        /// Why
        #[arg(long, value_name = "TEXT")]
        why: String,
    },
}

fn entry_number(text: &str) -> Result<u64, String> {
    text.strip_prefix("q-").unwrap_or(text).parse().map_err(|_| "expected a number such as q-0193".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_named_with_or_without_its_prefix() {
        assert_eq!(entry_number("q-0193"), Ok(193));
        assert_eq!(entry_number("193"), Ok(193));
        assert!(entry_number("x").is_err());
    }
}
