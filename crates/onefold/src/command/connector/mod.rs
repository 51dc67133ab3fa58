//! `onefold connector`: connector files, looked at before anything is taken in.

mod check;
mod sample;

use std::process::ExitCode;

use anyhow::Result;

pub(crate) use sample::show_sample;

use crate::args::{ConnectorCommand, Globals};

pub(crate) async fn run(command: ConnectorCommand, globals: Globals) -> Result<ExitCode> {
    match command {
        ConnectorCommand::Check { files } => check::check_files(&files, &globals),
        ConnectorCommand::Try { file, samples, shown } => show_sample(&file, &samples, &shown, &globals).await,
    }
}
