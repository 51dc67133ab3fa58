//! `onefold audit key`.

use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use crate::args::{Globals, KeyArgs};
use crate::data::DataDir;
use crate::out::OutputWriter;
use crate::sealing;

pub(crate) fn run(args: KeyArgs, globals: &Globals) -> Result<ExitCode> {
    let path = match args.file {
        Some(file) => file,
        None => {
            let path = sealing::key_path(globals)?;
            if globals.settings.seal.key.as_os_str().is_empty() {
                // A directory that is none yet would be refused later for what it holds.
                DataDir::open(globals.data_directory()?)?;
            }
            path
        }
    };
    let signer = match &args.name {
        Some(name) => sealing::make_signer(&path, name)?,
        None => sealing::read_signer(&path)?,
    };
    let (public, mut out) = (signer.public().text(), OutputWriter::open());
    if globals.json {
        out.write_json(&json!({ "public": public, "file": path }))?;
    } else {
        if args.name.is_some() {
            eprintln!(
                "The private key is in {}: keep a copy of it apart, it is in no backup. Whoever checks needs the public one:",
                path.display()
            );
        }
        out.write_line(public)?;
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}
