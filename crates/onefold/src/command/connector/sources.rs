//! `onefold connector list`, `status`, `pause`, `resume`, `rewind`: the sources that a process takes in by itself.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Result, bail};
use onefold_connect::{SourceSummary, pause_source, resume_source, rewind_source, summarise_source};
use onefold_mapping::{Connector, InputKind};
use onefold_store::Store;
use serde::Serialize;

use crate::args::Globals;
use crate::connector;
use crate::engine::{HubAccess, HubEngine};
use crate::out::OutputWriter;
use crate::render::{counted, render_source, source_line};

/// One line of the list.
#[derive(Debug, Serialize)]
struct SourceListing {
    name: String,
    /// What it is: `files`, `topics`, `webhook`, or several of them.
    kinds: Vec<&'static str>,
    /// The configuration names it (`connect.files`).
    configured: bool,
    /// How its files stand; none of topics.
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<SourceSummary>,
    topics: Vec<String>,
}

/// The read model, beside whoever writes to it.
async fn open_store(globals: &Globals) -> Result<Arc<dyn Store>> {
    Ok(HubEngine::open(globals, HubAccess::Read).await?.store)
}

fn configured(globals: &Globals) -> Result<Vec<Connector>> {
    let sources = connector::of_sources(&globals.settings.connect.files)?;
    Ok(sources.into_iter().map(|source| source.connector).collect())
}

pub(super) async fn list_sources(globals: &Globals) -> Result<ExitCode> {
    let store = open_store(globals).await?;
    let mut listed = Vec::new();
    for connector in configured(globals)? {
        let settings = connector.input_settings();
        let watched = connector::watches_files(&connector);
        let mut kinds = Vec::new();
        kinds.extend(watched.then_some("files"));
        kinds.extend(settings.is_kind(InputKind::Kafka).then_some("topics"));
        kinds.extend(settings.is_kind(InputKind::Http).then_some("webhook"));
        let files = match watched {
            true => Some(summarise_source(store.as_ref(), connector.name()).await?),
            false => None,
        };
        let topics = connector.intake_topics();
        listed.push(SourceListing { name: connector.name().to_owned(), kinds, configured: true, files, topics });
    }
    // What ran once and is configured no longer keeps its cursors, should it come back.
    for name in store.source_names().await? {
        if !listed.iter().any(|source| source.name == name) {
            let files = Some(summarise_source(store.as_ref(), &name).await?);
            listed.push(SourceListing { name, kinds: vec!["files"], configured: false, files, topics: Vec::new() });
        }
    }
    let mut out = OutputWriter::open();
    if listed.is_empty() && !globals.json {
        out.write_line(
            "no sources: name connector files as connect.files in the configuration, or in ONEFOLD_CONNECT_FILES",
        )?;
    }
    for source in &mut listed {
        if globals.json {
            source.files.iter_mut().for_each(|files| files.files.clear());
            out.json_line(source)?;
            continue;
        }
        if let Some(files) = &source.files {
            out.write_line(source_line(files, source.configured))?;
        }
        if !source.topics.is_empty() {
            out.write_line(format!("{}  topics {}", source.name, source.topics.join(", ")))?;
        }
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn show_source(name: &str, limit: usize, globals: &Globals) -> Result<ExitCode> {
    let store = open_known(name, globals).await?;
    let mut summary = summarise_source(store.as_ref(), name).await?;
    let mut out = OutputWriter::open();
    if globals.json {
        out.write_json(&summary)?;
    } else {
        let most = if limit == 0 { usize::MAX } else { limit };
        // What needs somebody first, then what is still to come.
        summary.files.sort_by_key(|file| (file.problem.is_none(), file.behind == 0));
        out.write_line(render_source(&summary, most))?;
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}

/// The store, where there is such a source.
async fn open_known(name: &str, globals: &Globals) -> Result<Arc<dyn Store>> {
    let store = open_store(globals).await?;
    let mut known = store.source_names().await?;
    for connector in configured(globals)? {
        if connector.name() == name && !connector::watches_files(&connector) {
            bail!(
                "{name} watches no files, and the position of its topics is that of their group: stop its processes to pause it"
            );
        }
        known.extend(connector::watches_files(&connector).then(|| connector.name().to_owned()));
    }
    if known.iter().any(|source| source == name) {
        return Ok(store);
    }
    known.sort_unstable();
    known.dedup();
    let told = match known.as_slice() {
        [] => "none is configured (connect.files), and none has run".to_owned(),
        known => format!("known are {}", known.join(", ")),
    };
    bail!("there is no source {name} that watches files: {told}")
}

#[derive(Debug, Serialize)]
struct PauseAnswer<'a> {
    name: &'a str,
    paused: bool,
    /// False: it was so already.
    changed: bool,
}

pub(super) async fn pause(name: &str, globals: &Globals) -> Result<ExitCode> {
    let store = open_known(name, globals).await?;
    let changed = pause_source(store.as_ref(), name).await?;
    let text = match changed {
        true => format!(
            "{name} is paused: the batch at hand goes in, and nothing more is read until `onefold connector resume {name}`"
        ),
        false => format!("{name} was paused already"),
    };
    answer(&PauseAnswer { name, paused: true, changed }, text, globals)
}

pub(super) async fn resume(name: &str, globals: &Globals) -> Result<ExitCode> {
    let store = open_known(name, globals).await?;
    let changed = resume_source(store.as_ref(), name).await?;
    let text = match changed {
        true => format!("{name} goes on where it was"),
        false => format!("{name} was not paused"),
    };
    answer(&PauseAnswer { name, paused: false, changed }, text, globals)
}

pub(super) async fn rewind(name: &str, files: &[String], globals: &Globals) -> Result<ExitCode> {
    let store = open_known(name, globals).await?;
    let rewound = rewind_source(store.as_ref(), name, files).await?;
    let mut text =
        format!("{} of {name} read again from the beginning", counted(rewound.files, "file is", "files are"));
    if rewound.past_files > 0 {
        text.push_str(&format!(
            "; {} gone (archived, deleted or taken away), and read again if put back",
            counted(rewound.past_files, "file more is", "files more are")
        ));
    }
    answer(&rewound, text, globals)
}

fn answer(value: &impl Serialize, text: String, globals: &Globals) -> Result<ExitCode> {
    let mut out = OutputWriter::open();
    match globals.json {
        true => out.write_json(value)?,
        false => out.write_line(text)?,
    }
    out.finish()?;
    Ok(ExitCode::SUCCESS)
}
