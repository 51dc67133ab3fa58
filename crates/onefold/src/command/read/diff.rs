//! `onefold diff REF`.

use std::process::ExitCode;

use anyhow::Result;
use onefold_service::{ClockTexts, MovedClock, ReadClocks, ServiceError};

use crate::args::{DiffArgs, Globals};
use crate::hub::HubReader;
use crate::out::OutputWriter;
use crate::render;

pub(crate) async fn run(args: DiffArgs, globals: Globals) -> Result<ExitCode> {
    let reader = HubReader::open(&globals).await?;
    let reference = reader.service.read_reference(&args.reference).await?;
    let clock = if args.known { MovedClock::KnownAt } else { MovedClock::AsOf };
    let read = |text: Option<&str>| -> Result<ReadClocks, ServiceError> {
        reader.service.read_clocks(match clock {
            MovedClock::AsOf => ClockTexts { as_of: text, ..ClockTexts::default() },
            MovedClock::KnownAt => ClockTexts { known_at: text, identity_at: text, ..ClockTexts::default() },
        })
    };
    let from = args.from.as_deref().map(|text| read(Some(text))).transpose()?;
    let difference = reader.service.difference(&reference, clock, from.as_ref(), &read(args.to.as_deref())?).await?;
    let mut out = OutputWriter::open();
    if globals.json {
        out.write_json(&difference)?;
    } else {
        out.write_line(render::render_difference(&difference))?;
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}
