//! Every option's example is read by the parser, and the words that are declared are those that it knows.

use std::collections::BTreeSet;

use onefold_event::Problem;

use crate::Connector;
use crate::compile::cells::validate::{OF_READING, OF_TEXTS};
use crate::language::options::{
    ALTERNATIVE, ARCHIVE, ASSUME, CELL, COMMON, CONNECTOR, CONTENT, DONE, ENUM, EVENT, FILE, FORM, FROM, HTTP,
    IDENTIFIER, KAFKA, LIMITS, LIST, LOOKUP, MARKS, NAMED, OptionDef, OptionTable, OptionValue, PART, READ, SECRET,
    SEVERAL, STOP, SUBJECT, TEST, VERIFY,
};
use crate::manual::reference::TABLES;
use crate::program::cell::PICKS;
use crate::values::fold::FOLDS;
use crate::values::instant::DST;
use crate::values::number::{EXAMPLES, NEGATIVES};
use crate::values::value::ValueType;

/// Sections of a connector, each by its name, with what its lines are where no example says otherwise.
const SECTIONS: [(&str, &str); 8] = [
    ("connector", "name = \"t\"\nsource = \"erp\"\n"),
    ("from", "kind = \"file\"\n"),
    ("read", "format = \"csv\"\n"),
    (
        "assume",
        "zone = \"UTC\"\ndate = \"yyyy-MM-dd\"\ntime = \"yyyy-MM-dd HH:mm\"\ncurrency = \"EUR\"\nregion = \"DE\"\n",
    ),
    ("enum.kind", "else = \"reject\"\nvalues = { W = \"web\", D = \"draft\" }\n"),
    ("lookup.unit", "file = \"units.csv\"\nkey = \"erp\"\n"),
    (
        "let",
        "kind = { from = \"Kind\", enum = \"kind\", default = \"web\" }\nn = { from = \"Qty\", as = \"integer\" }\nplaced = { from = \"At\", as = \"time\" }\n",
    ),
    (
        "event.invoice",
        "subject = \"No\"\ntype = \"finance.invoice_issued.v1\"\nid = [\"No\"]\noccurred_at = \"At\"\nset.issued_on = \"Day\"\nset.total = \"Amount\"\n",
    ),
];

fn load(file: &str) -> Result<String, String> {
    match file {
        "units.csv" => Ok("erp,unece\nStk,C62\n".to_owned()),
        "sample.csv" => Ok("No,At,Day,Amount\nA,2026-03-09 10:00,2026-03-09,1\n".to_owned()),
        other => Err(format!("no file {other}")),
    }
}

/// A connector in which these lines stand in a section, in the place of those with their keys, and more sections behind.
fn connector(section: &str, lines: &str, more: &str) -> String {
    let key_of = |line: &'_ str| line.split([' ', '=', '.']).next().unwrap_or_default().to_owned();
    let keys: BTreeSet<String> = lines.lines().map(key_of).collect();
    let mut text = String::new();
    for (name, own) in SECTIONS {
        text.push_str(&format!("[{name}]\n"));
        if name == section {
            text.push_str(lines);
            text.push('\n');
        }
        let stays = |line: &&str| name != section || !keys.contains(&key_of(line));
        own.lines().filter(stays).for_each(|line| text.push_str(&format!("{line}\n")));
    }
    text + more
}

fn read(text: &str) -> Vec<Problem> {
    match Connector::parse("t.toml", text, &load) {
        Ok(connector) => connector.run_tests().into_iter().flat_map(|test| test.problems).collect(),
        Err(problems) => problems,
    }
}

/// Where an example of a table stands.
fn placed(table: &'static OptionTable, option: &OptionDef) -> String {
    let example = option.example;
    let is = |one: &'static OptionTable| std::ptr::eq(table, one);
    let cell = |example: &str| connector("let", &format!("x = {example}"), "");
    if is(&CONNECTOR) {
        connector("connector", example, "")
    } else if option.key == "headers" {
        // They stand among the members of a body, which no table has.
        connector("from", example, "").replace("format = \"csv\"", "format = \"json\"")
    } else if [&FROM, &FILE, &HTTP, &KAFKA].into_iter().any(is) {
        connector("from", example, "")
    } else if is(&DONE) || is(&ARCHIVE) {
        connector("from", &format!("kind = \"file\"\npath = \"/drop/*.csv\"\n{example}"), "")
    } else if is(&VERIFY) || is(&SECRET) {
        connector("from", &format!("kind = \"http\"\n{example}"), "")
    } else if is(&FORM) {
        connector("from", &format!("kind = \"http\"\nverify = \"none\"\n{example}"), "")
    } else if is(&READ) {
        connector("read", example, "")
    } else if is(&LIMITS) || is(&STOP) {
        connector("read", &format!("format = \"csv\"\ngroup_by = [\"No\"]\n{example}"), "")
    } else if is(&ASSUME) || is(&MARKS) {
        connector("assume", example, "")
    } else if is(&ENUM) {
        // A table of its own: the words of the others are used elsewhere.
        connector("", "", &format!("[enum.other]\n{example}\n"))
    } else if is(&LOOKUP) {
        connector("lookup.unit", example, "")
    } else if is(&CELL) || is(&SEVERAL) || is(&NAMED) || is(&PART) || is(&ALTERNATIVE) {
        cell(example)
    } else if is(&LIST) {
        let item = "product = { value = \"p\" }\nquantity = { use = \"n\" }";
        connector("", "", &format!("[event.invoice.set.lines]\n{example}\n{item}\n"))
    } else if is(&IDENTIFIER) {
        let key = if option.key == "issuer" { "number" } else { "phone" };
        connector("event.invoice", &format!("refs = {{ {key} = {example} }}"), "")
    } else if is(&SUBJECT) {
        connector("event.invoice", &format!("subject = {example}"), "")
    } else if is(&TEST) {
        let skip = "[skip]\ndraft = \"kind == 'draft'\"\n";
        connector("", "", &format!("{skip}[test.t]\n{example}\n"))
    } else if [&COMMON, &EVENT, &CONTENT].into_iter().any(is) {
        connector("event.invoice", &example.replace("\"Day\", at", "\"Day\", date = \"yyyy-MM-dd\", at"), "")
    } else {
        panic!("{} has no place", table.place)
    }
}

#[test]
fn every_example_of_the_reference_is_read_without_a_problem() {
    let mut wrong = String::new();
    for table in TABLES {
        for option in table.options {
            let mut words = option.example.split(|c: char| !(c.is_alphanumeric() || c == '_'));
            assert!(words.any(|word| word == option.key), "{} {}: {}", table.place, option.key, option.example);
            let text = placed(table, option);
            for problem in read(&text) {
                wrong.push_str(&format!("{} {}\n{problem}\n", table.place, option.key));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn options_that_are_judged_by_kind_are_options_of_cells() {
    let keys: BTreeSet<&str> = CELL.keys().into_iter().chain(SEVERAL.keys()).collect();
    let judged = OF_TEXTS.iter().chain(&OF_READING);
    let unknown: Vec<&&str> = judged.filter(|key| !keys.contains(*key)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn every_option_is_declared_once_and_says_what_it_means() {
    for table in TABLES {
        let keys: BTreeSet<&str> = table.options.iter().map(|option| option.key).collect();
        assert_eq!(keys.len(), table.options.len(), "{}", table.place);
        assert!(table.options.iter().all(|option| option.meaning.ends_with('.')), "{}", table.place);
    }
}

fn declared(table: &OptionTable, key: &str) -> BTreeSet<&'static str> {
    match table.options.iter().find(|option| option.key == key).map(|option| option.takes) {
        Some(OptionValue::Words(words)) => words.iter().copied().collect(),
        other => panic!("{key}: {other:?}"),
    }
}

#[test]
fn declared_words_are_those_that_the_parser_knows() {
    let known = |words: &[&'static str]| words.iter().copied().collect::<BTreeSet<_>>();
    assert_eq!(declared(&CELL, "pick"), known(&PICKS.map(|(word, _)| word)));
    assert_eq!(declared(&NAMED, "as"), known(&ValueType::WORDS.map(|(word, _)| word)));
    for (table, fold) in [(&CELL, "fold"), (&ENUM, "fold"), (&LOOKUP, "fold")] {
        assert_eq!(declared(table, fold), known(&FOLDS.map(|(word, _)| word)));
    }
    for table in [&ASSUME, &CELL] {
        assert_eq!(declared(table, "dst"), known(&DST.map(|(word, _)| word)));
        assert_eq!(declared(table, "number"), known(&EXAMPLES));
        assert_eq!(declared(table, "negative"), known(&NEGATIVES.map(|(word, _)| word)));
    }
    // What is declared and not known by the parser, or the other way, shows in its messages.
    for (section, key) in [("read", "format"), ("read", "columns"), ("read", "ragged")] {
        let problems = read(&connector(section, &format!("{key} = \"no such word\""), ""));
        let expected = problems.iter().find(|p| p.code == "M0104").map(|p| p.expected.clone()).unwrap_or_default();
        let words: BTreeSet<&str> = expected.trim_start_matches("one of ").split(", ").collect();
        assert_eq!(declared(&READ, key), words);
    }
}
