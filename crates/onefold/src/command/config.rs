//! `onefold config`: what can be set, and whether what is set is sound.

use std::process::ExitCode;

use anyhow::Result;

use crate::args::{ConfigCommand, Globals};
use crate::config::{DEFAULT, default_values, shown, shown_values};
use crate::out::Out;

/// The configuration was read before any command began: what is wrong with it has been said by then.
pub(crate) fn run(command: ConfigCommand, globals: &Globals) -> Result<ExitCode> {
    let mut out = Out::open();
    match command {
        ConfigCommand::Check if globals.json => out.json(&shown_values(&globals.settings)?)?,
        ConfigCommand::Check => out.line(shown(&globals.settings))?,
        ConfigCommand::Default if globals.json => out.json(&default_values())?,
        ConfigCommand::Default => out.line(DEFAULT.trim_end())?,
    }
    out.done()?;
    Ok(ExitCode::SUCCESS)
}
