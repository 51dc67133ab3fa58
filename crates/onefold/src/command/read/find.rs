//! `onefold find TEXT`.

use std::process::ExitCode;

use anyhow::Result;

use crate::args::{FindArgs, Globals};
use crate::hub::HubReader;
use crate::out::OutputWriter;
use crate::past::clocks_line;
use crate::render;

pub(crate) async fn run(args: FindArgs, globals: Globals) -> Result<ExitCode> {
    let reader = HubReader::open(&globals).await?;
    let mut out = OutputWriter::open();
    let text = args.text.join(" ");
    let hits = if args.clocks.is_given() {
        let past = reader.service.past_find(&text, &args.clocks.read_clocks(&reader.service)?).await?;
        if globals.json {
            out.write_json(&past)?;
            out.finish()?;
            return Ok(ExitCode::SUCCESS);
        }
        out.write_line(clocks_line(&past.clocks))?;
        past.answer.hits
    } else {
        reader.service.find(&text, args.limit).await?
    };
    if globals.json {
        out.write_json(&hits)?;
    } else {
        for hit in &hits {
            out.write_line(render::hit_lines(hit))?;
        }
        if hits.is_empty() {
            out.write_line("nobody is found by these words, and no document by this number")?;
        }
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}
