//! `onefold documents REF`, `onefold documents --unattributed`.

use std::process::ExitCode;

use anyhow::{Result, bail};
use onefold_service::{CustomerReference, ErrorCode, ListingOrder, MOST, ServiceError};

use crate::args::{DocumentsArgs, Globals};
use crate::hub::HubReader;
use crate::out::OutputWriter;
use crate::past::put_clocks;
use crate::render;

pub(crate) async fn run(args: DocumentsArgs, globals: Globals) -> Result<ExitCode> {
    let reference: Option<CustomerReference> = args.reference.as_deref().map(str::parse).transpose()?;
    let reader = HubReader::open(&globals).await?;
    let mut out = OutputWriter::open();
    let clocks = if args.clocks.is_given() { Some(args.clocks.read_clocks(&reader.service)?) } else { None };
    let mut first = true;
    let (mut left, mut cursor) = (if args.limit == 0 { usize::MAX } else { args.limit }, args.cursor);
    loop {
        let size = left.min(MOST);
        let of = reference.as_ref();
        let page = match (&clocks, of) {
            (Some(clocks), Some(of)) => {
                let past = reader
                    .service
                    .past_documents(of, clocks, ListingOrder::NewestFirst, (cursor.as_deref(), size), |_| true)
                    .await?;
                if std::mem::take(&mut first) {
                    put_clocks(&mut out, &past.clocks, globals.json)?;
                }
                past.answer
            }
            (Some(_), None) => bail!(ServiceError::new(
                ErrorCode::Invalid,
                "what nobody held is listed as it is now alone: leave the clocks out, or name a customer",
            )),
            (None, of) => reader.service.documents(of, ListingOrder::NewestFirst, cursor.as_deref(), size).await?,
        };
        for document in &page.items {
            if globals.json {
                out.json_line(document)?;
            } else {
                out.write_line(render::document_row(document))?;
            }
        }
        left -= page.items.len().min(left);
        cursor = page.next;
        if cursor.is_none() || left == 0 {
            break;
        }
    }
    out.finish()?;
    if let Some(cursor) = cursor {
        eprintln!("more: --cursor '{cursor}', or --limit 0 for all");
    }
    Ok(ExitCode::SUCCESS)
}
