//! `onefold find TEXT`.

use std::process::ExitCode;

use anyhow::Result;

use crate::args::{FindArgs, Globals};
use crate::hub::Reader;
use crate::out::Out;
use crate::render;

pub(crate) async fn run(args: FindArgs, globals: Globals) -> Result<ExitCode> {
    let reader = Reader::open(&globals).await?;
    let hits = reader.service.find(&args.text.join(" "), args.limit).await?;
    let mut out = Out::open();
    if globals.json {
        out.json(&hits)?;
    } else {
        for hit in &hits {
            out.line(render::hit(hit))?;
        }
        if hits.is_empty() {
            out.line("nobody is found by these words")?;
        }
    }
    out.done()?;
    Ok(ExitCode::SUCCESS)
}
