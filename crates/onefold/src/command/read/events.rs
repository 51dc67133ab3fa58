//! `onefold events REF`.

use std::process::ExitCode;

use anyhow::Result;

use crate::args::{Globals, RefArgs};
use crate::hub::HubReader;
use crate::out::OutputWriter;
use crate::past::put_clocks;
use crate::render;

/// Events in memory at once.
const CHUNK: usize = 1_000;

pub(crate) async fn run(args: RefArgs, globals: Globals) -> Result<ExitCode> {
    let reader = HubReader::open(&globals).await?;
    let reference = reader.service.read_reference(&args.reference).await?;
    let mut out = OutputWriter::open();
    let places = if args.clocks.is_given() {
        let past = reader.service.past_events(&reference, &args.clocks.read_clocks(&reader.service)?).await?;
        put_clocks(&mut out, &past.clocks, globals.json)?;
        past.answer
    } else {
        reader.service.events(&reference).await?
    };
    for some in places.chunks(CHUNK) {
        for line in reader.service.event_lines(some).await? {
            if globals.json {
                out.json_line(&line)?;
            } else {
                out.write_line(render::event_text(&line))?;
            }
        }
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}
