//! `onefold events REF`.

use std::process::ExitCode;

use anyhow::Result;
use onefold_service::CustomerReference;

use crate::args::{Globals, RefArgs};
use crate::hub::Reader;
use crate::out::Out;
use crate::past::put_clocks;
use crate::render;

/// Events in memory at once.
const CHUNK: usize = 1_000;

pub(crate) async fn run(args: RefArgs, globals: Globals) -> Result<ExitCode> {
    let reference: CustomerReference = args.reference.parse()?;
    let reader = Reader::open(&globals).await?;
    let mut out = Out::open();
    let places = if args.clocks.is_given() {
        let past = reader.service.past_events(&reference, &args.clocks.read_clocks(&globals)?).await?;
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
                out.line(render::event(&line))?;
            }
        }
    }
    out.done()?;
    Ok(ExitCode::SUCCESS)
}
