//! `onefold status`, `onefold status REF`.

use std::process::ExitCode;

use anyhow::{Result, bail};
use onefold_service::{CustomerReference, ErrorCode, ServiceError};

use crate::args::{Globals, StatusArgs};
use crate::hub::HubReader;
use crate::out::OutputWriter;
use crate::past::clocks_line;
use crate::render;

pub(crate) async fn run(args: StatusArgs, globals: Globals) -> Result<ExitCode> {
    let reference: Option<CustomerReference> = args.reference.as_deref().map(str::parse).transpose()?;
    if reference.is_none() && args.clocks.is_given() {
        bail!(ServiceError::new(
            ErrorCode::Invalid,
            "everything is counted as it is now alone: leave the clocks out, or name a customer",
        ));
    }
    let reader = HubReader::open(&globals).await?;
    let clocks = args.clocks.read_clocks(&reader.service)?;
    let mut out = OutputWriter::open();
    if let Some(reference) = reference {
        let counted = reader.service.past_status(&reference, &clocks).await?;
        if globals.json {
            out.write_json(&counted)?;
        } else {
            if args.clocks.is_given() {
                out.write_line(clocks_line(&counted.clocks))?;
            }
            out.write_line(render::render_customer_status(&counted.answer))?;
        }
    } else {
        let status = reader.service.status().await?;
        if globals.json {
            out.write_json(&status)?;
        } else {
            out.write_line(render::render_status(&status))?;
        }
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}
