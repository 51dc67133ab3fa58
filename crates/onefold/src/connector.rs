//! Connector files from disk, or compiled in for the demo.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use onefold_connect::{Hook, HookSecrets, SecretError};
use onefold_event::Problem;
use onefold_mapping::{Connector, InputKind};

/// Files of `deploy/connectors` that the simulated company is read through.
const COMPILED_IN: [(&str, &str); 10] = [
    ("bank-payers", include_str!("../../../deploy/connectors/bank-payers.toml")),
    ("bank-payments", include_str!("../../../deploy/connectors/bank-payments.toml")),
    ("carrier-scans", include_str!("../../../deploy/connectors/carrier-scans.toml")),
    ("desk-events", include_str!("../../../deploy/connectors/desk-events.toml")),
    ("erp-credit-notes", include_str!("../../../deploy/connectors/erp-credit-notes.toml")),
    ("erp-customers", include_str!("../../../deploy/connectors/erp-customers.toml")),
    ("erp-goods", include_str!("../../../deploy/connectors/erp-goods.toml")),
    ("erp-invoices", include_str!("../../../deploy/connectors/erp-invoices.toml")),
    ("erp-orders", include_str!("../../../deploy/connectors/erp-orders.toml")),
    ("wms-movements", include_str!("../../../deploy/connectors/wms-movements.toml")),
];

/// Reads a connector file; its look-up files stand beside it. Within: all that is wrong with it.
pub(crate) fn read_connector(path: &Path) -> Result<Result<Connector, Vec<Problem>>> {
    Ok(parse_connector(path, &read_text(path)?))
}

/// The text of a connector file.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path)
        .map_err(|error| anyhow!("the connector file {} cannot be read: {error}", path.display()))
}

/// A connector file of this text, its look-up files beside it.
pub(crate) fn parse_connector(path: &Path, text: &str) -> Result<Connector, Vec<Problem>> {
    let beside = |file: &str| {
        let path = path.parent().unwrap_or(Path::new(".")).join(file);
        std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    Connector::parse(&file_name(path), text, &beside)
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// The same of one that can be used.
pub(crate) fn load_connector(path: &Path) -> Result<Connector> {
    read_connector(path)?.map_err(|problems| refusal_error(&file_name(path), &problems))
}

/// A connector file that passes its own tests.
pub(crate) fn load_tested(file: &Path) -> Result<Connector> {
    let connector = load_connector(file)?;
    check_passes(&connector, file)?;
    Ok(connector)
}

fn check_passes(connector: &Connector, file: &Path) -> Result<()> {
    for test in connector.run_tests() {
        if let Some(problem) = test.problems.first() {
            bail!("{} fails its own test \"{}\"; nothing was read\n{problem}", file.display(), test.name);
        }
    }
    Ok(())
}

/// The connector files that a process runs by itself, since they read topics, take webhooks into them, or watch files: files, and
/// those of that kind in directories. Each passes its own tests.
pub(crate) fn of_sources(places: &[PathBuf]) -> Result<Vec<SourceConnector>> {
    let mut all: Vec<SourceConnector> = Vec::new();
    for place in places {
        let listed = place.is_dir();
        for file in if listed { in_directory(place)? } else { vec![place.clone()] } {
            let connector = load_connector(&file)?;
            let topics = connector.intake_topics();
            if topics.is_empty() && !watches_files(&connector) {
                if listed {
                    continue;
                }
                bail!(
                    "{} names no topic, takes no webhook and names no files to be watched: [from] kind = \"kafka\", topics = \
                      [\"intake.finance\"]; or kind = \"http\"; or kind = \"file\", path = \"/drop/erp/*.csv\" with a path from the root, \
                      since a process that runs has no directory of its own",
                    file.display()
                );
            }
            check_passes(&connector, &file)?;
            let meets = |other: &&Connector| {
                let shared = other.intake_topics().iter().any(|topic| topics.contains(topic));
                other.name() == connector.name() || (shared && other.group_key() == connector.group_key())
            };
            if let Some(other) = all.iter().map(|other| &other.connector).find(meets) {
                bail!(
                    "{}: the connectors {} and {} would take each other's messages and files: give each its own name and group",
                    file.display(),
                    other.name(),
                    connector.name()
                );
            }
            all.push(SourceConnector { connector, file });
        }
    }
    Ok(all)
}

/// A connector that a process runs by itself, with its file.
pub(crate) struct SourceConnector {
    pub(crate) connector: Connector,
    pub(crate) file: PathBuf,
}

/// The secrets of a connector's hook, from the environment and files.
pub(crate) fn hook_secrets(connector: &Connector, file: &Path) -> Result<HookSecrets, SecretError> {
    HookSecrets::resolve(connector, file.parent().unwrap_or(Path::new(".")), &|name| std::env::var(name).ok())
}

/// The webhooks of these connector files, with their secrets.
pub(crate) fn of_hooks(places: &[PathBuf]) -> Result<Vec<Hook>> {
    let mut hooks = Vec::new();
    for SourceConnector { connector, file } in of_sources(places)? {
        let secrets = hook_secrets(&connector, &file)?;
        hooks.extend(Hook::of(&connector, secrets));
    }
    Ok(hooks)
}

/// The connector of a name among files and directories of them.
pub(crate) fn find_by_name(places: &[PathBuf], name: &str) -> Result<Connector> {
    for place in places {
        for file in if place.is_dir() { in_directory(place)? } else { vec![place.clone()] } {
            // A file beside it that cannot be read is not what is looked for.
            if let Ok(connector) = load_connector(&file)
                && connector.name() == name
            {
                return Ok(connector);
            }
        }
    }
    bail!("there is no connector {name}: name its file, or list that as connect.files in the configuration")
}

/// Whether a process that runs watches this connector's files: those of paths from the root.
pub(crate) fn watches_files(connector: &Connector) -> bool {
    let settings = connector.input_settings();
    let rooted = !settings.path.is_empty() && settings.path.iter().all(|path| Path::new(path).is_absolute());
    settings.is_kind(InputKind::File) && rooted
}

/// Connector files of a directory, by name.
pub(crate) fn in_directory(place: &Path) -> Result<Vec<PathBuf>> {
    let unread = |error: std::io::Error| anyhow!("the directory {} cannot be read: {error}", place.display());
    let mut files = Vec::new();
    for entry in place.read_dir().map_err(unread)? {
        let path = entry.map_err(unread)?.path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// One of those compiled in.
pub(crate) fn compiled_in(name: &str) -> Result<Connector> {
    let Some((_, text)) = COMPILED_IN.iter().find(|(known, _)| *known == name) else {
        bail!("no connector file called {name} is compiled in");
    };
    let file = format!("{name}.toml");
    Connector::parse(&file, text, &|_| Err("it is not compiled in".to_owned()))
        .map_err(|problems| refusal_error(&file, &problems))
}

fn refusal_error(name: &str, problems: &[Problem]) -> anyhow::Error {
    let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
    anyhow!("{name} is no mapping that can be used; nothing was read\n{}", all.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_connector_file_compiled_in_passes_its_own_tests() {
        for (name, _) in COMPILED_IN {
            let connector = compiled_in(name).unwrap();
            assert_eq!(connector.name(), name);
            for test in connector.run_tests() {
                assert!(test.problems.is_empty(), "{name}: {}: {:?}", test.name, test.problems);
            }
        }
    }
}
