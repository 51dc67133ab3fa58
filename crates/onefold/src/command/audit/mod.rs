//! `onefold audit`.

mod key;
mod seal;
mod verify;

use std::process::ExitCode;

use anyhow::Result;

use crate::args::{AuditCommand, Globals};

pub(crate) async fn run(command: AuditCommand, globals: Globals) -> Result<ExitCode> {
    match command {
        AuditCommand::Key(args) => key::run(args, &globals),
        AuditCommand::Seal(args) => seal::run(args, globals).await,
        AuditCommand::Verify(args) => verify::run(args, globals).await,
    }
}
