//! Messages of a topic of intake, and the same bytes as a file: CSV, lines of JSON, JSON, each through several connectors, which the
//! first letter chooses. A file is read on a thread of its own, which takes far longer than reading it, so that only capital
//! letters ask for one.

use std::io::Write;
use std::sync::LazyLock;

use onefold_connect::{Input, again, rehearse};
use onefold_event::EventLimits;
use onefold_mapping::{Connector, MappingOutcome, RecordFormat};
use onefold_store::QuarantineEntry;
use serde_json::json;
use tempfile::NamedTempFile;
use tokio::runtime::{Builder, Runtime};

use super::records::{check_outcome, check_problems};
use super::{Fate, chosen};

type Connectors = LazyLock<Vec<Connector>>;

static TABLES: Connectors = LazyLock::new(|| {
    vec![
        connector(include_str!("../connectors/table.toml")),
        connector(include_str!("../../../deploy/connectors/carrier-scans.toml")),
        connector(include_str!("../../../deploy/connectors/bank-payments.toml")),
        connector(include_str!("../../../deploy/connectors/uci-online-retail.toml")),
        connector(include_str!("../connectors/marked.toml")),
    ]
});
static LINES: Connectors = LazyLock::new(|| {
    vec![
        connector(include_str!("../connectors/tree.toml")),
        connector(include_str!("../../../deploy/connectors/desk-events.toml")),
        connector(include_str!("../../../deploy/connectors/wms-movements.toml")),
    ]
});
static DOCUMENTS: Connectors = LazyLock::new(|| {
    let whole = |text: &str| connector(&text.replacen("\"ndjson\"", "\"json\"", 1));
    vec![
        whole(include_str!("../connectors/tree.toml")),
        whole(include_str!("../../../deploy/connectors/desk-events.toml")),
        whole(include_str!("../../../deploy/connectors/wms-movements.toml")),
    ]
});
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Builder::new_current_thread().build().expect("a runtime"));

/// A table.
pub(super) fn csv(bytes: &[u8]) -> Fate {
    through(&TABLES, bytes)
}

/// Lines of JSON.
pub(super) fn ndjson(bytes: &[u8]) -> Fate {
    through(&LINES, bytes)
}

/// One JSON document.
pub(super) fn json(bytes: &[u8]) -> Fate {
    through(&DOCUMENTS, bytes)
}

/// A connector file without its own tests, which every reading would begin with.
fn connector(text: &str) -> Connector {
    let text = text.split("\n[test.").next().unwrap_or_default();
    let load = |file: &str| Err(format!("{file}: there are no files here"));
    let all = |problems: Vec<onefold_event::Problem>| panic!("{}", problems[0]);
    Connector::parse("fuzz.toml", text, &load).unwrap_or_else(all)
}

fn through(connectors: &[Connector], bytes: &[u8]) -> Fate {
    let is_file = bytes.first().is_some_and(u8::is_ascii_uppercase);
    let Some((connector, bytes)) = chosen(connectors, bytes) else { return Fate::Refused };
    let message = as_message(connector, bytes);
    let fate = check_outcome(&message, bytes.len());
    if !is_file || connector.read_settings().format == RecordFormat::Json {
        return fate;
    }
    let sound = match &message {
        MappingOutcome::Mapped { events, .. } => Some(events.len() as u64),
        MappingOutcome::Skipped { .. } => Some(0),
        MappingOutcome::Quarantined(_) => None,
    };
    as_file(connector, bytes, sound)
}

/// The bytes as a message of a topic of intake.
fn as_message(connector: &Connector, bytes: &[u8]) -> MappingOutcome {
    let entry = QuarantineEntry {
        number: 1,
        key: String::new(),
        connector: connector.name().to_owned(),
        resource: "intake.fuzz/0/7".to_owned(),
        first_line: 0,
        last_line: 0,
        raw: bytes.to_vec(),
        length: bytes.len() as u64,
        sha256: String::new(),
        codes: String::new(),
        problems: json!([]),
        context: json!({ "mapping": "", "message": true }),
        first_seen: 0,
        last_seen: 0,
        tries: 1,
        decision: String::new(),
        why: String::new(),
    };
    again(&entry, Some(connector)).unwrap_or_else(|error| panic!("a message is read again: {error}"))
}

/// The bytes as a file. What is whole and sound as a message is so as a file too, and says as many events.
fn as_file(connector: &Connector, bytes: &[u8], sound: Option<u64>) -> Fate {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(bytes).expect("room for it");
    let inputs = [Input::File(file.path().to_owned())];
    let report = RUNTIME.block_on(rehearse(connector, &inputs, EventLimits::default(), &|_| {}));
    let report = report.unwrap_or_else(|error| panic!("nothing of a file stops its reading: {error}"));
    assert_eq!(report.records, report.mapped + report.skipped + report.quarantined, "{report:?}");
    for seen in report.problems.values().chain(report.warnings.values()) {
        check_problems(seen.examples.iter().map(|example| &example.problem), 'R');
    }
    assert!(report.quarantined == 0 || !report.problems.is_empty(), "{report:?}");
    if let Some(events) = sound {
        assert_eq!((report.events, report.quarantined), (events, 0), "{:?}", report.problems);
    }
    if report.mapped > 0 { Fate::Taken } else { Fate::Refused }
}
