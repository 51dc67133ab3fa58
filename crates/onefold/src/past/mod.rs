//! Reads of the past on the command line: the clocks that are given, and how an answer shows them.

mod args;
mod render;

pub(crate) use args::{ClockArgs, read_span};
pub(crate) use render::clocks_line;

use anyhow::Result;
use onefold_service::AnsweredClocks;
use serde_json::json;

use crate::out::OutputWriter;

/// Says before a list for which clocks it holds.
pub(crate) fn put_clocks(out: &mut OutputWriter, clocks: &AnsweredClocks, json: bool) -> Result<()> {
    if json { out.json_line(&json!({ "clocks": clocks })) } else { out.write_line(clocks_line(clocks)) }
}
