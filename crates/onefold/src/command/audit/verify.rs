//! `onefold audit verify`.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use onefold_sealer::{SealVerdict, verify_log};
use serde::Serialize;

use super::finding_lines;
use crate::args::{Globals, VerifyArgs};
use crate::engine::open_hub_log;
use crate::out::OutputWriter;
use crate::{NOT_AS_SEALED, sealing};

#[derive(Debug, Serialize)]
struct VerifyAnswer {
    whole: bool,
    verified: u64,
    unsealed: u64,
    seconds: f64,
    #[serde(flatten)]
    verdict: SealVerdict,
}

pub(crate) async fn run(args: VerifyArgs, globals: Globals) -> Result<ExitCode> {
    let key = sealing::public_key(args.key.as_deref(), &globals)?;
    let outside = sealing::outside_checkpoints(&globals, &args.outside, &key)?;
    let log = open_hub_log(&globals)?;
    let began = Instant::now();
    let verdict = verify_log(log, &key, outside).await?;
    let answer = VerifyAnswer {
        whole: verdict.is_whole(),
        verified: verdict.sum(|partition| partition.verified),
        unsealed: verdict.sum(|partition| partition.unsealed),
        seconds: began.elapsed().as_secs_f64(),
        verdict,
    };
    let mut out = OutputWriter::open();
    if globals.json {
        out.write_json(&answer)?;
    } else {
        verdict_lines(&answer).into_iter().try_for_each(|line| out.write_line(line))?;
    }
    out.finish()?;
    Ok(if answer.whole { ExitCode::SUCCESS } else { ExitCode::from(NOT_AS_SEALED) })
}

fn verdict_lines(answer: &VerifyAnswer) -> Vec<String> {
    let VerifyAnswer { verified, unsealed, seconds, verdict, .. } = answer;
    let rate = *verified as f64 / seconds.max(1e-6);
    let seals = verdict.sum(|partition| partition.seals);
    let mut lines = vec![format!(
        "{verified} records are as {} sealed them, by {seals} seals ({seconds:.1} s, {rate:.0} records/s)",
        verdict.key
    )];
    // Behind a seal that cannot be relied on nobody knows what was sealed.
    if answer.whole {
        lines.push(match unsealed {
            0 => "every record is sealed".to_owned(),
            unsealed => format!("{unsealed} records are not sealed yet: nothing is known of them"),
        });
    }
    lines.push(match verdict.outside {
        0 => "no checkpoint from outside was held against the log: whoever cut log and seals alike would not be found"
            .to_owned(),
        outside => format!("{outside} checkpoints from outside were held against the log"),
    });
    let findings = verdict.partitions.iter().flat_map(|of| {
        of.findings.iter().map(move |finding| format!("partition {}: {}", of.partition, finding.message))
    });
    lines.extend(finding_lines(&findings.collect::<Vec<_>>(), "all that was sealed stands where it was sealed"));
    lines
}
