//! `onefold topics`: the topics in Kafka, made and held against what the hub needs.

use std::process::ExitCode;

use anyhow::{Result, bail};
use serde_json::json;

use crate::FAILED;
use crate::args::{Globals, TopicsCommand};
use crate::engine::topic_log;
use crate::out::OutputWriter;

pub(crate) async fn run(command: TopicsCommand, globals: Globals) -> Result<ExitCode> {
    if globals.settings.kafka.bootstrap.is_empty() {
        bail!("which brokers? name them with --kafka HOST:PORT, or as kafka.bootstrap in the configuration");
    }
    let (log, partitions) = topic_log(&globals.settings)?;
    let (made, findings) = match command {
        TopicsCommand::Apply => log.apply_topics(partitions).await?,
        TopicsCommand::Check => (Vec::new(), log.check_topics(partitions).await?),
    };
    let mut out = OutputWriter::open();
    if globals.json {
        let findings: Vec<_> =
            findings.iter().map(|f| json!({ "topic": f.topic, "differs": f.differs, "correct": f.correct })).collect();
        out.write_json(&json!({ "made": made, "findings": findings }))?;
    } else {
        for topic in &made {
            out.write_line(format!("made {topic}"))?;
        }
        for finding in &findings {
            out.write_line(finding.to_string())?;
        }
        if findings.is_empty() {
            out.write_line("every topic is as the hub needs it")?;
        }
    }
    out.finish()?;
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}
