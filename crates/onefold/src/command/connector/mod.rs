//! `onefold connector`: connector files, looked at before anything is taken in.

mod accept;
mod check;
mod new;
mod remap;
mod sample;
mod sources;

use std::process::ExitCode;

use anyhow::Result;
use onefold_mapping::{connector_reference, connector_schema};

pub(crate) use remap::remap_inputs;
pub(crate) use sample::try_samples;

use crate::args::{ConnectorCommand, Globals};
use crate::out::OutputWriter;

pub(crate) async fn run(command: ConnectorCommand, globals: Globals) -> Result<ExitCode> {
    match command {
        ConnectorCommand::Check { files } => check::check_files(&files, &globals),
        ConnectorCommand::List => sources::list_sources(&globals).await,
        ConnectorCommand::Status { name, limit } => sources::show_source(&name, limit, &globals).await,
        ConnectorCommand::Pause { name } => sources::pause(&name, &globals).await,
        ConnectorCommand::Resume { name } => sources::resume(&name, &globals).await,
        ConnectorCommand::Rewind { name, files } => sources::rewind(&name, &files, &globals).await,
        ConnectorCommand::Schema => print_text(&format!("{:#}", connector_schema())),
        ConnectorCommand::Reference => print_text(connector_reference().trim_end()),
        ConnectorCommand::New { from, name } => print_text(new::draft_text(&from, name)?.trim_end()),
        ConnectorCommand::Remap { connector, since, dry_run } => {
            remap::remap_kept(&connector, since.as_deref(), dry_run, &globals).await
        }
        ConnectorCommand::Try { file, samples, shown, accept } => {
            try_samples(&file, &samples, (&shown, accept.as_deref()), &globals).await
        }
    }
}

fn print_text(text: &str) -> Result<ExitCode> {
    let mut out = OutputWriter::open();
    out.write_line(text)?;
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}
