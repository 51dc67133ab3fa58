//! `onefold replay`: history again, as a stream of events or step by step.

mod cursor;
mod target;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use onefold_service::{ReplayBatch, ReplayCursor, ReplayFilter, ReplaySpan, Service, ServiceError};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::args::{Globals, ReplayArgs};
use crate::hub::HubReader;
use crate::out::OutputWriter;
use crate::past::read_span;
use crate::render;
use cursor::CursorFile;
use target::ReplayTarget;

/// How often what was written is made durable and the cursor kept.
const KEPT_EVERY: Duration = Duration::from_secs(1);
/// Events that are asked for at once.
const MOST: usize = 1_000;

#[derive(Debug, Default, Serialize)]
struct ReplayAnswer {
    events: u64,
    scanned: u64,
    seconds: f64,
    positions: Vec<u64>,
}

pub(crate) async fn run(args: ReplayArgs, globals: Globals) -> Result<ExitCode> {
    let reader = HubReader::open(&globals).await?;
    let service = &reader.service;
    let span = read_span(service, args.known, args.from.as_deref(), args.to.as_deref())?;
    if let Some(reference) = args.reference.as_deref().filter(|_| args.step) {
        let reference = service.read_reference(reference).await?;
        let steps = service.replay_steps(&reference, &span).await?;
        let mut out = OutputWriter::open();
        if globals.json {
            steps.steps.iter().try_for_each(|step| out.json_line(step))?;
        } else {
            out.write_line(render::render_steps(&steps))?;
        }
        out.finish()?;
        return Ok(ExitCode::SUCCESS);
    }
    let filter = read_filter(&args, service, ReplaySpan::from(&span)).await?;
    stream(args, &globals, service, filter).await
}

async fn read_filter(args: &ReplayArgs, service: &Service, span: ReplaySpan) -> Result<ReplayFilter, ServiceError> {
    let mut subjects = match &args.reference {
        Some(reference) => Some(service.replayed_subjects(&service.read_reference(reference).await?).await?),
        None => None,
    };
    if !args.filter.subject.is_empty() {
        let named: BTreeSet<String> = args.filter.subject.iter().cloned().collect();
        subjects = Some(subjects.map_or_else(|| named.clone(), |of| of.intersection(&named).cloned().collect()));
    }
    let filter = ReplayFilter {
        subjects,
        sources: args.filter.source.iter().cloned().collect(),
        types: args.filter.ty.iter().cloned().collect(),
        departments: args.filter.department.iter().cloned().collect(),
        span,
    };
    filter.check_names()?;
    Ok(filter)
}

/// The options that say what is replayed, and where and how it is written: one goes on from a cursor with the same alone.
fn query_of(args: &ReplayArgs) -> Result<Map<String, Value>> {
    let (filter, target) = (&args.filter, &args.target);
    // The same name means another file in another folder.
    let out = target.out.as_ref().map(std::path::absolute).transpose()?;
    let options = [
        ("reference", json!(args.reference)),
        ("from", json!(args.from)),
        ("to", json!(args.to)),
        ("known", json!(args.known)),
        ("subject", json!(filter.subject)),
        ("source", json!(filter.source)),
        ("type", json!(filter.ty)),
        ("department", json!(filter.department)),
        ("form", json!(target.form)),
        ("batch", json!(target.batch)),
        ("out", json!(out.map(|out| out.display().to_string()))),
    ];
    Ok(options.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

async fn stream(args: ReplayArgs, globals: &Globals, service: &Service, filter: ReplayFilter) -> Result<ExitCode> {
    let query = query_of(&args)?;
    let mut kept = args.target.cursor.map(|path| CursorFile::open(path, query)).transpose()?;
    let start = match &kept {
        Some(kept) => ReplayCursor { positions: kept.positions().to_vec() },
        None => cursor::read_places(&args.filter.start)?,
    };
    let (form, batch) = (args.target.form, usize::from(args.target.batch));
    let mut target =
        ReplayTarget::open(args.target.out.as_deref(), kept.as_ref().map(CursorFile::written), (form, batch))?;
    let mut reader = service.replay(filter, &start).await?;
    let (began, mut told) = (Instant::now(), ReplayAnswer { positions: start.positions, ..ReplayAnswer::default() });
    let mut pace = args.target.pace.map(|times| ReplayPace { times, first: None, began });
    let mut kept_at = Instant::now();
    // One after the other where they are paced: the cursor is never far behind what was told.
    let most = if pace.is_some() { 1 } else { MOST };
    while let Some(ReplayBatch { events, scanned, cursor }) = reader.next_batch(most).await? {
        told.scanned += scanned;
        for event in events {
            if let Some(pace) = &mut pace {
                target.flush()?;
                tokio::time::sleep(pace.delay(event.recorded_at)?).await;
            }
            told.events += 1;
            target.put(event.event)?;
        }
        told.positions = cursor.positions;
        if kept_at.elapsed() >= KEPT_EVERY || pace.is_some() {
            keep(&mut target, kept.as_mut(), &told.positions)?;
            kept_at = Instant::now();
        }
    }
    keep(&mut target, kept.as_mut(), &told.positions)?;
    told.seconds = began.elapsed().as_secs_f64();
    if args.target.out.is_some() {
        let mut out = OutputWriter::open();
        if globals.json {
            out.write_json(&told)?;
        } else {
            let ReplayAnswer { events, scanned, seconds, .. } = &told;
            out.write_line(format!("{events} events replayed of {scanned} that were looked at, in {seconds:.1} s"))?;
        }
        out.finish()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// First what was written, then how far it is: so a cursor is never ahead.
fn keep(target: &mut ReplayTarget, kept: Option<&mut CursorFile>, positions: &[u64]) -> Result<()> {
    match kept {
        Some(kept) => {
            let written = target.make_durable()?;
            kept.keep(positions, written)
        }
        None => target.flush(),
    }
}

/// Has events go out as the hub took them in, so many times as fast.
struct ReplayPace {
    times: f64,
    /// When the first of them was taken in.
    first: Option<i64>,
    began: Instant,
}

impl ReplayPace {
    /// How long an event still waits that the hub took in then.
    fn delay(&mut self, recorded_at: i64) -> Result<Duration> {
        let first = *self.first.get_or_insert(recorded_at);
        let passed = Duration::from_micros(u64::try_from(recorded_at.saturating_sub(first)).unwrap_or(0));
        let due = Duration::try_from_secs_f64(passed.as_secs_f64() / self.times).map_err(|_| {
            anyhow!(
                "--pace {:e}: the next event would be due later than time can tell; give a greater number",
                self.times
            )
        })?;
        Ok(due.saturating_sub(self.began.elapsed()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_wait_as_they_were_taken_in_and_a_pace_that_no_time_is_long_enough_for_is_refused() {
        let delay = |times: f64, micros: i64| {
            let mut pace = ReplayPace { times, first: None, began: Instant::now() };
            assert_eq!(pace.delay(7).unwrap(), Duration::ZERO, "{times}");
            pace.delay(7 + micros)
        };
        let second = delay(60.0, 60_000_000).unwrap();
        assert!(second <= Duration::from_secs(1) && second > Duration::from_millis(500), "{second:?}");
        assert_eq!(delay(f64::MAX, i64::MAX - 7).unwrap(), Duration::ZERO);
        for times in [1e-300, f64::MIN_POSITIVE, 5e-324] {
            let error = delay(times, 1_000).unwrap_err().to_string();
            assert!(error.contains("give a greater number"), "{error}");
        }
    }
}
