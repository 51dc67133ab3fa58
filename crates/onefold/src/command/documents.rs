//! `onefold documents REF`, `onefold documents --unattributed`.

use std::process::ExitCode;

use anyhow::Result;
use onefold_service::{CustomerReference, ListingOrder, MOST};

use crate::args::{DocumentsArgs, Globals};
use crate::hub::HubReader;
use crate::out::OutputWriter;
use crate::render;

pub(crate) async fn run(args: DocumentsArgs, globals: Globals) -> Result<ExitCode> {
    let reference: Option<CustomerReference> = args.reference.as_deref().map(str::parse).transpose()?;
    let reader = HubReader::open(&globals).await?;
    let mut out = OutputWriter::open();
    let (mut left, mut cursor) = (if args.limit == 0 { usize::MAX } else { args.limit }, args.cursor);
    loop {
        let size = left.min(MOST);
        let of = reference.as_ref();
        let page = reader.service.documents(of, ListingOrder::NewestFirst, cursor.as_deref(), size).await?;
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
