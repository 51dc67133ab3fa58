//! `onefold send`: records of files into a topic of intake.

use std::process::ExitCode;

use anyhow::{Context, Result};
use onefold_connect::{Input, SendReport};

use crate::args::{Globals, SendArgs};
use crate::engine::LogTarget;
use crate::out::OutputWriter;
use crate::{QUARANTINED, connector, progress};

pub(crate) async fn run(args: SendArgs, globals: Globals) -> Result<ExitCode> {
    let connector = connector::load_connector(&args.connector)?;
    let named = connector.input_settings().topics.first();
    let topic = args.topic.as_ref().or(named).cloned().context(
        "to which topic? name it with --topic, or in the connector file: [from] kind = \"kafka\", topics = [\"intake.finance\"]",
    )?;
    let paths: Vec<String> = args.paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let inputs = Input::expand(&paths)?;
    let target = LogTarget::from_globals(&globals)?;
    let bar = progress::count_bar(0, "sending");
    let told = |sent: &SendReport| bar.set_position(sent.messages);
    let sent = onefold_connect::send(&connector, &inputs, target.log.as_ref(), &topic, target.partitions, &told).await;
    bar.finish_and_clear();
    let sent = sent?;
    let mut out = OutputWriter::open();
    if globals.json {
        out.write_json(&sent)?;
    } else {
        for left in &sent.left_out {
            let why = left.problems.iter().map(|problem| format!("{} {}", problem.code, problem.message));
            let why = why.collect::<Vec<_>>().join("; ");
            out.write_line(format!("not sent: {}:{}-{}: {why}", left.resource, left.first_line, left.last_line))?;
        }
        out.write_line(format!("{} messages sent to {topic}, {} bytes", sent.messages, sent.bytes))?;
    }
    out.finish()?;
    Ok(if sent.left_out.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(QUARANTINED) })
}
