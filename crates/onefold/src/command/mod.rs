//! One file per command.

mod audit;
mod backup;
mod bench;
mod config;
mod connector;
mod copy;
mod demo;
mod identity;
mod ingest;
mod quarantine;
mod read;
mod rebuild;
mod replay;
mod restore;
mod send;
mod serve;
mod topics;

use std::process::ExitCode;

use anyhow::Result;

use crate::args::{Cli, Command};

pub(crate) async fn run(cli: Cli) -> Result<ExitCode> {
    let globals = cli.globals;
    match cli.command {
        Command::Demo(args) => demo::run(args, globals).await,
        Command::Run(args) => serve::run(args, globals).await,
        Command::Ingest(args) => ingest::run(args, globals).await,
        Command::Connector(command) => connector::run(command, globals).await,
        Command::Send(args) => send::run(args, globals).await,
        Command::Show(args) => read::show::run(args, globals).await,
        Command::Diff(args) => read::diff::run(args, globals).await,
        Command::Explain(args) => read::explain::run(args, globals).await,
        Command::Events(args) => read::events::run(args, globals).await,
        Command::Documents(args) => read::documents::run(args, globals).await,
        Command::Find(args) => read::find::run(args, globals).await,
        Command::Status(args) => read::status::run(args, globals).await,
        Command::Replay(args) => replay::run(args, globals).await,
        Command::Rebuild(args) => rebuild::run(args, globals).await,
        Command::Backup(args) => backup::run(args, globals).await,
        Command::Restore(args) => restore::run(args, globals).await,
        Command::Audit(command) => audit::run(command, globals).await,
        Command::Quarantine(command) => quarantine::run(command, globals).await,
        Command::Identity(command) => identity::run(command, globals).await,
        Command::Copy(args) => copy::run(args, globals).await,
        Command::Topics(command) => topics::run(command, globals).await,
        Command::Config(command) => config::run(command, &globals),
        Command::Bench(args) => bench::run(args, globals).await,
    }
}
