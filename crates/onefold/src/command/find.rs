//! `onefold find TEXT`.

use std::process::ExitCode;

use anyhow::Result;

use crate::args::{FindArgs, Globals};
use crate::hub::Reader;
use crate::out::Out;
use crate::past::clocks_line;
use crate::render;

pub(crate) async fn run(args: FindArgs, globals: Globals) -> Result<ExitCode> {
    let reader = Reader::open(&globals).await?;
    let mut out = Out::open();
    let text = args.text.join(" ");
    let hits = if args.clocks.is_given() {
        let past = reader.service.past_find(&text, &args.clocks.read_clocks(&globals)?).await?;
        if globals.json {
            out.json(&past)?;
            out.done()?;
            return Ok(ExitCode::SUCCESS);
        }
        out.line(clocks_line(&past.clocks))?;
        past.answer.hits
    } else {
        reader.service.find(&text, args.limit).await?
    };
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
