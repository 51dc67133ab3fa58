//! `onefold topics`: the topics in Kafka, made and held against what the hub needs.

use std::process::ExitCode;

use anyhow::{Result, bail};
use serde_json::json;

use crate::FAILED;
use crate::args::{Globals, TopicsCommand};
use crate::engine::topics;
use crate::out::Out;

pub(crate) async fn run(command: TopicsCommand, globals: Globals) -> Result<ExitCode> {
    if globals.settings.kafka.bootstrap.is_empty() {
        bail!("which brokers? name them with --kafka HOST:PORT, or as kafka.bootstrap in the configuration");
    }
    let (log, partitions) = topics(&globals.settings)?;
    let (made, findings) = match command {
        TopicsCommand::Apply => log.apply_topics(partitions).await?,
        TopicsCommand::Check => (Vec::new(), log.check_topics(partitions).await?),
    };
    let mut out = Out::open();
    if globals.json {
        let findings: Vec<_> =
            findings.iter().map(|f| json!({ "topic": f.topic, "differs": f.differs, "correct": f.correct })).collect();
        out.json(&json!({ "made": made, "findings": findings }))?;
    } else {
        for topic in &made {
            out.line(format!("made {topic}"))?;
        }
        for finding in &findings {
            out.line(finding.to_string())?;
        }
        if findings.is_empty() {
            out.line("every topic is as the hub needs it")?;
        }
    }
    out.done()?;
    Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}
