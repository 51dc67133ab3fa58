//! `onefold explain REF PATH`.

use std::process::ExitCode;

use anyhow::Result;
use onefold_service::day_number;

use super::past_day;
use crate::args::{ExplainArgs, Globals};
use crate::hub::HubReader;
use crate::out::OutputWriter;
use crate::past::clocks_line;
use crate::render;

pub(crate) async fn run(args: ExplainArgs, globals: Globals) -> Result<ExitCode> {
    let reader = HubReader::open(&globals).await?;
    let service = &reader.service;
    let reference = service.read_reference(&args.reference).await?;
    let explanation = if args.clocks.is_given() {
        let clocks = args.clocks.read_clocks(service)?;
        service.past_explain(&reference, &args.path, &clocks, past_day(&clocks, &globals)).await?
    } else {
        service.explain(&reference, &args.path, Some(day_number(globals.view_day()))).await?
    };
    let mut out = OutputWriter::open();
    if globals.json {
        out.write_json(&explanation)?;
    } else {
        if let Some(clocks) = &explanation.clocks {
            out.write_line(clocks_line(clocks))?;
        }
        out.write_line(render::render_explanation(&explanation))?;
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}
