//! `onefold show REF`.

use std::process::ExitCode;

use anyhow::Result;
use onefold_service::{CustomerReference, Shown, day_number};

use crate::args::{Globals, RefArgs};
use crate::hub::Reader;
use crate::out::Out;
use crate::render;

pub(crate) async fn run(args: RefArgs, globals: Globals) -> Result<ExitCode> {
    let reference: CustomerReference = args.reference.parse()?;
    let reader = Reader::open(&globals).await?;
    let shown = reader.service.show(&reference, Some(day_number(globals.day()))).await?;
    let mut out = Out::open();
    if globals.json {
        out.json(&shown)?;
    } else {
        match &shown {
            Shown::Customer(view) => out.line(render::customer(view))?,
            Shown::Document(whose) => out.line(render::document(whose))?,
        }
    }
    out.done()?;
    Ok(ExitCode::SUCCESS)
}
