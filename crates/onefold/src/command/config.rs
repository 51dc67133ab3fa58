//! `onefold config`: what can be set, and whether what is set is sound.

use std::process::ExitCode;

use anyhow::Result;

use crate::args::{ConfigCommand, Globals};
use crate::config::{DEFAULT, default_values, show_config, shown_values};
use crate::out::OutputWriter;

/// The configuration was read before any command began: what is wrong with it has been said by then.
pub(crate) fn run(command: ConfigCommand, globals: &Globals) -> Result<ExitCode> {
    let mut out = OutputWriter::open();
    match command {
        ConfigCommand::Check if globals.json => out.write_json(&shown_values(&globals.settings)?)?,
        ConfigCommand::Check => out.write_line(show_config(&globals.settings))?,
        ConfigCommand::Default if globals.json => out.write_json(&default_values())?,
        ConfigCommand::Default => out.write_line(DEFAULT.trim_end())?,
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}
