//! The schema and the reference that are made of the parser's own list of options: what the parser takes the schema takes, what the
//! schema refuses the parser refuses, and the committed reference is what the program prints.

mod support;

use std::path::{Path, PathBuf};

use jsonschema::Validator;
use onefold_mapping::{Connector, connector_reference, connector_schema};
use support::{ORDERS, orders, parse, with};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn validator() -> Validator {
    jsonschema::draft202012::new(&connector_schema()).unwrap()
}

/// What the schema says against a connector file.
fn refusals(validator: &Validator, text: &str) -> Vec<String> {
    let value: toml::Table = text.parse().unwrap();
    let value = serde_json::to_value(value).unwrap();
    validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn the_schema_takes_every_connector_file_that_is_shipped_or_tested_with() {
    let validator = validator();
    let mut count = 0;
    for folder in ["deploy/connectors", "tests/fuzz/connectors"] {
        for entry in root().join(folder).read_dir().unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|ending| ending != "toml") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let load = |file: &str| std::fs::read_to_string(path.with_file_name(file)).map_err(|e| e.to_string());
            assert!(Connector::parse("t.toml", &text, &load).is_ok(), "{}", path.display());
            assert_eq!(refusals(&validator, &text), Vec::<String>::new(), "{}", path.display());
            count += 1;
        }
    }
    assert!(count >= 16, "{count}");
    assert_eq!(refusals(&validator, ORDERS), Vec::<String>::new());
    let attributes = [
        "[common.set.attributes]\nplan = \"Plan\"\nvia = { value = \"web\" }\n",
        "[event.order.set.attributes]\neach = \"#rows\"\nname = \"Key\"\ntext = \"Value\"\n",
    ];
    for more in attributes {
        let text = with(more);
        assert!(parse(&text).is_ok(), "{text}");
        assert_eq!(refusals(&validator, &text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn what_the_parser_refuses_for_its_option_the_schema_refuses_too() {
    let validator = validator();
    let section = |name: &str, line: &str| orders(&format!("[{name}]\n"), &format!("[{name}]\n{line}\n"));
    let cell = |option: &str| orders("total = \"Total\"", &format!("total = {{ from = \"Total\", {option} }}"));
    let wrong = [
        with("[nothing]\nx = 1\n"),
        section("connector", "nme = \"x\""),
        section("from", "topics = [\"intake.x\"]"),
        section("read", "delimeter = \";\""),
        section("read", "limits = { bytes = 1 }"),
        section("assume", "zon = \"UTC\""),
        with("[enum.k]\nelse = \"reject\"\nfolds = \"case\"\n[enum.k.values]\n"),
        with("[lookup.u]\nfile = \"units.csv\"\nkey = \"erp\"\ntake = \"x\"\n"),
        with("[let]\nx = { from = \"X\", typ = \"date\" }\n"),
        section("event.order", "whenn = \"true\""),
        section("event.order", "revision = { by = \"content\", ordr = \"At\" }"),
        cell("pik = \"sum\""),
        cell("pick = \"most\""),
        cell("part = { by = \",\", m = 1 }"),
        orders("total = \"Total\"", "total = \"Total\"\ntotals = \"Total\""),
        with("[event.order.refs]\nbyer = \"Customer\"\n"),
        with("[event.order.refs]\nphone = { from = \"Phone\", isuer = \"DE\" }\n"),
        orders("type = \"sales.order_placed.v1\"", "type = \"sales.order_plcaed.v1\""),
        with("[test.t]\ninput = \"\"\nemit = [\"order\"]\n"),
    ];
    for text in wrong {
        assert!(parse(&text).is_err(), "{text}");
        assert!(!refusals(&validator, &text).is_empty(), "{text}");
    }
}

#[test]
fn the_committed_reference_is_what_the_program_prints() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("REFERENCE.md");
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == connector_reference(),
        "{} is stale: `onefold connector reference > crates/mapping/REFERENCE.md` writes it anew",
        path.display()
    );
}
